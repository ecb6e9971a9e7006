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

/* Begin with `file` alone; it is read ahead of its lines. */
struct line_source {
    FILE *file; /* borrowed */
    size_t at, end;
    char room[2 * LINE_BYTES_MAX];
};

/* The next line; *out is it without its newline, and lives until another one is read: that there is
 * none (LINE_END) leaves it as it is. */
enum line_outcome line_read(struct line_source *source, struct slice *out);

#endif
