/* The Range header (RFC 9110 section 14), one byte range. */
#ifndef SM_GATEWAY_RANGE_H
#define SM_GATEWAY_RANGE_H

#include "base/error.h"
#include "base/span.h"

struct range {
    uint64_t from, size; /* bytes; size is never 0 */
};

/*
 * "bytes=a-b", "bytes=a-", "bytes=-n" of a body of `whole` bytes. SM_OK with *is_part false: serve
 * the whole (no header, another unit, or several ranges, which a server may ignore). SM_BAD_VALUE:
 * not satisfiable (416).
 */
SM_MUST_USE enum sm_error range_read(
    struct span header, uint64_t whole, bool *is_part, struct range *out);

#endif
