/* A small strict JSON reader: a cursor that skips values and remembers where they were. */
#include "cli/verify/slice.h"

#include <string.h>

enum { DEPTH_MAX = 16 };

struct cursor {
    const char *at, *end;
};

static bool skip_value(struct cursor *cursor, int depth);

static bool skip_char(struct cursor *cursor, char wanted)
{
    if (cursor->at == cursor->end || *cursor->at != wanted)
        return false;
    cursor->at++;
    return true;
}

static bool is_hex(char letter)
{
    return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'f') ||
           (letter >= 'A' && letter <= 'F');
}

static bool skip_escape(struct cursor *cursor)
{
    if (cursor->at == cursor->end)
        return false;
    char letter = *cursor->at++;
    if (letter != 'u')
        return letter && strchr("\"\\/bfnrt", letter) != NULL;
    for (int i = 0; i < 4; i++, cursor->at++)
        if (cursor->at == cursor->end || !is_hex(*cursor->at))
            return false;
    return true;
}

static bool skip_string(struct cursor *cursor)
{
    if (!skip_char(cursor, '"'))
        return false;
    while (cursor->at < cursor->end) {
        char letter = *cursor->at++;
        if (letter == '"')
            return true;
        if ((unsigned char)letter < 0x20 || (letter == '\\' && !skip_escape(cursor)))
            return false;
    }
    return false;
}

static bool skip_digits(struct cursor *cursor)
{
    const char *start = cursor->at;
    while (cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9')
        cursor->at++;
    return cursor->at > start && (*start != '0' || cursor->at == start + 1);
}

static bool skip_word(struct cursor *cursor)
{
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t size = strlen(words[i]);
        if ((size_t)(cursor->end - cursor->at) >= size && memcmp(cursor->at, words[i], size) == 0) {
            cursor->at += size;
            return true;
        }
    }
    return false;
}

/* An array or object, by its closing bracket. */
static bool skip_nest(struct cursor *cursor, char close, int depth)
{
    bool is_object = close == '}';
    cursor->at++;
    if (skip_char(cursor, close))
        return true;
    do {
        if (is_object && (!skip_string(cursor) || !skip_char(cursor, ':')))
            return false;
        if (!skip_value(cursor, depth - 1))
            return false;
    } while (skip_char(cursor, ','));
    return skip_char(cursor, close);
}

static bool skip_value(struct cursor *cursor, int depth)
{
    if (depth == 0 || cursor->at == cursor->end)
        return false;
    switch (*cursor->at) {
    case '"':
        return skip_string(cursor);
    case '{':
        return skip_nest(cursor, '}', depth);
    case '[':
        return skip_nest(cursor, ']', depth);
    default:
        return skip_word(cursor) || skip_digits(cursor);
    }
}

static struct cursor cursor_of(struct slice text)
{
    return (struct cursor){text.at, text.at + text.size};
}

bool slice_is_json(struct slice text)
{
    struct cursor cursor = cursor_of(text);
    return text.size && skip_value(&cursor, DEPTH_MAX) && cursor.at == cursor.end;
}

bool slice_pair(struct slice object, size_t *state, struct slice *key, struct slice *value)
{
    struct cursor cursor = {object.at + *state, object.at + object.size};
    if (!skip_char(&cursor, *state == 0 ? '{' : ','))
        return false;
    if (*state == 0)
        *state = 1;
    key->at = cursor.at;
    if (!skip_string(&cursor))
        return false;
    key->size = (size_t)(cursor.at - key->at);
    if (!skip_char(&cursor, ':'))
        return false;
    value->at = cursor.at;
    if (!skip_value(&cursor, DEPTH_MAX))
        return false;
    value->size = (size_t)(cursor.at - value->at);
    *state = (size_t)(cursor.at - object.at);
    return true;
}

bool slice_name_is(struct slice key, const char *name)
{
    size_t size = strlen(name);
    return key.size == size + 2 && memcmp(key.at + 1, name, size) == 0;
}

