/* Strict checks of text from outside: UTF-8, showable lines, mail addresses. */
#include "base/text.h"

#include <endian.h>
#include <string.h>

enum {
    LOCAL_BYTES_MAX = 64,
    DOMAIN_BYTES_MAX = 255,
    LABEL_BYTES_MAX = 63,
    ADDRESS_BYTES_MAX = 254
};

#define EIGHT_OF(letter) (0x0101010101010101u * (uint64_t)(letter))

/*
 * How many of eight letters are plain: what the first other one leaves below nought sets a top bit,
 * as one has that is not ASCII. It borrows from those behind it and may mark them too, so only the
 * first mark counts.
 */
static unsigned plain_of_eight(const uint8_t *at)
{
    uint64_t eight;
    memcpy(&eight, at, sizeof eight);
    eight = le64toh(eight);
    uint64_t control = eight - EIGHT_OF(0x20);
    uint64_t quote = (eight ^ EIGHT_OF('"')) - EIGHT_OF(1);
    uint64_t escape = (eight ^ EIGHT_OF('\\')) - EIGHT_OF(1);
    uint64_t marks = (eight | control | quote | escape) & EIGHT_OF(0x80);
    return marks ? (unsigned)__builtin_ctzll(marks) / 8 : 8;
}

static bool is_plain(uint8_t letter)
{
    return letter >= 0x20 && letter < 0x80 && letter != '"' && letter != '\\';
}

size_t text_plain(struct span text)
{
    size_t at = 0;
    unsigned plain = 8;
    while (plain == 8 && text.size - at >= 8) {
        plain = plain_of_eight(text.at + at);
        at += plain;
    }
    while (plain == 8 && at < text.size && is_plain(text.at[at]))
        at++;
    return at;
}

/* Reads one code point at `at`; returns its length in bytes, 0 when it is not well-formed. */
static size_t code_point(const uint8_t *at, size_t left, uint32_t *out)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = at[0] < 0x80 ? 1 : at[0] >> 5 == 6 ? 2 : at[0] >> 4 == 14 ? 3 : 4;
    if (length == 4 && at[0] >> 3 != 30)
        return 0;
    if (length > left)
        return 0;
    uint32_t value = length == 1 ? at[0] : at[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if (at[i] >> 6 != 2)
            return 0;
        value = value << 6 | (at[i] & 0x3f);
    }
    bool is_surrogate = value >= 0xd800 && value <= 0xdfff;
    if (value < smallest[length] || is_surrogate || value > 0x10ffff)
        return 0;
    *out = value;
    return length;
}

static bool every_code_point(struct span text, bool (*accepts)(uint32_t))
{
    for (size_t i = 0; i < text.size;) {
        uint32_t value;
        size_t length = code_point(text.at + i, text.size - i, &value);
        if (length == 0 || !accepts(value))
            return false;
        i += length;
    }
    return true;
}

static bool is_showable(uint32_t value)
{
    bool is_control = value < 0x20 || (value >= 0x7f && value <= 0x9f);
    bool is_separator = value == 0x2028 || value == 0x2029;
    bool is_bidi = (value >= 0x202a && value <= 0x202e) || (value >= 0x2066 && value <= 0x2069);
    return !is_control && !is_separator && !is_bidi;
}

bool text_is_utf8(struct span text)
{
    for (size_t i = text_plain(text); i < text.size;) {
        uint32_t value;
        size_t length = code_point(text.at + i, text.size - i, &value);
        if (length == 0 || value == 0)
            return false;
        i += length;
        i += text_plain(span_slice(text, i, text.size - i));
    }
    return true;
}

bool text_is_line(struct span text)
{
    return every_code_point(text, is_showable);
}

enum sm_error text_show(struct span text, bool keeps_lines, struct buffer *out)
{
    for (size_t i = 0; i < text.size;) {
        uint32_t value;
        size_t length = code_point(text.at + i, text.size - i, &value);
        bool is_kept =
            length && (is_showable(value) || (keeps_lines && (value == '\n' || value == '\t')));
        TRY(is_kept ? buffer_append(out, span_of(text.at + i, length))
                    : buffer_append_text(out, "\xef\xbf\xbd"));
        i += length ? length : 1;
    }
    return SM_OK;
}

static bool is_alphanumeric(uint8_t letter)
{
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9');
}

/* RFC 5322's atext. */
static bool is_atom(uint8_t letter)
{
    return is_alphanumeric(letter) || (letter && strchr("!#$%&'*+-/=?^_`{|}~", letter));
}

static bool is_dot_atom(struct span local)
{
    if (local.size == 0 || local.size > LOCAL_BYTES_MAX)
        return false;
    for (size_t i = 0; i < local.size; i++) {
        bool is_inner_dot =
            local.at[i] == '.' && i > 0 && i + 1 < local.size && local.at[i - 1] != '.';
        if (!is_atom(local.at[i]) && !is_inner_dot)
            return false;
    }
    return true;
}

static bool is_label(struct span label)
{
    if (label.size == 0 || label.size > LABEL_BYTES_MAX)
        return false;
    for (size_t i = 0; i < label.size; i++) {
        bool is_inner_hyphen = label.at[i] == '-' && i > 0 && i + 1 < label.size;
        if (!is_alphanumeric(label.at[i]) && !is_inner_hyphen)
            return false;
    }
    return true;
}

static bool is_domain(struct span domain)
{
    size_t labels = 0;
    if (domain.size > DOMAIN_BYTES_MAX)
        return false;
    for (size_t start = 0; start <= domain.size; labels++) {
        size_t end = start;
        while (end < domain.size && domain.at[end] != '.')
            end++;
        if (!is_label(span_slice(domain, start, end - start)))
            return false;
        start = end + 1;
    }
    return labels >= 2;
}

bool text_is_address(struct span text)
{
    if (text.size > ADDRESS_BYTES_MAX || text.size == 0)
        return false;
    const uint8_t *at = memchr(text.at, '@', text.size);
    if (!at)
        return false;
    size_t local = (size_t)(at - text.at);
    return is_dot_atom(span_slice(text, 0, local)) &&
           is_domain(span_slice(text, local + 1, text.size));
}
