/*
 * Encoding for mail. Only letters, digits, spaces and hyphens go into a header as they are; all
 * else makes the whole value encoded words, so there is no quoting to get wrong.
 */
#include "services/notifier/mime.h"

#include "base/text.h"

#include <string.h>

#include "base/banned.h"

enum {
    PLAIN_BYTES_MAX = 60, /* of a header value that is not encoded: fits the line */
    WORD_BYTES_MAX = 48,  /* of the encoded text in one word: with any header name below 76 */
    LINE_BYTES_MAX = 76,  /* quoted-printable, the soft break's "=" included */
};

static bool is_letter_or_digit(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9');
}

static bool is_plain(struct span value)
{
    if (value.size > PLAIN_BYTES_MAX)
        return false;
    for (size_t i = 0; i < value.size; i++)
        if (!is_letter_or_digit(value.at[i]) && value.at[i] != ' ' && value.at[i] != '-')
            return false;
    return true;
}

static enum sm_error append_hex(struct buffer *out, uint8_t byte)
{
    return buffer_format(out, "=%02X", (unsigned)byte);
}

/* --- encoded words --- */

static bool is_continuation(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

/* Bytes of the code point at the start of `text` (UTF-8 was checked). */
static size_t code_point_size(struct span text)
{
    size_t size = 1;
    while (size < text.size && is_continuation(text.at[size]))
        size++;
    return size;
}

static bool is_word_safe(uint8_t byte)
{
    return is_letter_or_digit(byte) || byte == ' ' || byte == '-';
}

static size_t encoded_size(struct span code_point)
{
    return is_word_safe(code_point.at[0]) ? 1 : 3 * code_point.size;
}

static enum sm_error append_code_point(struct buffer *out, struct span code_point)
{
    if (is_word_safe(code_point.at[0]))
        return buffer_append_u8(out, code_point.at[0] == ' ' ? '_' : code_point.at[0]);
    for (size_t i = 0; i < code_point.size; i++)
        TRY(append_hex(out, code_point.at[i]));
    return SM_OK;
}

/* A word never splits a code point (RFC 2047 section 5); words are parted by a folded line. */
static enum sm_error append_words(struct buffer *out, struct span value)
{
    size_t used = 0;
    TRY(buffer_append_text(out, "=?utf-8?Q?"));
    for (size_t at = 0; at < value.size;) {
        struct span rest = span_slice(value, at, value.size);
        struct span code_point = span_slice(rest, 0, code_point_size(rest));
        if (used + encoded_size(code_point) > WORD_BYTES_MAX) {
            TRY(buffer_append_text(out, "?=\r\n =?utf-8?Q?"));
            used = 0;
        }
        TRY(append_code_point(out, code_point));
        used += encoded_size(code_point);
        at += code_point.size;
    }
    return buffer_append_text(out, "?=");
}

static enum sm_error append_value(struct buffer *out, struct span value)
{
    return is_plain(value) ? buffer_append(out, value) : append_words(out, value);
}

enum sm_error mime_text_header(struct buffer *out, const char *name, struct span value)
{
    if (!text_is_line(value))
        return SM_BAD_FORMAT;
    TRY(buffer_format(out, "%s: ", name));
    TRY(append_value(out, value));
    return buffer_append_text(out, "\r\n");
}

enum sm_error mime_address_header(
    struct buffer *out, const char *name, struct span display, struct span address)
{
    if (!text_is_line(display) || !text_is_address(address))
        return SM_BAD_FORMAT;
    TRY(buffer_format(out, "%s: ", name));
    if (display.size > 0) {
        TRY(append_value(out, display));
        TRY(buffer_append_text(out, "\r\n "));
    }
    return buffer_format(out, "<%.*s>\r\n", SPAN_PRINT(address));
}

/* --- quoted-printable --- */

static bool is_body_safe(uint8_t byte)
{
    return byte >= 0x20 && byte < 0x7f && byte != '=';
}

/* One line without its end. A space at the very end is encoded: relays may cut it off. */
static enum sm_error append_line(struct buffer *out, struct span line)
{
    size_t used = 0;
    for (size_t i = 0; i < line.size; i++) {
        bool is_last = i + 1 == line.size;
        bool is_safe = is_body_safe(line.at[i]) && !(is_last && line.at[i] == ' ');
        size_t size = is_safe ? 1 : 3;
        if (used + size > LINE_BYTES_MAX - (is_last ? 0 : 1)) {
            TRY(buffer_append_text(out, "=\r\n"));
            used = 0;
        }
        TRY(is_safe ? buffer_append_u8(out, line.at[i]) : append_hex(out, line.at[i]));
        used += size;
    }
    return buffer_append_text(out, "\r\n");
}

enum sm_error mime_body(struct buffer *out, struct span text)
{
    if (!text_is_utf8(text))
        return SM_BAD_FORMAT;
    for (size_t at = 0; at < text.size;) {
        const uint8_t *end = memchr(text.at + at, '\n', text.size - at);
        size_t size = end ? (size_t)(end - (text.at + at)) : text.size - at;
        TRY(append_line(out, span_slice(text, at, size)));
        at += size + 1;
    }
    return SM_OK;
}
