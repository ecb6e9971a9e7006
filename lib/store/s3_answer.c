/* Looking between tags. */
#include "store/s3_answer.h"

#include <stdio.h>
#include <string.h>

#include "base/banned.h"

enum { TAG_BYTES_MAX = 32, SIZE_DIGITS_MAX = 15 };

/* Where `text` stands in `whole`; SIZE_MAX when it does not. */
static size_t find(struct span whole, const char *text)
{
    const uint8_t *at = whole.size ? memmem(whole.at, whole.size, text, strlen(text)) : NULL;
    return at ? (size_t)(at - whole.at) : SIZE_MAX;
}

/* The text between <name> and the next </name>; *rest is what stands behind. */
static bool element(struct span *rest, const char *name, struct span *text)
{
    char begin[TAG_BYTES_MAX], end[TAG_BYTES_MAX];
    (void)snprintf(begin, sizeof begin, "<%s>", name);
    (void)snprintf(end, sizeof end, "</%s>", name);
    size_t from = find(*rest, begin);
    if (from == SIZE_MAX)
        return false;
    struct span inner = span_slice(*rest, from + strlen(begin), rest->size);
    size_t size = find(inner, end);
    if (size == SIZE_MAX)
        return false;
    *text = span_slice(inner, 0, size);
    *rest = span_slice(inner, size + strlen(end), inner.size);
    return true;
}

static bool element_of(struct span whole, const char *name, struct span *text)
{
    return element(&whole, name, text);
}

static bool is_key(struct span text)
{
    static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyz-/";
    if (text.size == 0 || text.size > S3_KEY_BYTES_MAX)
        return false;
    for (size_t i = 0; i < text.size; i++)
        if (!memchr(letters, text.at[i], sizeof letters - 1))
            return false;
    return true;
}

static enum sm_error read_size(struct span text, uint64_t *out)
{
    uint64_t value = 0;
    if (text.size == 0 || text.size > SIZE_DIGITS_MAX)
        return SM_BAD_FORMAT;
    for (size_t i = 0; i < text.size; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return SM_BAD_FORMAT;
        value = 10 * value + (uint64_t)(text.at[i] - '0');
    }
    *out = value;
    return SM_OK;
}

/* As bytes, which is how the protocol orders keys. */
static bool is_behind(struct span key, struct span before)
{
    size_t shorter = key.size < before.size ? key.size : before.size;
    int order = shorter ? memcmp(key.at, before.at, shorter) : 0;
    return order > 0 || (order == 0 && key.size > before.size);
}

static enum sm_error read_entry(
    struct span entry, struct span prefix, struct span *key, uint64_t *size)
{
    struct span size_text;
    if (!element_of(entry, "Key", key) || !element_of(entry, "Size", &size_text))
        return SM_BAD_FORMAT;
    if (!is_key(*key) || !span_equal(span_slice(*key, 0, prefix.size), prefix))
        return SM_BAD_FORMAT;
    return read_size(size_text, size);
}

enum sm_error s3_answer_list(
    struct span xml, struct span prefix, s3_entry_fn *visit, void *context, bool *is_more)
{
    struct span rest, entry, word, before = {NULL, 0};
    if (!element_of(xml, "IsTruncated", &word) || find(xml, "<ListBucketResult") == SIZE_MAX)
        return SM_BAD_FORMAT;
    rest = xml;
    for (size_t count = 0; element(&rest, "Contents", &entry); count++) {
        struct span key;
        uint64_t size = 0;
        TRY(read_entry(entry, prefix, &key, &size));
        if (count == S3_KEYS_MAX || !is_behind(key, before))
            return SM_BAD_FORMAT;
        TRY(visit(context, key, size));
        before = key;
    }
    *is_more = span_equals_text(word, "true");
    return *is_more && before.size == 0 ? SM_BAD_FORMAT : SM_OK;
}

struct span s3_answer_code(struct span xml)
{
    struct span code;
    return element_of(xml, "Code", &code) ? code : span_of(NULL, 0);
}

bool s3_answer_keeps_versions(struct span xml)
{
    struct span status;
    return element_of(xml, "Status", &status) && span_equals_text(status, "Enabled");
}
