/*
 * Quoted-printable (RFC 2045 section 6.7) is taken back where the file says that it is in it; line
 * ends become newlines; then a note is what begins with its origin's line and goes on to the last
 * line of signatures (C2SP tlog-checkpoint, signed-note; ours has no lines of extension).
 */
#include "cli/verify/mailed.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ORIGIN_BEGIN "securemail/"
#define SIGNATURE_BEGIN "\xe2\x80\x94 "

/* --- the text of a mail --- */

static int digit_of(char letter)
{
    static const char digits[] = "0123456789ABCDEF";
    const char *at = letter ? strchr(digits, letter) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* One "=" and what belongs to it; returns how many letters it took. */
static size_t take_quoted(const char *at, char **out)
{
    size_t end = at[1] == '\r' && at[2] == '\n' ? 3 : at[1] == '\n' ? 2 : 0;
    if (end)
        return end; /* a soft line break */
    int high = digit_of(at[1]);
    int low = high < 0 ? -1 : digit_of(at[2]);
    if (low < 0) {
        *(*out)++ = '=';
        return 1;
    }
    *(*out)++ = (char)(high << 4 | low);
    return 3;
}

static void unquote(char *text)
{
    char *out = text;
    for (const char *at = text; *at;) {
        if (*at == '=')
            at += take_quoted(at, &out);
        else
            *out++ = *at++;
    }
    *out = '\0';
}

static bool is_quoted(const char *text)
{
    static const char name[] = "\ncontent-transfer-encoding: quoted-printable";
    for (const char *at = strchr(text, '\n'); at; at = strchr(at + 1, '\n'))
        if (strncasecmp(at, name, sizeof name - 1) == 0)
            return true;
    return false;
}

static void drop_returns(char *text)
{
    char *out = text;
    for (const char *at = text; *at; at++)
        if (*at != '\r')
            *out++ = *at;
    *out = '\0';
}

/* --- the note in it --- */

static const char *next_line(const char *at)
{
    const char *end = strchr(at, '\n');
    return end ? end + 1 : NULL;
}

/* The line after one that is made of `letters` alone, at least one of them; or NULL. */
static const char *after_line_of(const char *letters, const char *at)
{
    size_t size = at ? strspn(at, letters) : 0;
    return size && at[size] == '\n' ? at + size + 1 : NULL;
}

/*
 * Where the note that begins here ends, or NULL: origin, size and root, an empty line, signatures.
 * None of these lines can be a header, so that a note by itself is never read as a mail.
 */
static const char *end_of_note(const char *at)
{
    at = after_line_of("0123456789", next_line(at));
    at = after_line_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=", at);
    if (!at || *at != '\n')
        return NULL;
    const char *end = NULL;
    for (at++; at && strncmp(at, SIGNATURE_BEGIN, sizeof SIGNATURE_BEGIN - 1) == 0;) {
        at = next_line(at);
        end = at ? at : end;
    }
    return end;
}

static bool find_note(const char *text, char out[static PROOF_NOTE_MAX])
{
    for (const char *at = text; at; at = next_line(at)) {
        bool begins = strncmp(at, ORIGIN_BEGIN, sizeof ORIGIN_BEGIN - 1) == 0;
        const char *end = begins ? end_of_note(at) : NULL;
        size_t size = end ? (size_t)(end - at) : 0;
        if (size == 0 || size >= PROOF_NOTE_MAX)
            continue;
        memcpy(out, at, size);
        out[size] = '\0';
        return true;
    }
    return false;
}

enum mailed mailed_read(FILE *file, char out[static PROOF_NOTE_MAX])
{
    char *text = malloc(MAILED_BYTES_MAX + 2);
    if (!text)
        return MAILED_UNREADABLE;
    size_t size = fread(text, 1, MAILED_BYTES_MAX, file);
    bool is_read = !ferror(file) && feof(file);
    text[size] = '\n'; /* a text that was pasted may lack its last one */
    text[size + 1] = '\0';
    if (is_quoted(text))
        unquote(text);
    drop_returns(text);
    enum mailed found = !is_read               ? MAILED_UNREADABLE
                        : find_note(text, out) ? MAILED_FOUND
                                               : MAILED_NONE;
    free(text);
    return found;
}
