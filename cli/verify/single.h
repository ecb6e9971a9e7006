/* The proof of one entry, or that a newer checkpoint continues an older one, verified by itself: no
 * log is needed, only the log's checkpoint or key from elsewhere to know whose word it is. */
#ifndef SM_VERIFY_SINGLE_H
#define SM_VERIFY_SINGLE_H

#include "cli/verify/log.h"

/* As log_verify; of a newer checkpoint, out->entries is its size; out->line is 1 for every fault of
 * the file's content. */
void single_verify(FILE *file, struct log_options *options, struct log_verdict *out);

#endif
