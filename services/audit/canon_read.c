/*
 * The reader of canonical JSON: walks over the text once, without recursion, and refuses the first
 * byte that a canonical writer would not have put there.
 */
#include "services/audit/canon.h"

#include "base/text.h"

#include <string.h>

struct level {
    bool is_object, has_items;
    struct span last_name;
};

struct reader {
    struct span text;
    size_t at;
    size_t depth; /* open levels */
    struct level levels[CANON_DEPTH_MAX];
    /* What is looked for in the outermost object, and where it was. */
    const char *wanted;
    struct span found;
    bool is_found;
};

static int look(const struct reader *reader)
{
    return reader->at < reader->text.size ? reader->text.at[reader->at] : -1;
}

static enum sm_error expect(struct reader *reader, int letter)
{
    if (look(reader) != letter)
        return SM_BAD_FORMAT;
    reader->at++;
    return SM_OK;
}

static bool is_hex_digit(uint8_t letter)
{
    return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'f');
}

/* \u00xx for the control characters that have no short escape. */
static enum sm_error read_u_escape(struct reader *reader)
{
    struct span rest = span_slice(reader->text, reader->at, 5);
    if (rest.size != 5 || memcmp(rest.at, "u00", 3) != 0 ||
        (rest.at[3] != '0' && rest.at[3] != '1') || !is_hex_digit(rest.at[4]))
        return SM_BAD_FORMAT;
    bool has_short_form = rest.at[3] == '0' && strchr("89acd", rest.at[4]);
    reader->at += 5;
    return has_short_form ? SM_BAD_FORMAT : SM_OK;
}

static enum sm_error read_escape(struct reader *reader)
{
    int letter = look(reader);
    if (letter == 'u')
        return read_u_escape(reader);
    reader->at++;
    return letter > 0 && strchr("\"\\bfnrt", letter) ? SM_OK : SM_BAD_FORMAT;
}

static void skip_plain(struct reader *reader)
{
    reader->at += text_plain(span_slice(reader->text, reader->at, reader->text.size));
}

/* A text; *out is what stands between the quotes. */
static enum sm_error read_text(struct reader *reader, struct span *out)
{
    TRY(expect(reader, '"'));
    size_t start = reader->at;
    bool is_plain = true;
    skip_plain(reader);
    for (int letter; (letter = look(reader)) != '"'; skip_plain(reader)) {
        if (letter < 0x20)
            return SM_BAD_FORMAT;
        reader->at++;
        is_plain = false;
        if (letter == '\\')
            TRY(read_escape(reader));
    }
    *out = span_slice(reader->text, start, reader->at - start);
    reader->at++;
    return is_plain || text_is_utf8(*out) ? SM_OK : SM_BAD_FORMAT;
}

static enum sm_error read_number(struct reader *reader, struct span *out)
{
    size_t start = reader->at;
    uint64_t value = 0;
    for (int letter; (letter = look(reader)) >= '0' && letter <= '9'; reader->at++) {
        value = value * 10 + (uint64_t)(letter - '0');
        if (value > CANON_NUMBER_MAX)
            return SM_BAD_FORMAT;
    }
    *out = span_slice(reader->text, start, reader->at - start);
    if (out->size == 0 || (out->size > 1 && out->at[0] == '0'))
        return SM_BAD_FORMAT;
    return SM_OK;
}

static bool is_name(struct span name)
{
    if (name.size == 0 || name.size > CANON_NAME_BYTES_MAX)
        return false;
    for (size_t i = 0; i < name.size; i++) {
        uint8_t letter = name.at[i];
        if (!(letter >= 'a' && letter <= 'z') && !(letter >= '0' && letter <= '9') && letter != '_')
            return false;
    }
    return true;
}

/* Letters are ASCII, so the order of bytes is the order of UTF-16 units that RFC 8785 asks for. */
static bool is_before(struct span a, struct span b)
{
    size_t shorter = a.size < b.size ? a.size : b.size;
    int order = shorter ? memcmp(a.at, b.at, shorter) : 0;
    return order < 0 || (order == 0 && a.size < b.size);
}

/* The comma, and in an object the member's name with its colon. */
static enum sm_error read_item_start(struct reader *reader, struct span *name)
{
    struct level *level = &reader->levels[reader->depth - 1];
    if (level->has_items)
        TRY(expect(reader, ','));
    if (level->is_object) {
        TRY(read_text(reader, name));
        TRY(expect(reader, ':'));
        if (!is_name(*name) || (level->has_items && !is_before(level->last_name, *name)))
            return SM_BAD_FORMAT;
        level->last_name = *name;
    }
    level->has_items = true;
    return SM_OK;
}

static enum sm_error open_level(struct reader *reader, bool is_object)
{
    if (reader->depth == CANON_DEPTH_MAX)
        return SM_BAD_FORMAT;
    reader->levels[reader->depth++] = (struct level){.is_object = is_object};
    reader->at++;
    return SM_OK;
}

static enum sm_error read_value(struct reader *reader, struct span name)
{
    struct span value;
    int letter = look(reader);
    if (letter == '{' || letter == '[')
        return open_level(reader, letter == '{');
    TRY(letter == '"' ? read_text(reader, &value) : read_number(reader, &value));
    if (reader->wanted && reader->depth == 1 && span_equals_text(name, reader->wanted)) {
        reader->found = value;
        reader->is_found = true;
    }
    return SM_OK;
}

static enum sm_error read_all(struct reader *reader)
{
    if (look(reader) != '{')
        return SM_BAD_FORMAT;
    TRY(open_level(reader, true));
    while (reader->depth > 0) {
        struct span name = {0};
        int closing = reader->levels[reader->depth - 1].is_object ? '}' : ']';
        if (look(reader) == closing) {
            reader->at++;
            reader->depth--;
            continue;
        }
        TRY(read_item_start(reader, &name));
        TRY(read_value(reader, name));
    }
    return reader->at == reader->text.size ? SM_OK : SM_BAD_FORMAT;
}

enum sm_error canon_check(struct span text)
{
    struct reader reader = {.text = text};
    return read_all(&reader);
}

enum sm_error canon_member(struct span text, const char *name, struct span *out)
{
    struct reader reader = {.text = text, .wanted = name};
    TRY(read_all(&reader));
    if (!reader.is_found)
        return SM_NOT_FOUND;
    *out = reader.found;
    return SM_OK;
}
