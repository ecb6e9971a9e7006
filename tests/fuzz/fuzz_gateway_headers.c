/*
 * Range, tus metadata, numbers, cookies, and what chooses the form of a page, out of hostile bytes:
 * what is accepted is within bounds.
 */
#include "base/memory.h"
#include "proto/limits.h"
#include "services/gateway/access.h"
#include "services/gateway/pages.h"
#include "services/gateway/range.h"
#include "services/gateway/request.h"
#include "services/gateway/tus_headers.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool is_so)
{
    if (!is_so)
        abort();
}

/* Only a form that is there, and only one that was asked for; known only by its own name. */
static void choose_form(struct span header)
{
    static const struct page page = {.tag = "tag", .forms = {[FORM_GZIP] = {.size = 1}}};
    enum page_form form = page_choose(&page, header);
    require(form != FORM_BR);
    require(form == FORM_PLAIN || memmem(header.at, header.size, "gzip", 4));
    require(!page_is_known(&page, FORM_GZIP, header) ||
            memmem(header.at, header.size, "\"tag-gzip\"", 10));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = span_of(data, size);
    struct range range = {0};
    bool is_part = false;
    uint64_t number = 0;
    const uint64_t whole = size ? (uint64_t)data[0] * 1000 : 0;
    if (range_read(text, whole, &is_part, &range) == SM_OK && is_part)
        require(range.size > 0 && range.from < whole && range.size <= whole - range.from);
    choose_form(text);
    if (tus_part(text, &number) == SM_OK)
        require(number < PARTS_MAX);
    if (request_number(text, &number) == SM_OK)
        require(number <= INT64_MAX);
    struct span cookie = cookie_value(text, "securemail-session");
    require(cookie.size == 0 || (cookie.at >= data && cookie.at + cookie.size <= data + size));
    return 0;
}
