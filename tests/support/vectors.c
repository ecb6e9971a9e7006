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
    json_error_t error;
    json_t *root = json_load_file(path, 0, &error);
    if (!root && json_error_code(&error) == json_error_numeric_overflow)
        root = json_load_file(path, JSON_DECODE_INT_AS_REAL, &error); /* numbers over 2^63 */
    if (!root && json_error_code(&error) != json_error_cannot_open_file)
        fail_msg("%s: line %d: %s", path, error.line, error.text);
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

/* Exact: a whole number that a double holds, or the largest of all. */
static uint64_t number_of_real(double value)
{
    static const double exact_max = 9007199254740992.0;
    static const double two_to_64 = 18446744073709551616.0;
    if (value >= two_to_64)
        return UINT64_MAX;
    assert_true(value >= 0 && value <= exact_max);
    return (uint64_t)value;
}

uint64_t vector_number(const struct vector *object, const char *name)
{
    const json_t *member = json_of(vector_member(object, name));
    if (json_is_string(member)) /* the RFC's file writes its numbers as texts */
        return strtoull(json_string_value(member), NULL, 10);
    if (json_is_real(member)) /* of a file that has numbers over 2^63: 2^64 - 1 is rounded up */
        return number_of_real(json_real_value(member));
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

void vector_base64(const struct vector *object, const char *name, struct buffer *out)
{
    assert_ok(base64_decode(span_text(vector_text(object, name)), out));
}

bool vector_flag(const struct vector *object, const char *name)
{
    const json_t *member = json_of(vector_member(object, name));
    assert_true(json_is_boolean(member));
    return json_is_true(member);
}

const char *vector_string(const struct vector *text)
{
    const char *value = json_string_value(json_of(text));
    assert_non_null(value);
    return value;
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
