/*
 * Hostile messages into the one unpacker, by every table of the bus and of the sealed operations:
 * the first byte chooses the table. What is accepted is packed again as the very same bytes, since
 * a message has one spelling.
 */
#include "proto/catalog.h"
#include "proto/sealed.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARENA_BYTES = 4 * 1024 * 1024, STRUCT_BYTES_MIN = 16 };

/* Requests and replies in turn, first the bus's, then the sealed ones. */
static const struct fields *table(size_t number)
{
    size_t index = number / 2;
    bool is_reply = number % 2;
    if (index < catalog_count)
        return is_reply ? catalog[index].reply : catalog[index].request;
    const struct sealed_operation *operation = &sealed_operations[index - catalog_count];
    return is_reply ? operation->reply : operation->request;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const struct fields *fields = table(data[0] % (2 * (catalog_count + sealed_operations_count)));
    struct span bytes = span_of(data + 1, size - 1);
    struct arena arena DEFER(arena_free) = ARENA(ARENA_BYTES);
    struct buffer again DEFER(buffer_free) = BUFFER(size);
    void *message;
    size_t room = fields->struct_size < STRUCT_BYTES_MIN ? STRUCT_BYTES_MIN : fields->struct_size;
    if (arena_take(&arena, 1, room, &message) != SM_OK)
        abort();
    if (fields_decode(fields, bytes, &arena, message) != SM_OK)
        return 0;
    if (fields_encode(fields, message, &again) != SM_OK || !span_equal(buffer_span(&again), bytes))
        abort();
    return 0;
}
