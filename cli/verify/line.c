/* A block of the file at a time: what stands of a line at its end moves to the front. */
#include "cli/verify/line.h"

#include <string.h>

/* More of the file behind what is there; false at its end, or where it cannot be read. */
static bool fill(struct line_source *source)
{
    size_t left = source->end - source->at;
    if (source->at > 0 && left > 0)
        memmove(source->room, source->room + source->at, left);
    source->at = 0;
    size_t got = fread(source->room + left, 1, sizeof source->room - left, source->file);
    source->end = left + got;
    return got > 0;
}

static enum line_outcome outcome_at_end(const struct line_source *source)
{
    if (ferror(source->file))
        return LINE_UNREADABLE;
    return source->end > source->at ? LINE_CUT : LINE_END;
}

enum line_outcome line_read(struct line_source *source, struct slice *out)
{
    const char *newline = NULL;
    for (size_t looked = 0; !newline; looked = source->end - source->at) {
        if (looked > LINE_BYTES_MAX)
            return LINE_TOO_LONG;
        if (source->at + looked == source->end && !fill(source))
            return outcome_at_end(source);
        const char *rest = source->room + source->at + looked;
        newline = memchr(rest, '\n', source->end - source->at - looked);
    }
    const char *start = source->room + source->at;
    *out = (struct slice){start, (size_t)(newline - start)};
    source->at += out->size + 1;
    return out->size > LINE_BYTES_MAX ? LINE_TOO_LONG : LINE_READ;
}
