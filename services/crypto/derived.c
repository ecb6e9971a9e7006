/* Every part has its length in front, so no two lists of parts give the same bytes. */
#include "services/crypto/derived.h"

#include "base/buffer.h"
#include "base/memory.h"
#include "envelope/kdf.h"

enum { INPUT_BYTES_MAX = 1024 };

enum sm_error derived_id(const char *word, const struct span *parts, size_t count, struct id *out)
{
    uint8_t hash[KDF_SHA256_BYTES];
    struct buffer text DEFER(buffer_free) = BUFFER(INPUT_BYTES_MAX);
    TRY(buffer_append_text(&text, "securemail/1 id"));
    TRY(buffer_append_text(&text, word));
    TRY(buffer_append_u8(&text, 0));
    for (size_t i = 0; i < count; i++) {
        TRY(buffer_append_be(&text, parts[i].size, 4));
        TRY(buffer_append(&text, parts[i]));
    }
    TRY(kdf_sha256(buffer_span(&text), hash));
    return id_from_bytes(span_of(hash, ID_BYTES), out);
}

enum sm_error derived_from(const char *word, struct id from, struct id *out)
{
    struct span part = id_span(&from);
    return derived_id(word, &part, 1, out);
}

enum sm_error derived_end(const char *word, struct id message, struct id link, struct id *out)
{
    const struct span parts[] = {id_span(&message), id_span(&link)};
    return derived_id(word, parts, id_is_none(link) ? 1 : 2, out);
}
