/*
 * PostgreSQL's binary array form. The head is written when the first element comes and completed
 * when the parameter is asked for, so the elements are copied once.
 */
#include "db/array.h"

#include <assert.h>

enum { HEAD_BYTES = 20, ELEMENTS_MAX = 1000 * 1000 };
#define NULL_LENGTH 0xffffffffu

struct array_type {
    uint32_t element, array; /* type numbers of pg_type, which never change */
};
static const struct array_type types[] = {
    [DB_I64] = {20, 1016},
    [DB_BYTES] = {17, 1001},
    [DB_TEXT] = {25, 1009},
};

void db_array_free(struct db_array *array)
{
    buffer_free(&array->elements);
    array->count = 0;
}

static enum sm_error add_head(struct db_array *array)
{
    uint8_t *room;
    return array->elements.size ? SM_OK : buffer_extend(&array->elements, HEAD_BYTES, &room);
}

static enum sm_error add_element(struct buffer *out, const struct db_value *element)
{
    if (element->kind == DB_NULL)
        return buffer_append_be(out, NULL_LENGTH, 4);
    if (element->kind == DB_I64) {
        TRY(buffer_append_be(out, 8, 4));
        return buffer_append_be(out, (uint64_t)element->number, 8);
    }
    TRY(buffer_append_be(out, element->bytes.size, 4));
    return buffer_append(out, element->bytes);
}

enum sm_error db_array_add(struct db_array *array, struct db_value element)
{
    assert(element.kind == array->kind || element.kind == DB_NULL);
    if (array->count >= ELEMENTS_MAX || element.bytes.size > INT32_MAX)
        return SM_TOO_LARGE;
    TRY(add_head(array));
    size_t before = array->elements.size;
    enum sm_error error = add_element(&array->elements, &element);
    if (error != SM_OK) {
        buffer_truncate(&array->elements, before); /* no length without its bytes */
        return error;
    }
    array->has_null = array->has_null || element.kind == DB_NULL;
    array->count++;
    return SM_OK;
}

static void put_u32(uint8_t *at, uint32_t value)
{
    for (size_t i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (24 - 8 * i));
}

enum sm_error db_array_value(struct db_array *array, struct db_value *out)
{
    enum { LOWER_BOUND = 1, HEAD_BYTES_EMPTY = 12 };
    TRY(add_head(array));
    const uint32_t head[] = {array->count ? 1 : 0, array->has_null, types[array->kind].element,
        (uint32_t)array->count, LOWER_BOUND};
    for (size_t i = 0; i < sizeof head / sizeof head[0]; i++)
        put_u32(array->elements.bytes + 4 * i, head[i]);
    struct span bytes = buffer_span(&array->elements);
    *out = db_binary(
        types[array->kind].array, array->count ? bytes : span_slice(bytes, 0, HEAD_BYTES_EMPTY));
    return SM_OK;
}
