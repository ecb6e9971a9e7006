/*
 * Field tables <-> msgpack. Writing goes through msgpack-c's packer; reading first walks the bytes
 * (scan), so that msgpack-c only ever unpacks what is known to be small, shallow and complete.
 */
#include "proto/field.h"

#include "base/text.h"
#include "proto/limits.h"

#include <msgpack.h>
#include <string.h>

/* --- writing --- */

static int write_to_buffer(void *data, const char *bytes, size_t size)
{
    return buffer_append(data, span_of(bytes, size)) == SM_OK ? 0 : -1;
}

static bool is_within(const struct field *field, uint64_t value)
{
    return value >= field->min && value <= field->max;
}

static const void *member(const struct field *field, const void *message)
{
    return (const uint8_t *)message + field->offset;
}

static bool is_text_acceptable(const struct field *field, struct span text)
{
    return field->kind == FIELD_LINE ? text_is_line(text) : text_is_utf8(text);
}

static enum sm_error pack_message(
    msgpack_packer *packer, const struct fields *fields, const void *message);

static enum sm_error pack_bytes(
    msgpack_packer *packer, const struct field *field, struct span bytes)
{
    bool is_bytes = field->kind == FIELD_BYTES;
    if (!is_within(field, bytes.size) || (!is_bytes && !is_text_acceptable(field, bytes)))
        return SM_BAD_VALUE;
    int failed = is_bytes ? msgpack_pack_bin_with_body(packer, bytes.at, bytes.size)
                          : msgpack_pack_str_with_body(packer, bytes.at, bytes.size);
    return failed ? SM_TOO_LARGE : SM_OK;
}

static enum sm_error pack_id(msgpack_packer *packer, const struct field *field, const struct id *id)
{
    if (field->min && id_is_none(*id))
        return SM_BAD_VALUE;
    return msgpack_pack_bin_with_body(packer, id->bytes, ID_BYTES) ? SM_TOO_LARGE : SM_OK;
}

static enum sm_error pack_list(
    msgpack_packer *packer, const struct field *field, const struct list *list)
{
    if (!is_within(field, list->count))
        return SM_BAD_VALUE;
    if (msgpack_pack_array(packer, list->count))
        return SM_TOO_LARGE;
    for (size_t i = 0; i < list->count; i++)
        TRY(pack_message(
            packer, field->item, (const uint8_t *)list->items + i * field->item->struct_size));
    return SM_OK;
}

static enum sm_error pack_field(
    msgpack_packer *packer, const struct field *field, const void *message)
{
    const void *value = member(field, message);
    switch (field->kind) {
    case FIELD_U64:
        if (!is_within(field, *(const uint64_t *)value))
            return SM_BAD_VALUE;
        return msgpack_pack_uint64(packer, *(const uint64_t *)value) ? SM_TOO_LARGE : SM_OK;
    case FIELD_BOOL:
        return (*(const bool *)value ? msgpack_pack_true(packer) : msgpack_pack_false(packer))
                   ? SM_TOO_LARGE
                   : SM_OK;
    case FIELD_TEXT:
    case FIELD_LINE:
    case FIELD_BYTES:
        return pack_bytes(packer, field, *(const struct span *)value);
    case FIELD_ID:
        return pack_id(packer, field, value);
    case FIELD_LIST:
        return pack_list(packer, field, value);
    case FIELD_MAP:
        return pack_message(packer, field->item, value);
    }
    return SM_BAD_VALUE;
}

static enum sm_error pack_message(
    msgpack_packer *packer, const struct fields *fields, const void *message)
{
    if (msgpack_pack_map(packer, fields->count))
        return SM_TOO_LARGE;
    for (size_t i = 0; i < fields->count; i++) {
        const struct field *field = &fields->at[i];
        if (msgpack_pack_str_with_body(packer, field->name, strlen(field->name)))
            return SM_TOO_LARGE;
        TRY(pack_field(packer, field, message));
    }
    return SM_OK;
}

enum sm_error fields_encode(const struct fields *fields, const void *message, struct buffer *out)
{
    size_t size_before = out->size;
    msgpack_packer packer;
    msgpack_packer_init(&packer, out, write_to_buffer);
    enum sm_error error = pack_message(&packer, fields, message);
    if (error != SM_OK)
        buffer_truncate(out, size_before);
    return error;
}

/* --- scanning: is it small, shallow and complete? --- */

struct scan {
    struct span left;
    size_t elements;
};

static enum sm_error scan_number(struct scan *scan, size_t bytes, uint64_t *out)
{
    if (scan->left.size < bytes)
        return SM_BAD_FORMAT;
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++)
        value = value << 8 | scan->left.at[i];
    scan->left = span_slice(scan->left, bytes, scan->left.size);
    *out = value;
    return SM_OK;
}

