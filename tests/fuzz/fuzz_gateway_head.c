/*
 * A whole head: "method path name: value\n...", as the server would hand it over. Whatever comes is
 * refused with an error answer that is complete, or admitted within the limits of a route.
 */
#include "base/memory.h"
#include "services/gateway/access.h"
#include "services/gateway/request.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Cuts what stands before `end` off the text; an empty span at the end of it. */
static struct span cut(struct span *text, char end)
{
    const uint8_t *at = text->size ? memchr(text->at, end, text->size) : NULL;
    size_t size = at ? (size_t)(at - text->at) : text->size;
    struct span part = span_slice(*text, 0, size);
    *text = span_slice(*text, size + 1, text->size);
    return part;
}

static const char *as_text(struct span part, struct buffer *out)
{
    const char *text = NULL;
    if (buffer_append(out, part) != SM_OK || buffer_text(out, &text) != SM_OK)
        return NULL; /* the server never hands over a NUL */
    return text;
}

static void gather(struct request_gather *gather, struct span text)
{
    while (text.size) {
        struct span value = cut(&text, '\n');
        struct span name = cut(&value, ':');
        bool goes_on = name.size && name.at[0] == '?'
                           ? request_gather_query(gather, span_slice(name, 1, name.size), value)
                           : request_gather_header(gather, name, value);
        if (!goes_on)
            return;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct gateway gateway = {.is_enabled = size % 2 == 0};
    struct span text = span_of(data, size);
    struct exchange exchange DEFER(exchange_clear) = {0};
    struct request_gather gathered = {.exchange = &exchange};
    struct buffer method_text DEFER(buffer_free) = BUFFER(4096);
    struct buffer path_text DEFER(buffer_free) = BUFFER(4096);
    exchange_init(&exchange);
    const char *method = as_text(cut(&text, ' '), &method_text);
    const char *path = as_text(cut(&text, ' '), &path_text);
    if (!method || !path || request_gather_path(&gathered, path) != SM_OK)
        return 0;
    gather(&gathered, text);
    enum sm_error error = request_admit(&gathered, method, &gateway);
    if (error == SM_OK) {
        if (!exchange.route || exchange.content_length > exchange.route->body_bytes_max)
            abort();
        return 0;
    }
    answer_error(&exchange, error);
    if (request_note_allowed(&exchange) != SM_OK || exchange.answer.status < 400)
        abort();
    return 0;
}
