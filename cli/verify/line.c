/* A line at a time, a byte at a time: the buffer of stdio below makes that cheap. */
#include "cli/verify/line.h"

enum line_outcome line_read(FILE *file, char room[static LINE_BYTES_MAX], struct slice *out)
{
    size_t size = 0;
    for (int letter; (letter = getc_unlocked(file)) != EOF;) {
        if (letter == '\n') {
            *out = (struct slice){room, size};
            return LINE_READ;
        }
        if (size == LINE_BYTES_MAX)
            return LINE_TOO_LONG;
        room[size++] = (char)letter;
    }
    if (ferror(file))
        return LINE_UNREADABLE;
    return size ? LINE_CUT : LINE_END;
}