bool slice_member(struct slice object, const char *name, struct slice *out)
{
    struct slice key;
    struct slice value;
    size_t state = 0;
    size_t found = 0;
    while (slice_pair(object, &state, &key, &value))
        if (slice_name_is(key, name) && found++ == 0)
            *out = value;
    return found == 1;
}

bool slice_item(struct slice array, size_t *state, struct slice *out)
{
    if (*state == 0) {
        if (array.size < 2 || array.at[0] != '[')
            return false;
        *state = 1;
    } else if (*state < array.size && array.at[*state] == ',') {
        ++*state;
    }
    struct cursor cursor = {array.at + *state, array.at + array.size};
    out->at = cursor.at;
    if (!skip_value(&cursor, DEPTH_MAX))
        return false;
    out->size = (size_t)(cursor.at - out->at);
    *state = (size_t)(cursor.at - array.at);
    return true;
}

/* --- values --- */

/* Writes a code point of the basic plane as UTF-8; returns its size. */
static size_t put_utf8(unsigned value, char *out)
{
    if (value < 0x80) {
        out[0] = (char)value;
        return 1;
    }
    if (value < 0x800) {
        out[0] = (char)(0xc0 | value >> 6);
        out[1] = (char)(0x80 | (value & 0x3f));
        return 2;
    }
    out[0] = (char)(0xe0 | value >> 12);
    out[1] = (char)(0x80 | (value >> 6 & 0x3f));
    out[2] = (char)(0x80 | (value & 0x3f));
    return 3;
}

static unsigned hex_digit(char letter)
{
    if (letter >= '0' && letter <= '9')
        return (unsigned)(letter - '0');
    return (unsigned)((letter | 0x20) - 'a') + 10;
}

/* One escape behind the backslash; returns how many letters it took. */
static size_t take_escape(const char *at, char *out, size_t *written)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    if (*at != 'u') {
        out[0] = meanings[strchr(letters, *at) - letters];
        *written = 1;
        return 1;
    }
    unsigned value = 0;
    for (size_t i = 1; i <= 4; i++)
        value = value << 4 | hex_digit(at[i]);
    *written = put_utf8(value, out);
    return 5;
}

bool slice_text(struct slice value, char *out, size_t room)
{
    struct cursor cursor = cursor_of(value);
    size_t used = 0;
    if (!skip_string(&cursor) || cursor.at != cursor.end)
        return false;
    for (size_t i = 1; i + 1 < value.size;) {
        char piece[4];
        size_t size = 1;
        piece[0] = value.at[i];
        if (value.at[i] == '\\')
            i += 1 + take_escape(value.at + i + 1, piece, &size);
        else
            i++;
        if (used + size >= room)
            return false;
        memcpy(out + used, piece, size);
        used += size;
    }
    out[used] = '\0';
    return strlen(out) == used;
}

bool slice_text_is(struct slice value, const char *text)
{
    char found[256];
    return slice_text(value, found, sizeof found) && strcmp(found, text) == 0;
}

bool slice_number(struct slice value, uint64_t *out)
{
    struct cursor cursor = cursor_of(value);
    uint64_t number = 0;
    if (!skip_digits(&cursor) || cursor.at != cursor.end || value.size > 18)
        return false;
    for (size_t i = 0; i < value.size; i++)
        number = number * 10 + (uint64_t)(value.at[i] - '0');
    *out = number;
    return true;
}

bool slice_hex(struct slice value, uint8_t *out, size_t size)
{
    if (value.size != 2 * size + 2 || value.at[0] != '"')
        return false;
    for (size_t i = 0; i < 2 * size; i++) {
        char letter = value.at[1 + i];
        bool is_digit = (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'f');
        if (!is_digit)
            return false;
        unsigned high = i % 2 ? (unsigned)out[i / 2] << 4 : 0;
        out[i / 2] = (uint8_t)(high | hex_digit(letter));
    }
    return value.at[value.size - 1] == '"';
}
