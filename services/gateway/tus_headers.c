/* One pair, because the server may know nothing else of a part than its number. */
#include "services/gateway/tus_headers.h"

#include "base/encode.h"
#include "base/memory.h"
#include "services/gateway/request.h"

#include <string.h>

#include "proto/limits.h"

enum { DECODED_BYTES_MAX = 8 };

enum sm_error tus_part(struct span metadata, uint64_t *out)
{
    static const char key[] = "part ";
    struct buffer digits DEFER(buffer_free) = BUFFER(DECODED_BYTES_MAX);
    uint64_t part = 0;
    if (metadata.size == 0)
        return SM_BAD_FORMAT;
    if (memchr(metadata.at, ',', metadata.size) || metadata.size < strlen(key) ||
        !span_equals_text(span_slice(metadata, 0, strlen(key)), key))
        return SM_NOT_ALLOWED;
    TRY(base64_decode(span_slice(metadata, strlen(key), metadata.size), &digits));
    if (digits.size > 1 && digits.bytes[0] == '0')
        return SM_BAD_FORMAT;
    TRY(request_number(buffer_span(&digits), &part));
    if (part >= PARTS_MAX)
        return SM_BAD_VALUE;
    *out = part;
    return SM_OK;
}
