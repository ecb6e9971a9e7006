/* inet_pton reads; what stands around an address (brackets, port, mask) is cut off before. */
#include "base/network.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

enum { MAPPED_BITS = 96, ALL_BITS = 128, CLIENT_BYTES = 8 };

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

static bool is_mapped(const struct ip *ip)
{
    return memcmp(ip->bytes, mapped, sizeof mapped) == 0;
}

static size_t place_of(struct span text, uint8_t letter)
{
    const uint8_t *at = text.size ? memchr(text.at, letter, text.size) : NULL;
    return at ? (size_t)(at - text.at) : text.size;
}

/* Digits only, no sign, no leading zero, at most `most`. */
static enum sm_error read_digits(struct span text, unsigned most, unsigned *out)
{
    unsigned number = 0;
    if (text.size == 0 || text.size > 5 || (text.size > 1 && text.at[0] == '0'))
        return SM_BAD_FORMAT;
    for (size_t i = 0; i < text.size; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return SM_BAD_FORMAT;
        number = number * 10 + (unsigned)(text.at[i] - '0');
    }
    *out = number;
    return number <= most ? SM_OK : SM_BAD_FORMAT;
}

/* The host in "host", "host:port" (one colon: IPv4) or "[host]:port". */
static enum sm_error without_port(struct span text, struct span *out)
{
    unsigned port;
    struct span after;
    bool has_brackets = text.size > 0 && text.at[0] == '[';
    size_t end = place_of(text, has_brackets ? ']' : ':');
    if (has_brackets) {
        *out = span_slice(text, 1, end > 0 ? end - 1 : 0);
        after = span_slice(text, end + 1, text.size);
        if (end == text.size)
            return SM_BAD_FORMAT;
    } else {
        after = span_slice(text, end, text.size);
        bool has_port =
            after.size && place_of(span_slice(after, 1, after.size), ':') + 1 == after.size;
        *out = has_port ? span_slice(text, 0, end) : text;
        if (!has_port)
            return SM_OK;
    }
    if (after.size == 0)
        return SM_OK;
    return after.at[0] == ':' ? read_digits(span_slice(after, 1, after.size), 65535, &port)
                              : SM_BAD_FORMAT;
}

enum sm_error ip_read(struct span text, struct ip *out)
{
    char host[IP_TEXT_BYTES] = "";
    struct span bare;
    struct ip ip = {{0}};
    TRY(without_port(text, &bare));
    if (bare.size == 0 || bare.size >= sizeof host || memchr(bare.at, '\0', bare.size))
        return SM_BAD_FORMAT;
    memcpy(host, bare.at, bare.size);
    if (inet_pton(AF_INET6, host, ip.bytes) != 1) {
        memcpy(ip.bytes, mapped, sizeof mapped);
        if (inet_pton(AF_INET, host, ip.bytes + sizeof mapped) != 1)
            return SM_BAD_FORMAT;
    }
    *out = ip;
    return SM_OK;
}

enum sm_error ip_of(const struct sockaddr *socket, struct ip *out)
{
    struct sockaddr_in ip4;
    struct sockaddr_in6 ip6;
    if (socket->sa_family == AF_INET) {
        memcpy(&ip4, socket, sizeof ip4);
        memcpy(out->bytes, mapped, sizeof mapped);
        memcpy(out->bytes + sizeof mapped, &ip4.sin_addr, 4);
        return SM_OK;
    }
    if (socket->sa_family != AF_INET6)
        return SM_BAD_FORMAT;
    memcpy(&ip6, socket, sizeof ip6);
    memcpy(out->bytes, &ip6.sin6_addr, sizeof out->bytes);
    return SM_OK;
}

bool ip_is_loopback(const struct ip *ip)
{
    static const struct ip ip6 = {{[15] = 1}};
    return is_mapped(ip) ? ip->bytes[sizeof mapped] == 127
                         : memcmp(ip->bytes, ip6.bytes, sizeof ip6.bytes) == 0;
}

struct ip ip_of_client(struct ip ip)
{
    if (!is_mapped(&ip))
        memset(ip.bytes + CLIENT_BYTES, 0, sizeof ip.bytes - CLIENT_BYTES);
    return ip;
}

void ip_write(const struct ip *ip, char out[static IP_TEXT_BYTES])
{
    bool is_ip4 = is_mapped(ip);
    const uint8_t *bytes = ip->bytes + (is_ip4 ? sizeof mapped : 0);
    out[0] = '\0';
    (void)inet_ntop(is_ip4 ? AF_INET : AF_INET6, bytes, out, IP_TEXT_BYTES);
}

/* --- networks --- */

static bool is_bit_set(const struct ip *ip, unsigned bit)
{
    return ip->bytes[bit / 8] & (0x80U >> bit % 8);
}

enum sm_error network_read(struct span text, struct network *out)
{
    size_t slash = place_of(text, '/');
    struct network network = {.bits = ALL_BITS};
    TRY(ip_read(span_slice(text, 0, slash), &network.ip));
    unsigned before = is_mapped(&network.ip) ? MAPPED_BITS : 0;
    if (slash < text.size) {
        TRY(read_digits(span_slice(text, slash + 1, text.size), ALL_BITS - before, &network.bits));
        network.bits += before;
    }
    for (unsigned bit = network.bits; bit < ALL_BITS; bit++)
        if (is_bit_set(&network.ip, bit))
            return SM_BAD_FORMAT;
    *out = network;
    return SM_OK;
}

bool network_has(const struct network *network, const struct ip *ip)
{
    for (unsigned bit = 0; bit < network->bits; bit++)
        if (is_bit_set(&network->ip, bit) != is_bit_set(ip, bit))
            return false;
    return true;
}
