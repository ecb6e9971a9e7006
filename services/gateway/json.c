/* JSON out of field tables. The depth is that of the table, which is constant. */
#include "services/gateway/json.h"

#include "base/encode.h"
#include "base/text.h"

#include <string.h>

static bool is_separator(struct span text, size_t at)
{
    return text.size - at >= 3 && memcmp(text.at + at, "\xe2\x80", 2) == 0 &&
           (text.at[at + 2] == 0xa8 || text.at[at + 2] == 0xa9);
}

/* Written as \u00xx, or looked at once more (0xe2 begins a separator). A page of the list has some
 * thousand letters: a table, not a search. */
static bool needs_care(uint8_t letter)
{
    static const bool marks[256] = {['"'] = true,
        ['\\'] = true,
        ['<'] = true,
        ['>'] = true,
        ['&'] = true,
        [0x7f] = true,
        [0xe2] = true};
    return marks[letter] || letter < 0x20;
}

/* The one at *at, which moves behind it. */
static enum sm_error json_letter(struct buffer *out, struct span text, size_t *at)
{
    if (is_separator(text, *at)) {
        *at += 3;
        return buffer_format(out, "\\u20%02x", text.at[*at - 1] - 0x80);
    }
    uint8_t letter = text.at[(*at)++];
    return letter == 0xe2 ? buffer_append_u8(out, letter) : buffer_format(out, "\\u%04x", letter);
}

enum sm_error json_string(struct buffer *out, struct span text)
{
    if (!text_is_utf8(text))
        return SM_BAD_FORMAT;
    TRY(buffer_append_u8(out, '"'));
    for (size_t i = 0; i < text.size;) {
        size_t plain = i;
        while (plain < text.size && !needs_care(text.at[plain]))
            plain++;
        TRY(buffer_append(out, span_slice(text, i, plain - i)));
        i = plain;
        if (i < text.size)
            TRY(json_letter(out, text, &i));
    }
    return buffer_append_u8(out, '"');
}

static enum sm_error json_bytes(struct buffer *out, struct span bytes)
{
    TRY(buffer_append_u8(out, '"'));
    TRY(base64url_encode(bytes, out));
    return buffer_append_u8(out, '"');
}

/* A list has four hundred numbers: too many for printf. */
static enum sm_error json_number(struct buffer *out, uint64_t number)
{
    uint8_t digits[20];
    size_t first = sizeof digits;
    do
        digits[--first] = (uint8_t)('0' + number % 10);
    while ((number /= 10) > 0);
    return buffer_append(out, span_of(digits + first, sizeof digits - first));
}

static enum sm_error json_id(struct buffer *out, struct id id)
{
    TRY(buffer_append_u8(out, '"'));
    TRY(buffer_append_text(out, id_text(id).text));
    return buffer_append_u8(out, '"');
}

static enum sm_error json_list(
    struct buffer *out, const struct fields *item, const struct list *list)
{
    TRY(buffer_append_u8(out, '['));
    for (size_t i = 0; i < list->count; i++) {
        if (i)
            TRY(buffer_append_u8(out, ','));
        TRY(json_fields(out, item, (const uint8_t *)list->items + i * item->struct_size));
    }
    return buffer_append_u8(out, ']');
}

static enum sm_error json_value(struct buffer *out, const struct field *field, const void *value)
{
    switch (field->kind) {
    case FIELD_U64:
        return json_number(out, *(const uint64_t *)value);
    case FIELD_BOOL:
        return buffer_append_text(out, *(const bool *)value ? "true" : "false");
    case FIELD_TEXT:
    case FIELD_LINE:
        return json_string(out, *(const struct span *)value);
    case FIELD_BYTES:
        return json_bytes(out, *(const struct span *)value);
    case FIELD_ID: {
        struct id id = *(const struct id *)value;
        return id_is_none(id) ? buffer_append_text(out, "null") : json_id(out, id);
    }
    case FIELD_LIST:
        return json_list(out, field->item, value);
    case FIELD_MAP:
        return json_fields(out, field->item, value);
    }
    return SM_BAD_VALUE;
}

/* `first`, then the name in quotes and a colon, with one look at the room for all. */
static enum sm_error json_name(struct buffer *out, char first, struct span name)
{
    uint8_t *to;
    TRY(buffer_extend(out, name.size + 4, &to));
    *to++ = (uint8_t)first;
    *to++ = '"';
    memcpy(to, name.at, name.size);
    to += name.size;
    *to++ = '"';
    *to = ':';
    return SM_OK;
}

enum sm_error json_fields(struct buffer *out, const struct fields *fields, const void *message)
{
    if (fields->count == 0)
        TRY(buffer_append_u8(out, '{'));
    for (size_t i = 0; i < fields->count; i++) {
        const struct field *field = &fields->at[i];
        TRY(json_name(out, i ? ',' : '{', span_text(field->name)));
        TRY(json_value(out, field, (const uint8_t *)message + field->offset));
    }
    return buffer_append_u8(out, '}');
}
