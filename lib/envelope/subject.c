/* The subject by itself. */
#include "envelope/subject.h"

#include <assert.h>

#include "base/memory.h"
#include "base/text.h"
#include "envelope/kdf.h"
#include "envelope/wrap.h"
#include "proto/limits.h"

static const char label[] = "securemail/1 subject";
enum { AAD_BYTES_MAX = 64 };
static_assert((int)SUBJECT_BYTES_MAX + (int)WRAP_OVERHEAD_BYTES <= (int)SUBJECT_SEALED_BYTES_MAX,
    "the protocol has room for it");

enum sm_error subject_key_of(struct span message_key, struct secret **out)
{
    if (message_key.size != KEY_BYTES)
        return SM_BAD_VALUE;
    uint8_t prk[KDF_SHA256_BYTES] = {0};
    DEFER_WIPE(prk);
    TRY(kdf_extract(KDF_SHA256, span_of(NULL, 0), message_key, prk));
    struct secret *key DEFER(secret_free) = NULL;
    TRY(secret_new(KEY_BYTES, &key));
    TRY(kdf_expand(KDF_SHA256, SPAN(prk), span_text(label), secret_bytes(key), KEY_BYTES));
    *out = TAKE(key);
    return SM_OK;
}

static enum sm_error append_aad(const struct subject_place *place, struct buffer *out)
{
    TRY(buffer_append_text(out, label));
    TRY(buffer_append(out, id_span(&place->organisation)));
    return buffer_append(out, id_span(&place->message));
}

/* Also asked after opening: who sealed it may not be our own program. */
static bool is_subject(struct span text)
{
    return text.size <= SUBJECT_BYTES_MAX && text_is_line(text);
}

enum sm_error subject_seal(struct span subject_key, const struct subject_place *place,
    struct span subject, struct buffer *out)
{
    if (!is_subject(subject))
        return SM_BAD_VALUE;
    struct buffer aad DEFER(buffer_free) = BUFFER(AAD_BYTES_MAX);
    TRY(append_aad(place, &aad));
    return wrap_seal(subject_key, buffer_span(&aad), subject, out);
}

enum sm_error subject_open(struct span subject_key, const struct subject_place *place,
    struct span sealed, struct buffer *out)
{
    struct buffer aad DEFER(buffer_free) = BUFFER(AAD_BYTES_MAX);
    TRY(append_aad(place, &aad));
    size_t before = out->size;
    TRY(wrap_open(subject_key, buffer_span(&aad), sealed, out));
    if (is_subject(span_slice(buffer_span(out), before, out->size)))
        return SM_OK;
    buffer_truncate(out, before);
    return SM_BAD_VALUE;
}
