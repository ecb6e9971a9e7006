/* The tag is the beginning of a hash: what is the same has the same, in whatever gateway. */
#include "services/gateway/tagged.h"

#include "base/encode.h"
#include "base/memory.h"
#include "envelope/kdf.h"

#include <inttypes.h>

enum { DIGEST_BYTES = 16, TIME_BYTES_MAX = 40 };

enum sm_error tagged_add_time(struct buffer *body, int64_t now_ms)
{
    return buffer_format(body, "\"now_ms\":%" PRIi64 "}", now_ms);
}

enum sm_error tagged_without_time(const struct buffer *body, int64_t now_ms, struct span *out)
{
    struct buffer time DEFER(buffer_free) = BUFFER(TIME_BYTES_MAX);
    TRY(tagged_add_time(&time, now_ms));
    *out = span_slice(buffer_span(body), 0, body->size - time.size);
    return SM_OK;
}

enum sm_error tagged_name(struct span body, struct buffer *out)
{
    uint8_t digest[KDF_SHA256_BYTES];
    TRY(kdf_sha256(body, digest));
    TRY(buffer_append_text(out, "\""));
    TRY(base64url_encode(span_of(digest, DIGEST_BYTES), out));
    return buffer_append_text(out, "\"");
}

enum sm_error answer_tagged(struct exchange *exchange, const struct buffer *tag)
{
    TRY(answer_header(exchange, "ETag", "%.*s", (int)tag->size, (const char *)tag->bytes));
    if (span_equal(exchange_header(exchange, HEADER_IF_NONE_MATCH), buffer_span(tag))) {
        buffer_clear(&exchange->answer.body);
        answer_empty(exchange, 304);
    } else {
        answer_json(exchange, 200);
    }
    return SM_OK;
}
