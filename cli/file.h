/* File descriptors: closing at scope's end, and writing all. */
#ifndef SM_CLI_FILE_H
#define SM_CLI_FILE_H

#include "base/error.h"
#include "base/span.h"

/* For DEFER; standard input, output and error stay open. Leaves -1. */
void file_close(int *file);

/* All of it. SM_DISK_FULL, or SM_IO with errno set. */
SM_MUST_USE enum sm_error file_write(int file, struct span bytes);

#endif
