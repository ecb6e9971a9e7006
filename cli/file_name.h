/*
 * File names that somebody else chose, made harmless. What comes out is one UTF-8 name that every
 * system takes for an ordinary file: no separator, no character that cannot be shown or that some
 * system forbids, no "." "-" or "~" in front (a hidden file, an option, a home), no space or dot at
 * the end, not a device ("NUL.pdf"), and short enough for a number behind its stem.
 */
#ifndef SM_CLI_FILE_NAME_H
#define SM_CLI_FILE_NAME_H

#include "base/span.h"

enum { FILE_NAME_BYTES = 255, FILE_NAME_SAFE_BYTES_MAX = 240 };

/* The harmless form; a name that is harmless comes out as it is, an empty one as "_". */
void file_name_safe(struct span name, char out[static FILE_NAME_SAFE_BYTES_MAX + 1]);

/* "scan.pdf" as "scan (2).pdf"; number 1 is the name itself. `safe` comes from file_name_safe. */
void file_name_numbered(const char *safe, unsigned number, char out[static FILE_NAME_BYTES + 1]);

#endif