static enum sm_error scan_skip(struct scan *scan, uint64_t bytes)
{
    if (scan->left.size < bytes)
        return SM_BAD_FORMAT;
    scan->left = span_slice(scan->left, (size_t)bytes, scan->left.size);
    return SM_OK;
}

/*
 * The shape behind a msgpack type byte: how many bytes its length or value takes, and what follows.
 * Only the types that field tables use are here; nil, floats, signed and extension types are not.
 */
enum follows { FOLLOWS_NOTHING, FOLLOWS_BYTES, FOLLOWS_ITEMS, FOLLOWS_PAIRS };
struct shape {
    uint8_t first, last; /* range of type bytes */
    uint8_t mask;        /* bits of the type byte that are a length */
    uint8_t number;      /* else: bytes of a number behind it */
    uint64_t least;      /* of that number: a smaller one has a shorter form, and only that one */
    enum follows follows;
};
/* clang-format off */
static const struct shape shapes[] = {
    {0x00, 0x7f, 0x00, 0, 0,          FOLLOWS_NOTHING}, /* positive fixint */
    {0x80, 0x8f, 0x0f, 0, 0,          FOLLOWS_PAIRS},   /* fixmap */
    {0x90, 0x9f, 0x0f, 0, 0,          FOLLOWS_ITEMS},   /* fixarray */
    {0xa0, 0xbf, 0x1f, 0, 0,          FOLLOWS_BYTES},   /* fixstr */
    {0xc2, 0xc3, 0x00, 0, 0,          FOLLOWS_NOTHING}, /* false, true */
    {0xc4, 0xc4, 0x00, 1, 0,          FOLLOWS_BYTES},   /* bin 8 */
    {0xc5, 0xc5, 0x00, 2, 0x100,      FOLLOWS_BYTES},   /* bin 16 */
    {0xc6, 0xc6, 0x00, 4, 0x10000,    FOLLOWS_BYTES},   /* bin 32 */
    {0xcc, 0xcc, 0x00, 1, 0x80,       FOLLOWS_NOTHING}, /* uint 8 */
    {0xcd, 0xcd, 0x00, 2, 0x100,      FOLLOWS_NOTHING}, /* uint 16 */
    {0xce, 0xce, 0x00, 4, 0x10000,    FOLLOWS_NOTHING}, /* uint 32 */
    {0xcf, 0xcf, 0x00, 8, 0x100000000, FOLLOWS_NOTHING}, /* uint 64 */
    {0xd9, 0xd9, 0x00, 1, 0x20,       FOLLOWS_BYTES},   /* str 8 */
    {0xda, 0xda, 0x00, 2, 0x100,      FOLLOWS_BYTES},   /* str 16 */
    {0xdb, 0xdb, 0x00, 4, 0x10000,    FOLLOWS_BYTES},   /* str 32 */
    {0xdc, 0xdc, 0x00, 2, 0x10,       FOLLOWS_ITEMS},   /* array 16 */
    {0xde, 0xde, 0x00, 2, 0x10,       FOLLOWS_PAIRS},   /* map 16 */
};
/* clang-format on */

static const struct shape *shape_of(uint8_t type)
{
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        if (type >= shapes[i].first && type <= shapes[i].last)
            return &shapes[i];
    return NULL;
}

/* One value without its children; *children is how many values follow it. */
static enum sm_error scan_value(struct scan *scan, uint64_t *children)
{
    uint64_t type;
    uint64_t length;
    TRY(scan_number(scan, 1, &type));
    const struct shape *shape = shape_of((uint8_t)type);
    if (!shape)
        return SM_BAD_FORMAT;
    length = type & shape->mask;
    if (shape->number)
        TRY(scan_number(scan, shape->number, &length));
    if (length < shape->least)
        return SM_BAD_FORMAT;
    *children = 0;
    if (shape->follows == FOLLOWS_BYTES)
        return scan_skip(scan, length);
    if (shape->follows == FOLLOWS_NOTHING)
        return SM_OK;
    *children = shape->follows == FOLLOWS_PAIRS ? 2 * length : length;
    if (*children > scan->left.size) /* each takes a byte at least */
        return SM_BAD_FORMAT;
    if (*children > FIELD_ELEMENTS_MAX - scan->elements)
        return SM_TOO_LARGE;
    scan->elements += (size_t)*children;
    return SM_OK;
}

/* Walks without recursion: `open[d]` values are still to come at depth d. */
static enum sm_error scan_message(struct span bytes)
{
    enum { DEPTH = 2 * FIELD_DEPTH_MAX };
    struct scan scan = {.left = bytes};
    uint64_t open[DEPTH + 1] = {1};
    size_t depth = 0;
    for (;;) {
        while (open[depth] == 0) {
            if (depth == 0)
                return scan.left.size == 0 ? SM_OK : SM_BAD_FORMAT;
            depth--;
        }
        open[depth]--;
        uint64_t children;
        TRY(scan_value(&scan, &children));
        if (children == 0)
            continue;
        if (depth == DEPTH)
            return SM_BAD_FORMAT;
        open[++depth] = children;
    }
}

