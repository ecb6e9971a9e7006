/* Links as text. Parsing is strict: fixed widths, one alphabet, nothing before or behind. */
#include "envelope/link.h"

#include "base/encode.h"
#include "base/memory.h"
#include "base/secret.h"
#include "envelope/kdf.h"

#include <string.h>

static const char page[] = "/m#";
enum {
    VERSION = '1',
    ID_AT = 2,
    SECRET_AT = ID_AT + 32 + 1,
    PIN_AT = SECRET_AT + 43 + 1,
    ID_DIGITS = 32,
    SECRET_LETTERS = 43,
    PIN_LETTERS = 22,
    PAGE_BYTES = sizeof page - 1,
};

void link_wipe(struct link_parts *link)
{
    explicit_bzero(link, sizeof *link);
}

enum sm_error link_secret(
    struct span key, struct id id, uint32_t generation, uint8_t out[static LINK_SECRET_BYTES])
{
    if (key.size != LINK_KEY_BYTES)
        return SM_BAD_VALUE;
    uint8_t message[ID_BYTES + 4];
    memcpy(message, id.bytes, ID_BYTES);
    for (size_t i = 0; i < 4; i++)
        message[ID_BYTES + i] = (uint8_t)(generation >> (24 - 8 * i));
    return kdf_hmac_sha256(key, SPAN(message), out);
}

static bool starts_with(struct span text, const char *start)
{
    return span_equals_text(span_slice(text, 0, strlen(start)), start);
}

/* http is for one machine only: nothing of it crosses a network. */
static bool is_this_machine(struct span authority)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t size = strlen(names[i]);
        if (starts_with(authority, names[i]) &&
            (authority.size == size || authority.at[size] == ':'))
            return true;
    }
    return false;
}

/* Letters of a host, port and path; no '@', '?', '#', '%', '\\', space or control. */
static bool is_base_letter(uint8_t letter)
{
    static const char others[] = "-._~:/[]";
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || (letter && strchr(others, letter));
}

bool link_is_base(struct span base)
{
    if (base.size > LINK_BASE_BYTES_MAX)
        return false;
    bool is_tls = starts_with(base, "https://");
    if (!is_tls && !starts_with(base, "http://"))
        return false;
    struct span rest = span_slice(base, is_tls ? 8 : 7, base.size);
    if (rest.size == 0 || rest.at[0] == '/' || rest.at[0] == ':' || rest.at[rest.size - 1] == '/')
        return false;
    for (size_t i = 0; i < rest.size; i++)
        if (!is_base_letter(rest.at[i]))
            return false;
    const uint8_t *slash = memchr(rest.at, '/', rest.size);
    size_t authority_size = slash ? (size_t)(slash - rest.at) : rest.size;
    return is_tls || is_this_machine(span_slice(rest, 0, authority_size));
}

static enum sm_error append_link(
    struct span base, const struct link_parts *link, struct buffer *out)
{
    TRY(buffer_append(out, base));
    TRY(buffer_append_text(out, page));
    TRY(buffer_format(out, "%c.%s.", VERSION, id_text(link->id).text));
    TRY(base64url_encode(SPAN(link->secret), out));
    TRY(buffer_append_u8(out, '.'));
    return base64url_encode(SPAN(link->pin), out);
}

enum sm_error link_format(struct span base, const struct link_parts *link, struct buffer *out)
{
    if (!link_is_base(base) || id_is_none(link->id))
        return SM_BAD_VALUE;
    size_t before = out->size;
    enum sm_error error = append_link(base, link, out);
    if (error != SM_OK)
        buffer_truncate(out, before);
    return error;
}

/* Exactly `size` bytes out of base64url. */
static enum sm_error decode_exactly(struct span text, uint8_t *out, size_t size)
{
    struct buffer bytes DEFER(buffer_free) = BUFFER(size);
    TRY(base64url_decode(text, &bytes));
    if (bytes.size != size)
        return SM_BAD_FORMAT;
    memcpy(out, bytes.bytes, size);
    return SM_OK;
}

static enum sm_error parse_fragment(struct span text, struct link_parts *out)
{
    if (text.size != LINK_FRAGMENT_BYTES || text.at[0] != VERSION || text.at[1] != '.' ||
        text.at[SECRET_AT - 1] != '.' || text.at[PIN_AT - 1] != '.')
        return SM_BAD_FORMAT;
    struct link_parts link DEFER(link_wipe) = {0};
    TRY(id_parse(span_slice(text, ID_AT, ID_DIGITS), &link.id));
    if (id_is_none(link.id))
        return SM_BAD_FORMAT;
    TRY(decode_exactly(
        span_slice(text, SECRET_AT, SECRET_LETTERS), link.secret, sizeof link.secret));
    TRY(decode_exactly(span_slice(text, PIN_AT, PIN_LETTERS), link.pin, sizeof link.pin));
    *out = link;
    return SM_OK;
}

enum sm_error link_parse(struct span text, struct link_parts *out, struct span *base)
{
    const uint8_t *hash = text.size ? memchr(text.at, '#', text.size) : NULL;
    size_t before = hash ? (size_t)(hash - text.at) + 1 : 0; /* bytes up to and with '#' */
    struct span found = span_of(NULL, 0);
    if (before > 1) {
        if (before < PAGE_BYTES ||
            !span_equals_text(span_slice(text, before - PAGE_BYTES, PAGE_BYTES), page))
            return SM_BAD_FORMAT;
        found = span_slice(text, 0, before - PAGE_BYTES);
        if (!link_is_base(found))
            return SM_BAD_FORMAT;
    }
    TRY(parse_fragment(span_slice(text, before, text.size), out));
    if (base)
        *base = found;
    return SM_OK;
}
