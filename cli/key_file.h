/* Key files: one value in hexadecimal and a newline; a private one only its owner may read. */
#ifndef SM_CLI_KEY_FILE_H
#define SM_CLI_KEY_FILE_H

#include "base/error.h"
#include "base/span.h"

#include <sys/types.h>

/* Writes the file whole or not at all, and durable. SM_IO with errno set. */
SM_MUST_USE enum sm_error key_file_write(const char *path, mode_t mode, struct span bytes);

/* Exactly `size` bytes. SM_IO with errno set when it cannot be read, SM_BAD_FORMAT when it holds
 * something else. */
SM_MUST_USE enum sm_error key_file_read(const char *path, uint8_t *out, size_t size);

#endif
