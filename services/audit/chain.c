/* The chain's one hash. The domain word keeps it apart from every other use of SHA-256 here. */
#include "services/audit/chain.h"

#include "base/encode.h"
#include "envelope/kdf.h"

#include <string.h>

static const char domain[] = "securemail/1 entry"; /* its closing NUL is part of it */

const struct hash chain_start = {{0}};

struct hash_text hash_text(const struct hash *hash)
{
    struct hash_text out = {{0}};
    hex_encode(SPAN(hash->bytes), out.text);
    return out;
}

bool hash_equal(const struct hash *a, const struct hash *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

enum sm_error hash_from_bytes(struct span bytes, struct hash *out)
{
    if (bytes.size != sizeof out->bytes)
        return SM_BAD_FORMAT;
    memcpy(out->bytes, bytes.at, bytes.size);
    return SM_OK;
}

enum sm_error chain_hash(struct span entry, struct hash *out)
{
    uint8_t covered[sizeof domain + AUDIT_ENTRY_BYTES_MAX];
    if (entry.size > AUDIT_ENTRY_BYTES_MAX)
        return SM_TOO_LARGE;
    memcpy(covered, domain, sizeof domain);
    if (entry.size)
        memcpy(covered + sizeof domain, entry.at, entry.size);
    return kdf_sha256(span_of(covered, sizeof domain + entry.size), out->bytes);
}
