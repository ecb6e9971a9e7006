/* The fixed first frame of every bus message. */
#include "proto/header.h"

#include <string.h>

static void write_be(uint8_t *out, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        out[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
}

static uint64_t read_be(const uint8_t *at, size_t bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++)
        value = value << 8 | at[i];
    return value;
}

void header_write(const struct header *header, uint8_t out[static HEADER_BYTES])
{
    out[0] = HEADER_VERSION;
    out[1] = header->is_reply;
    write_be(out + 2, header->operation, 2);
    write_be(out + 4, header->error, 2);
    write_be(out + 6, 0, 2);
    memcpy(out + 8, header->request.bytes, ID_BYTES);
    memcpy(out + 24, header->idempotency.bytes, ID_BYTES);
    write_be(out + 40, (uint64_t)header->deadline_ms, 8);
    write_be(out + 48, header->trace, 8);
}

enum sm_error header_read(struct span bytes, struct header *out)
{
    if (bytes.size != HEADER_BYTES || bytes.at[0] != HEADER_VERSION || bytes.at[1] > 1 ||
        read_be(bytes.at + 6, 2) != 0)
        return SM_BAD_FORMAT;
    struct header header = {
        .is_reply = bytes.at[1] == 1,
        .operation = (uint16_t)read_be(bytes.at + 2, 2),
        .deadline_ms = (int64_t)read_be(bytes.at + 40, 8),
        .trace = read_be(bytes.at + 48, 8),
    };
    uint64_t error = read_be(bytes.at + 4, 2);
    if (error >= SM_ERROR_COUNT || (!header.is_reply && error != SM_OK) ||
        header.operation % 2 != (header.is_reply ? 1 : 0))
        return SM_BAD_FORMAT;
    header.error = (enum sm_error)error;
    memcpy(header.request.bytes, bytes.at + 8, ID_BYTES);
    memcpy(header.idempotency.bytes, bytes.at + 24, ID_BYTES);
    *out = header;
    return SM_OK;
}
