/* The declaration after NTA 7516 as a server signs it: one line of JSON. Whose it is, the key tells
 * that is known from elsewhere. */
#ifndef SM_VERIFY_DECLARED_H
#define SM_VERIFY_DECLARED_H

#include "cli/verify/log.h"

/*
 * As log_verify; of the options only the key counts. out->is_anchored: by the key that was given.
 * out->entries: how many criteria it has. out->root: the key that signed, 64 digits.
 */
void declared_verify(FILE *file, struct log_options *options, struct log_verdict *out);

#endif
