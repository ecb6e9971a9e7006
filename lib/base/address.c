/* The brackets of an IPv6 address are what tells the families apart. */
#include "base/address.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { HOST_BYTES_MAX = 64, PORT_MAX = 65535, PORT_DIGITS_MAX = 5 };

static enum sm_error read_port(const char *text, in_port_t *out)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > PORT_DIGITS_MAX || text[digits] != '\0')
        return SM_BAD_FORMAT;
    unsigned long port = strtoul(text, NULL, 10);
    if (port > PORT_MAX)
        return SM_BAD_FORMAT;
    *out = htons((in_port_t)port);
    return SM_OK;
}

enum sm_error address_read(const char *text, struct address *out)
{
    const char *colon = strrchr(text, ':');
    char host[HOST_BYTES_MAX] = "";
    in_port_t port;
    size_t size = colon ? (size_t)(colon - text) : 0;
    if (size == 0 || size >= sizeof host)
        return SM_BAD_FORMAT;
    TRY(read_port(colon + 1, &port));
    bool is_ip6 = size > 2 && text[0] == '[' && text[size - 1] == ']';
    memcpy(host, is_ip6 ? text + 1 : text, is_ip6 ? size - 2 : size);
    struct address address = {0};
    if (is_ip6) {
        address.ip6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = port};
        address.size = sizeof address.ip6;
    } else {
        address.ip4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = port};
        address.size = sizeof address.ip4;
    }
    void *place = is_ip6 ? (void *)&address.ip6.sin6_addr : (void *)&address.ip4.sin_addr;
    if (inet_pton(is_ip6 ? AF_INET6 : AF_INET, host, place) != 1)
        return SM_BAD_FORMAT;
    *out = address;
    return SM_OK;
}
