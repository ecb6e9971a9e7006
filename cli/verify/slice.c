/* A small strict JSON reader: a cursor that skips values and remembers where they were. */
#include "cli/verify/slice.h"

#include <endian.h>
#include <string.h>

enum { DEPTH_MAX = 16, NUMBER_DIGITS_MAX = 16 };
#define NUMBER_MAX 9007199254740991u /* 2^53 - 1 */

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

/* RFC 8785 gives every text one spelling: a control without a short escape is \u00xx in small
 * letters, and nothing else is escaped so. */
static bool skip_control(struct cursor *cursor)
{
    static const char short_ones[] = "89acd"; /* \b \t \n \f \r are written so */
    const char *at = cursor->at;
    if (cursor->end - at < 4 || at[0] != '0' || at[1] != '0' || (at[2] != '0' && at[2] != '1'))
        return false;
    bool is_digit = (at[3] >= '0' && at[3] <= '9') || (at[3] >= 'a' && at[3] <= 'f');
    if (!is_digit || (at[2] == '0' && strchr(short_ones, at[3])))
        return false;
    cursor->at += 4;
    return true;
}

static bool skip_escape(struct cursor *cursor)
{
    if (cursor->at == cursor->end)
        return false;
    char letter = *cursor->at++;
    if (letter == 'u')
        return skip_control(cursor);
    return letter && strchr("\"\\bfnrt", letter) != NULL;
}

/* A code point of more than one byte, in its shortest form, no surrogate (RFC 3629). */
static bool skip_wide(struct cursor *cursor, uint8_t first)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    size_t more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    uint32_t value = first & (0x3fu >> more);
    if (first < 0xc2 || first > 0xf4 || (size_t)(cursor->end - cursor->at) < more)
        return false;
    for (size_t i = 0; i < more; i++) {
        uint8_t next = (uint8_t)*cursor->at++;
        if ((next & 0xc0) != 0x80)
            return false;
        value = value << 6 | (next & 0x3fu);
    }
    return value >= least[more] && value <= 0x10ffff && (value < 0xd800 || value > 0xdfff);
}

#define EIGHT_OF(letter) (0x0101010101010101u * (uint64_t)(letter))

/*
 * How many of eight letters come before the first that ends a text, is an escape, a control or not
 * ASCII: what each of these leaves below nought sets a top bit. What it borrows from the letters
 * behind it may mark them too, so only the first mark counts.
 */
static unsigned plain_letters(const char *at)
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

/* Most of a log is digits and names: eight of their letters are looked at together. */
static void skip_plain(struct cursor *cursor)
{
    unsigned plain = 8;
    while (plain == 8 && cursor->end - cursor->at >= 8) {
        plain = plain_letters(cursor->at);
        cursor->at += plain;
    }
}

static bool skip_string(struct cursor *cursor)
{
    if (!skip_char(cursor, '"'))
        return false;
    for (skip_plain(cursor); cursor->at < cursor->end; skip_plain(cursor)) {
        uint8_t letter = (uint8_t)*cursor->at++;
        if (letter == '"')
            return true;
        if (letter < 0x20 || (letter == '\\' && !skip_escape(cursor)) ||
            (letter >= 0x80 && !skip_wide(cursor, letter)))
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
    if (!skip_value(&cursor, DEPTH_MAX - 1))
        return false;
    value->size = (size_t)(cursor.at - value->at);
    *state = (size_t)(cursor.at - object.at);
    return true;
}

bool slice_name_is(struct slice key, const char *name)
{
    size_t size = key.size - 2; /* the quotes */
    return key.at[1] == name[0] && strncmp(key.at + 1, name, size) == 0 && name[size] == '\0';
}

void object_read(struct slice text, struct object *out)
{
    struct slice key;
    struct slice value;
    size_t state = 0;
    size_t count = 0;
    out->text = text;
    out->is_whole = false;
    out->count = 0;
    for (; slice_pair(text, &state, &key, &value); count++) {
        if (count == OBJECT_MEMBERS_MAX)
            return;
        out->members[count].key = key;
        out->members[count].value = value;
    }
    out->is_whole = state > 0 && state + 1 == text.size && text.at[state] == '}';
    out->count = out->is_whole ? count : 0;
}

bool object_member(const struct object *object, const char *name, struct slice *out)
{
    size_t found = 0;
    for (size_t i = 0; i < object->count; i++)
        if (slice_name_is(object->members[i].key, name) && found++ == 0)
            *out = object->members[i].value;
    return found == 1;
}

bool slice_member(struct slice object, const char *name, struct slice *out)
{
    struct object read;
    object_read(object, &read);
    return object_member(&read, name, out);
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

/* One more than what a digit is worth; 0 is none. */
static const uint8_t hex_worth[256] = {
    ['0'] = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, ['a'] = 11, 12, 13, 14, 15, 16};

static unsigned hex_digit(char letter)
{
    return hex_worth[(uint8_t)letter] - 1u;
}

/* What one escape behind the backslash means; returns how many letters it took. */
static size_t take_escape(const char *at, char *out)
{
    static const char letters[] = "\"\\bfnrt";
    static const char meanings[] = "\"\\\b\f\n\r\t";
    if (*at == 'u') {
        *out = (char)(hex_digit(at[3]) << 4 | hex_digit(at[4]));
        return 5;
    }
    *out = meanings[strchr(letters, *at) - letters];
    return 1;
}

bool slice_text(struct slice value, char *out, size_t room)
{
    struct cursor cursor = cursor_of(value);
    size_t used = 0;
    if (!skip_string(&cursor) || cursor.at != cursor.end)
        return false;
    for (size_t i = 1; i + 1 < value.size; used++) {
        if (used + 1 >= room)
            return false;
        out[used] = value.at[i++];
        if (out[used] == '\\')
            i += take_escape(value.at + i, &out[used]);
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
    if (!skip_digits(&cursor) || cursor.at != cursor.end || value.size > NUMBER_DIGITS_MAX)
        return false;
    for (size_t i = 0; i < value.size; i++)
        number = number * 10 + (uint64_t)(value.at[i] - '0');
    *out = number;
    return number <= NUMBER_MAX;
}

bool slice_hex(struct slice value, uint8_t *out, size_t size)
{
    if (value.size != 2 * size + 2 || value.at[0] != '"')
        return false;
    const uint8_t *at = (const uint8_t *)value.at + 1;
    for (size_t i = 0; i < size; i++, at += 2) {
        if (!hex_worth[at[0]] || !hex_worth[at[1]])
            return false;
        out[i] = (uint8_t)((hex_worth[at[0]] - 1u) << 4 | (hex_worth[at[1]] - 1u));
    }
    return value.at[value.size - 1] == '"';
}
