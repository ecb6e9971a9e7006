/* Test vectors through Debian's jansson and zlib: for tests only, no product code reads JSON. */
#include "tests/support/vectors.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/encode.h"
#include "tests/support/check.h"

static const json_t *json_of(const struct vector *vector)
{
    return (const json_t *)(const void *)vector;
}

static const struct vector *vector_of(const json_t *json)
{
    return (const struct vector *)(const void *)json;
}

const struct vector *vectors_or_skip(const char *file)
{
    char path[4096];
    const char *chosen = getenv("SECURE_MAIL_TEST_VECTORS");
    const char *directory = chosen ? chosen : "../shared/vectors";
    (void)snprintf(path, sizeof path, "%s/%s", directory, file);
    json_t *root = json_load_file(path, 0, NULL);
    if (!root) {
        (void)fprintf(stderr, "test vectors are missing: %s (this test is skipped)\n", path);
        skip();
    }
    return vector_of(root);
}

void vectors_free(const struct vector *root)
{
    json_decref((json_t *)(uintptr_t)root);
}

const struct vector *vector_member(const struct vector *object, const char *name)
{
    return vector_of(json_object_get(json_of(object), name));
}

size_t vector_count(const struct vector *list)
{
    return json_array_size(json_of(list));
}

const struct vector *vector_item(const struct vector *list, size_t index)
{
    return vector_of(json_array_get(json_of(list), index));
}

const char *vector_text(const struct vector *object, const char *name)
{
    const char *text = json_string_value(json_of(vector_member(object, name)));
    assert_non_null(text);
    return text;
}

uint64_t vector_number(const struct vector *object, const char *name)
{
    const json_t *member = json_of(vector_member(object, name));
    if (json_is_string(member)) /* the RFC's file writes its numbers as texts */
        return strtoull(json_string_value(member), NULL, 10);
    assert_true(json_is_integer(member));
    return (uint64_t)json_integer_value(member);
}

void vector_bytes(const struct vector *object, const char *name, struct buffer *out)
{
    struct span text = span_text(vector_text(object, name));
    uint8_t *room;
    assert_ok(buffer_extend(out, text.size / 2, &room));
    assert_ok(hex_decode(text, room, text.size / 2));
}

void vector_inflated(const struct vector *object, const char *name, struct buffer *out)
{
    struct buffer packed = BUFFER(SIZE_MAX);
    vector_bytes(object, name, &packed);
    z_stream stream = {.next_in = packed.bytes, .avail_in = (uInt)packed.size};
    assert_int_equal(inflateInit(&stream), Z_OK);
    int outcome = Z_OK;
    while (outcome == Z_OK) {
        uint8_t piece[4096];
        stream.next_out = piece;
        stream.avail_out = sizeof piece;
        outcome = inflate(&stream, Z_NO_FLUSH);
        assert_ok(buffer_append(out, span_of(piece, sizeof piece - stream.avail_out)));
    }
    assert_int_equal(outcome, Z_STREAM_END);
    (void)inflateEnd(&stream);
    buffer_free(&packed);
}

bool vector_has_flag(const struct vector *object, const char *name, const char *word)
{
    const struct vector *list = vector_member(object, name);
    for (size_t i = 0; i < vector_count(list); i++)
        if (strcmp(json_string_value(json_of(vector_item(list, i))), word) == 0)
            return true;
    return false;
}
