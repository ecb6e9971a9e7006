/* Strict: one spelling a line. */
#include "cli/backup_journal.h"

#include "base/encode.h"
#include "base/id.h"
#include "envelope/kdf.h"

#include <errno.h>
#include <string.h>

enum { LINE_BYTES_MAX = 128, CHECK_DIGITS = 8, TIME_DIGITS_MAX = 15 };

static const char *const kinds[] = {
    "deleted", "revoked", "link-revoked", "value-0", "value-1", "value-2", "value-3"};

/* Takes what stands before the next blank off `rest`. */
static bool take_word(struct span *rest, struct span *out)
{
    const uint8_t *blank = rest->size ? memchr(rest->at, ' ', rest->size) : NULL;
    if (!blank)
        return false;
    *out = span_of(rest->at, (size_t)(blank - rest->at));
    *rest = span_slice(*rest, out->size + 1, rest->size);
    return true;
}

static bool is_time(struct span word)
{
    for (size_t i = 0; i < word.size; i++)
        if (word.at[i] < '0' || word.at[i] > '9')
            return false;
    return word.size > 0 && word.size <= TIME_DIGITS_MAX;
}

static bool is_kind(struct span word)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (span_equals_text(word, kinds[i]))
            return true;
    return false;
}

static bool has_check(struct span covered, struct span check)
{
    uint8_t digest[KDF_SHA256_BYTES];
    char digits[CHECK_DIGITS + 1];
    if (kdf_sha256(covered, digest) != SM_OK)
        return false;
    hex_encode(span_of(digest, CHECK_DIGITS / 2), digits);
    return span_equals_text(check, digits);
}

struct erasure_line {
    struct span at, kind;
    struct id thing;
};

static bool read_line(struct span line, struct erasure_line *out)
{
    struct span rest = line;
    struct span thing;
    return take_word(&rest, &out->at) && take_word(&rest, &out->kind) && take_word(&rest, &thing) &&
           is_time(out->at) && is_kind(out->kind) && id_parse(thing, &out->thing) == SM_OK &&
           has_check(span_of(line.at, line.size - rest.size - 1), rest);
}

/* A line without its newline; one that is too long or has no end is "?". False at the file's end.
 */
static bool next_line(FILE *in, char room[static LINE_BYTES_MAX], struct span *out)
{
    *out = span_of(room, 0);
    if (!fgets(room, LINE_BYTES_MAX, in))
        return false;
    size_t size = strlen(room);
    if (size && room[size - 1] == '\n') {
        *out = span_of(room, size - 1);
        return true;
    }
    *out = span_text("?");
    for (int letter = 0; letter != '\n' && letter != EOF;)
        letter = fgetc(in);
    return true;
}

enum sm_error backup_journal(FILE *in, FILE *out, struct journal_counts *counts)
{
    char room[LINE_BYTES_MAX];
    struct span line;
    *counts = (struct journal_counts){0};
    for (uint64_t number = 1; next_line(in, room, &line); number++) {
        struct erasure_line erasure;
        if (line.size == 0)
            continue;
        if (read_line(line, &erasure)) {
            counts->lines++;
            if (fprintf(out, "%.*s\t%.*s\t\\\\x%s\n", SPAN_PRINT(erasure.at),
                    SPAN_PRINT(erasure.kind), id_text(erasure.thing).text) < 0)
                return SM_IO;
            continue;
        }
        counts->bad++;
        if (!counts->first_bad)
            counts->first_bad = number;
    }
    return ferror(in) || fflush(out) != 0 ? SM_IO : SM_OK;
}
