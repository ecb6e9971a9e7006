/*
 * The first frame of every message on the bus: 56 bytes, big-endian, the same for request and
 * reply.
 *
 *   0  u8   version (1)
 *   1  u8   kind: 0 request, 1 reply
 *   2  u16  operation (even: request; a reply carries operation + 1)
 *   4  u16  error (replies; 0 = the second frame holds the reply's fields, else it is empty)
 *   6  u16  zero
 *   8  16   request id, chosen by the caller, echoed in the reply
 *  24  16   idempotency key: the same effect asked for again carries the same key; zero for reads
 *  40  u64  deadline, ms since 1970 UTC: later than this nobody waits, and the request is dropped
 *  48  u64  trace: follows one outside request through all logs
 */
#ifndef SM_PROTO_HEADER_H
#define SM_PROTO_HEADER_H

#include "base/buffer.h"
#include "base/id.h"

enum { HEADER_BYTES = 56, HEADER_VERSION = 1 };

struct header {
    bool is_reply;
    uint16_t operation;
    enum sm_error error;
    struct id request;
    struct id idempotency;
    int64_t deadline_ms;
    uint64_t trace;
};

void header_write(const struct header *header, uint8_t out[static HEADER_BYTES]);

/* SM_BAD_FORMAT for another size, version, kind, an error outside the list, an odd request. */
SM_MUST_USE enum sm_error header_read(struct span bytes, struct header *out);

#endif
