/*
 * Hostile bytes as an address of every kind: of a person (what goes into a mail header), of a
 * server as it is typed, and of a socket in configuration. What is accepted can do no harm where it
 * is used, and what is canonical stays so.
 */
#include "base/address.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/address.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT_BYTES_MAX = 1024 };

static void demand(bool is_true)
{
    if (!is_true)
        abort();
}

/* Printable ASCII, one @ with something on both sides, and nothing that a header could read as
 * more. */
static void check_person(struct span text)
{
    if (!text_is_address(text))
        return;
    const uint8_t *at = memchr(text.at, '@', text.size);
    demand(text.size <= 254 && at && at > text.at && at + 1 < text.at + text.size);
    demand(!memchr(at + 1, '@', (size_t)(text.at + text.size - at - 1)));
    for (size_t i = 0; i < text.size; i++)
        demand(text.at[i] > 0x20 && text.at[i] < 0x7f && !strchr("<>(),;:\"\\[]", text.at[i]));
}

static void check_server(const char *typed)
{
    char once[LINK_BASE_BYTES_MAX + 1];
    char twice[LINK_BASE_BYTES_MAX + 1];
    if (address_canonical(typed, once) != SM_OK)
        return;
    demand(address_canonical(once, twice) == SM_OK);
    demand(strcmp(once, twice) == 0);
    demand(strncmp(once, "http", 4) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[TEXT_BYTES_MAX + 1];
    struct address socket_address;
    struct buffer shown DEFER(buffer_free) = BUFFER(16 * TEXT_BYTES_MAX);
    size_t used = size < TEXT_BYTES_MAX ? size : TEXT_BYTES_MAX;
    memcpy(text, data, used);
    text[used] = '\0';
    check_person(span_of(data, used));
    check_server(text);
    if (address_read(text, &socket_address) == SM_OK)
        demand(strchr(text, ':') && socket_address.size > 0);
    if (text_show(span_of(data, used), false, &shown) == SM_OK)
        for (size_t i = 0; i < shown.size; i++)
            demand(shown.bytes[i] >= 0x20 && shown.bytes[i] != 0x7f);
    return 0;
}
