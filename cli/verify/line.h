/*
 * Lines of a file that nobody vouches for, in memory of a fixed size: a line that is longer than
 * any of a log, or that has no end, is an answer of its own and is not read on.
 */
#ifndef SM_VERIFY_LINE_H
#define SM_VERIFY_LINE_H

#include "cli/verify/slice.h"

#include <stdio.h>

/* An entry has at most 4,096 bytes; with the values that it discloses a line stays below this. */
enum { LINE_BYTES_MAX = 64 * 1024 };

enum line_outcome { LINE_READ, LINE_END, LINE_TOO_LONG, LINE_CUT, LINE_UNREADABLE };

/* The next line into `room`; *out is the line without its newline and lives as long as `room`. */
enum line_outcome line_read(FILE *file, char room[static LINE_BYTES_MAX], struct slice *out);

#endif
