/* One hash over unambiguous bytes: the salt has a fixed size, the name is length-prefixed. */
#include "services/audit/commitment.h"

#include "base/buffer.h"
#include "base/memory.h"
#include "envelope/kdf.h"

enum { COVERED_BYTES_MAX = 1024 };

enum sm_error commitment_make(const uint8_t salt[static COMMITMENT_SALT_BYTES], struct span name,
    struct span value, struct hash *out)
{
    struct buffer covered DEFER(buffer_free) = BUFFER(COVERED_BYTES_MAX);
    if (name.size > ADDRESS_BYTES_LIMIT || value.size > ADDRESS_BYTES_LIMIT)
        return SM_TOO_LARGE;
    TRY(buffer_append_text(&covered, "securemail/1 commitment"));
    TRY(buffer_append(&covered, span_of(salt, COMMITMENT_SALT_BYTES)));
    TRY(buffer_append_be(&covered, name.size, 4));
    TRY(buffer_append(&covered, name));
    TRY(buffer_append(&covered, value));
    return kdf_sha256(buffer_span(&covered), out->bytes);
}
