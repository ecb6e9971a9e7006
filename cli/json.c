/* jansson, behind our own types and errors. A document is jansson's value under another name. */
#include "cli/json.h"

#include "base/encode.h"
#include "base/memory.h"
#include "base/text.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* jansson's getters do not take const, though they change nothing. */
static json_t *value_of(const struct doc *doc)
{
    json_t *value;
    memcpy(&value, &doc, sizeof(value));
    return value;
}

static struct doc *wrap(json_t *value)
{
    return (struct doc *)value;
}

static enum sm_error made(json_t *value, struct doc **out)
{
    if (!value)
        return SM_NO_MEMORY;
    *out = wrap(value);
    return SM_OK;
}

enum sm_error doc_parse(struct span text, struct doc **out)
{
    json_t *value = json_loadb((const char *)text.at, text.size, JSON_REJECT_DUPLICATES, NULL);
    return value ? made(value, out) : SM_BAD_FORMAT;
}

enum sm_error doc_object(struct doc **out)
{
    return made(json_object(), out);
}

enum sm_error doc_array(struct doc **out)
{
    return made(json_array(), out);
}

void doc_free(struct doc **doc)
{
    json_decref(value_of(*doc));
    *doc = NULL;
}

/* --- reading --- */

const char *doc_text(const struct doc *doc, const char *name)
{
    return json_string_value(json_object_get(value_of(doc), name));
}

enum sm_error doc_u64(const struct doc *doc, const char *name, uint64_t *out)
{
    const json_t *value = json_object_get(value_of(doc), name);
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return SM_BAD_FORMAT;
    *out = (uint64_t)json_integer_value(value);
    return SM_OK;
}

bool doc_flag(const struct doc *doc, const char *name)
{
    return json_is_true(json_object_get(value_of(doc), name));
}

enum sm_error doc_id(const struct doc *doc, const char *name, struct id *out)
{
    const char *text = doc_text(doc, name);
    return text ? id_parse(span_text(text), out) : SM_BAD_FORMAT;
}

enum sm_error doc_bytes(const struct doc *doc, const char *name, struct buffer *out)
{
    const char *text = doc_text(doc, name);
    return text ? base64url_decode(span_text(text), out) : SM_BAD_FORMAT;
}

enum sm_error doc_exact(const struct doc *doc, const char *name, uint8_t *out, size_t size)
{
    struct buffer bytes DEFER(buffer_free) = BUFFER(size);
    TRY(doc_bytes(doc, name, &bytes));
    if (bytes.size != size)
        return SM_BAD_FORMAT;
    memcpy(out, bytes.bytes, size);
    return SM_OK;
}

struct doc *doc_member(const struct doc *doc, const char *name)
{
    return wrap(json_object_get(value_of(doc), name));
}

size_t doc_count(const struct doc *array)
{
    return json_array_size(value_of(array));
}

struct doc *doc_at(const struct doc *array, size_t index)
{
    return wrap(json_array_get(value_of(array), index));
}

/* --- writing --- */

static enum sm_error set(struct doc *doc, const char *name, json_t *value)
{
    return value && json_object_set_new(value_of(doc), name, value) == 0 ? SM_OK : SM_NO_MEMORY;
}

/* JSON is UTF-8; a path or an argument need not be. */
static enum sm_error set_repaired(struct doc *doc, const char *name, struct span text)
{
    struct buffer shown DEFER(buffer_free) = BUFFER(3 * text.size);
    TRY(text_show(text, true, &shown));
    return set(doc, name, json_stringn((const char *)shown.bytes, shown.size));
}

enum sm_error doc_set_text(struct doc *doc, const char *name, struct span text)
{
    json_t *value = json_stringn(text.size ? (const char *)text.at : "", text.size);
    return value || !text.size ? set(doc, name, value) : set_repaired(doc, name, text);
}

enum sm_error doc_set_u64(struct doc *doc, const char *name, uint64_t number)
{
    return set(doc, name, json_integer((json_int_t)number));
}

enum sm_error doc_set_flag(struct doc *doc, const char *name, bool flag)
{
    return set(doc, name, json_boolean(flag));
}

enum sm_error doc_set_id(struct doc *doc, const char *name, struct id id)
{
    return id_is_none(id) ? set(doc, name, json_null())
                          : doc_set_text(doc, name, span_text(id_text(id).text));
}

enum sm_error doc_set_bytes(struct doc *doc, const char *name, struct span bytes)
{
    struct buffer text DEFER(buffer_free) = BUFFER(2 * bytes.size + 8);
    TRY(base64url_encode(bytes, &text));
    return doc_set_text(doc, name, buffer_span(&text));
}

enum sm_error doc_give(struct doc *doc, const char *name, struct doc **value)
{
    struct doc *given = TAKE(*value);
    return set(doc, name, value_of(given));
}

enum sm_error doc_share(struct doc *doc, const char *name, struct doc *value)
{
    return value ? set(doc, name, json_incref(value_of(value))) : SM_OK;
}

enum sm_error doc_append(struct doc *array, struct doc **value)
{
    struct doc *given = TAKE(*value);
    return json_array_append_new(value_of(array), value_of(given)) == 0 ? SM_OK : SM_NO_MEMORY;
}

/* In ASCII: what a terminal would obey, or turn round, stands there as \u.... */
enum sm_error doc_write(const struct doc *doc, struct buffer *out)
{
    char *text =
        json_dumps(value_of(doc), JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_ENSURE_ASCII);
    if (!text)
        return SM_NO_MEMORY;
    enum sm_error error = buffer_append_text(out, text);
    explicit_bzero(text, strlen(text));
    free(text);
    return error;
}
