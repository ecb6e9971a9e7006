/* Spelling: the parts are cut out, written anew, and what results must be an address of links. */
#include "cli/address.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The parts of "scheme://host:port/path", as they stand in the text. */
struct parts {
    bool is_tls;
    struct span host, port, path;
};

static struct span until(const char *from, const char *to)
{
    return span_of(from, (size_t)(to - from));
}

static bool cut(const char *typed, struct parts *out)
{
    out->is_tls = strncasecmp(typed, "https://", 8) == 0;
    if (!out->is_tls && strncasecmp(typed, "http://", 7) != 0)
        return false;
    const char *host = typed + (out->is_tls ? 8 : 7);
    const char *path = host + strcspn(host, "/?#");
    const char *bracket = memchr(host, ']', (size_t)(path - host));
    const char *from = bracket ? bracket : host;
    const char *colon = memchr(from, ':', (size_t)(path - from));
    const char *end = path + strlen(path);
    while (end > path && end[-1] == '/')
        end--;
    out->host = until(host, colon ? colon : path);
    out->port = colon ? until(colon + 1, path) : span_of(NULL, 0);
    out->path = until(path, end);
    return true;
}

static void lower(char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (text[i] >= 'A' && text[i] <= 'Z')
            text[i] = (char)(text[i] - 'A' + 'a');
}

enum sm_error address_canonical(const char *typed, char out[static LINK_BASE_BYTES_MAX + 1])
{
    struct parts parts;
    if (strlen(typed) > LINK_BASE_BYTES_MAX || !cut(typed, &parts))
        return SM_BAD_VALUE;
    if (parts.host.size && parts.host.at[parts.host.size - 1] == '.')
        parts.host.size--;
    if (parts.host.size && parts.host.at[parts.host.size - 1] == '.')
        return SM_BAD_VALUE; /* no host; with one dot fewer it would be another spelling */
    while (parts.port.size > 1 && parts.port.at[0] == '0')
        parts.port = span_slice(parts.port, 1, parts.port.size);
    bool is_usual = span_equals_text(parts.port, parts.is_tls ? "443" : "80");
    bool has_port = parts.port.at && !is_usual; /* "host:" keeps its colon, and is refused below */
    int size = snprintf(out, LINK_BASE_BYTES_MAX + 1, "%s://%.*s%s%.*s%.*s",
        parts.is_tls ? "https" : "http", SPAN_PRINT(parts.host), has_port ? ":" : "",
        has_port ? (int)parts.port.size : 0, has_port ? (const char *)parts.port.at : "",
        SPAN_PRINT(parts.path));
    lower(out, strlen(out) - parts.path.size);
    return size <= LINK_BASE_BYTES_MAX && link_is_base(span_text(out)) ? SM_OK : SM_BAD_VALUE;
}