/* --- reading --- */

static enum sm_error read_message(
    const struct fields *fields, const msgpack_object *object, struct arena *arena, void *message);

static enum sm_error read_u64(const struct field *field, const msgpack_object *object, void *out)
{
    if (object->type != MSGPACK_OBJECT_POSITIVE_INTEGER)
        return SM_BAD_FORMAT;
    if (!is_within(field, object->via.u64))
        return SM_BAD_VALUE;
    *(uint64_t *)out = object->via.u64;
    return SM_OK;
}

static enum sm_error read_bytes(const struct field *field, const msgpack_object *object, void *out)
{
    bool is_bytes = field->kind == FIELD_BYTES;
    if (object->type != (is_bytes ? MSGPACK_OBJECT_BIN : MSGPACK_OBJECT_STR))
        return SM_BAD_FORMAT;
    struct span bytes = is_bytes ? span_of(object->via.bin.ptr, object->via.bin.size)
                                 : span_of(object->via.str.ptr, object->via.str.size);
    if (!is_within(field, bytes.size))
        return SM_TOO_LARGE;
    if (!is_bytes && !is_text_acceptable(field, bytes))
        return SM_BAD_FORMAT;
    *(struct span *)out = bytes;
    return SM_OK;
}

static enum sm_error read_id(const struct field *field, const msgpack_object *object, void *out)
{
    struct id id;
    if (object->type != MSGPACK_OBJECT_BIN)
        return SM_BAD_FORMAT;
    TRY(id_from_bytes(span_of(object->via.bin.ptr, object->via.bin.size), &id));
    if (field->min && id_is_none(id))
        return SM_BAD_VALUE;
    *(struct id *)out = id;
    return SM_OK;
}

static enum sm_error read_list(
    const struct field *field, const msgpack_object *object, struct arena *arena, void *out)
{
    if (object->type != MSGPACK_OBJECT_ARRAY)
        return SM_BAD_FORMAT;
    size_t count = object->via.array.size;
    size_t item_size = field->item->struct_size;
    if (!is_within(field, count))
        return SM_TOO_LARGE;
    void *items;
    TRY(arena_take(arena, count, item_size, &items));
    for (size_t i = 0; i < count; i++)
        TRY(read_message(
            field->item, &object->via.array.ptr[i], arena, (uint8_t *)items + i * item_size));
    *(struct list *)out = (struct list){items, count};
    return SM_OK;
}

static enum sm_error read_field(
    const struct field *field, const msgpack_object *object, struct arena *arena, void *out)
{
    switch (field->kind) {
    case FIELD_U64:
        return read_u64(field, object, out);
    case FIELD_BOOL:
        if (object->type != MSGPACK_OBJECT_BOOLEAN)
            return SM_BAD_FORMAT;
        *(bool *)out = object->via.boolean;
        return SM_OK;
    case FIELD_TEXT:
    case FIELD_LINE:
    case FIELD_BYTES:
        return read_bytes(field, object, out);
    case FIELD_ID:
        return read_id(field, object, out);
    case FIELD_LIST:
        return read_list(field, object, arena, out);
    case FIELD_MAP:
        return read_message(field->item, object, arena, out);
    }
    return SM_BAD_FORMAT;
}

static enum sm_error read_message(
    const struct fields *fields, const msgpack_object *object, struct arena *arena, void *message)
{
    if (object->type != MSGPACK_OBJECT_MAP || object->via.map.size != fields->count)
        return SM_BAD_FORMAT;
    for (size_t i = 0; i < fields->count; i++) {
        const struct field *field = &fields->at[i];
        const msgpack_object *key = &object->via.map.ptr[i].key;
        if (key->type != MSGPACK_OBJECT_STR ||
            !span_equals_text(span_of(key->via.str.ptr, key->via.str.size), field->name))
            return SM_BAD_FORMAT;
        TRY(read_field(
            field, &object->via.map.ptr[i].val, arena, (uint8_t *)message + field->offset));
    }
    return SM_OK;
}

enum sm_error fields_decode(
    const struct fields *fields, struct span bytes, struct arena *arena, void *message)
{
    TRY(scan_message(bytes));
    msgpack_unpacked unpacked __attribute__((cleanup(msgpack_unpacked_destroy)));
    msgpack_unpacked_init(&unpacked);
    size_t offset = 0;
    msgpack_unpack_return got =
        msgpack_unpack_next(&unpacked, (const char *)bytes.at, bytes.size, &offset);
    if (got == MSGPACK_UNPACK_NOMEM_ERROR)
        return SM_NO_MEMORY;
    if (got != MSGPACK_UNPACK_SUCCESS || offset != bytes.size)
        return SM_BAD_FORMAT;
    return read_message(fields, &unpacked.data, arena, message);
}
