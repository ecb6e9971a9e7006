/* Links as text. Parsing is strict: fixed widths, one alphabet, nothing before or behind. */
#include "envelope/link.h"

#include <string.h>

#include "base/encode.h"
#include "base/memory.h"
#include "base/secret.h"
#include "envelope/kdf.h"

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
    PORT_DIGITS_MAX = 5,
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

static bool is_letter(uint8_t byte, const char *others)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || (byte && strchr(others, byte));
}

/* Takes letters from the front of *rest while they are letters, digits or in `others`. */
static struct span take_letters(struct span *rest, const char *others)
{
    size_t size = 0;
    while (size < rest->size && is_letter(rest->at[size], others))
        size++;
    struct span taken = span_slice(*rest, 0, size);
    *rest = span_slice(*rest, size, rest->size);
    return taken;
}

/* "host" or "[address]" from the front of *rest, empty when there is neither. */
static struct span take_host(struct span *rest)
{
    struct span whole = *rest;
    if (!starts_with(whole, "["))
        return take_letters(rest, ".-");
    *rest = span_slice(*rest, 1, rest->size);
    struct span address = take_letters(rest, ":.");
    if (!starts_with(*rest, "]"))
        return span_of(NULL, 0);
    *rest = span_slice(*rest, 1, rest->size);
    return span_slice(whole, 0, address.size + 2);
}

/* Takes ":digits" if it is there; false for a colon without a port. */
static bool take_port(struct span *rest)
{
    if (!starts_with(*rest, ":"))
        return true;
    size_t size = 1;
    while (size < rest->size && rest->at[size] >= '0' && rest->at[size] <= '9')
        size++;
    *rest = span_slice(*rest, size, rest->size);
    return size > 1 && size <= 1 + PORT_DIGITS_MAX;
}

/* http is for one machine only: nothing of it crosses a network. */
static bool is_this_machine(struct span host)
{
    return span_equals_text(host, "localhost") || span_equals_text(host, "127.0.0.1") ||
           span_equals_text(host, "[::1]");
}

bool link_is_base(struct span base)
{
    bool is_tls = starts_with(base, "https://");
    if (base.size > LINK_BASE_BYTES_MAX || (!is_tls && !starts_with(base, "http://")))
        return false;
    struct span rest = span_slice(base, is_tls ? 8 : 7, base.size);
    struct span host = take_host(&rest);
    if (host.size == 0 || !take_port(&rest) || (!is_tls && !is_this_machine(host)))
        return false;
    if (rest.size == 0)
        return true;
    bool is_path = rest.at[0] == '/' && rest.at[rest.size - 1] != '/';
    (void)take_letters(&rest, "/-._~");
    return is_path && rest.size == 0;
}

static enum sm_error append_link(
    struct span base, const char *path, const struct link_parts *link, struct buffer *out)
{
    TRY(buffer_append(out, base));
    TRY(buffer_append_text(out, path));
    TRY(buffer_format(out, "%c.%s.", VERSION, id_text(link->id).text));
    TRY(base64url_encode(SPAN(link->secret), out));
    TRY(buffer_append_u8(out, '.'));
    return base64url_encode(SPAN(link->pin), out);
}

static enum sm_error format(
    struct span base, const char *path, const struct link_parts *link, struct buffer *out)
{
    if (!link_is_base(base) || id_is_none(link->id))
        return SM_BAD_VALUE;
    size_t before = out->size;
    enum sm_error error = append_link(base, path, link, out);
    if (error != SM_OK)
        buffer_truncate(out, before);
    return error;
}

enum sm_error link_format(struct span base, const struct link_parts *link, struct buffer *out)
{
    return format(base, page, link, out);
}

enum sm_error link_format_reset(struct span base, const struct link_parts *link, struct buffer *out)
{
    return format(base, "/reset#", link, out);
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
