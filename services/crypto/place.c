/*
 * A wrap's AAD is a list of length-prefixed parts, so that no two places have the same:
 * "securemail/1 wrap", purpose, organisation, object; and the version.
 */
#include "services/crypto/place.h"

#include "base/memory.h"
#include "envelope/wrap.h"

enum { AAD_BYTES_MAX = 512, PLAINTEXT_BYTES_MAX = 256, VERSION_BYTES = 4 };

static enum sm_error append_part(struct buffer *out, struct span part)
{
    TRY(buffer_append_be(out, part.size, 2));
    return buffer_append(out, part);
}

static enum sm_error place_aad(const struct place *place, struct buffer *out)
{
    TRY(append_part(out, span_text("securemail/1 wrap")));
    TRY(append_part(out, span_text(place->purpose)));
    TRY(append_part(out, place->organisation));
    TRY(append_part(out, place->object));
    return buffer_append_be(out, place->version, VERSION_BYTES);
}

enum sm_error place_wrap(
    struct span key, const struct place *place, struct span plaintext, struct buffer *out)
{
    struct buffer aad DEFER(buffer_free) = BUFFER(AAD_BYTES_MAX);
    if (plaintext.size > PLAINTEXT_BYTES_MAX)
        return SM_TOO_LARGE;
    TRY(place_aad(place, &aad));
    TRY(buffer_append_be(out, place->version, VERSION_BYTES));
    return wrap_seal(key, buffer_span(&aad), plaintext, out);
}

enum sm_error place_unwrap(
    struct span key, const struct place *place, struct span wrapped, struct secret **out)
{
    struct buffer aad DEFER(buffer_free) = BUFFER(AAD_BYTES_MAX);
    struct buffer plaintext DEFER(buffer_free) = BUFFER(PLAINTEXT_BYTES_MAX);
    TRY(place_aad(place, &aad));
    struct span blob = span_slice(wrapped, VERSION_BYTES, wrapped.size);
    TRY(wrap_open(key, buffer_span(&aad), blob, &plaintext));
    return secret_copy(buffer_span(&plaintext), out);
}

enum sm_error place_version(struct span wrapped, uint64_t *out)
{
    uint64_t version = 0;
    if (wrapped.size < VERSION_BYTES || wrapped.size > PLACE_WRAPPED_BYTES_MAX)
        return SM_TAMPERED;
    for (size_t i = 0; i < VERSION_BYTES; i++)
        version = version << 8 | wrapped.at[i];
    *out = version;
    return SM_OK;
}
