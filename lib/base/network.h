/*
 * Addresses of clients and networks of proxies, of either family in one form: 16 bytes, IPv4 as
 * ::ffff:a.b.c.d. Numeric only.
 */
#ifndef SM_BASE_NETWORK_H
#define SM_BASE_NETWORK_H

#include "base/error.h"
#include "base/span.h"

#include <sys/socket.h>

struct ip {
    uint8_t bytes[16];
};
enum { IP_TEXT_BYTES = 46 };

/* "192.0.2.1", "2001:db8::1", also with a port ("192.0.2.1:80", "[2001:db8::1]:80"). SM_BAD_FORMAT.
 */
SM_MUST_USE enum sm_error ip_read(struct span text, struct ip *out);

/* SM_BAD_FORMAT for any family but IPv4 and IPv6. */
SM_MUST_USE enum sm_error ip_of(const struct sockaddr *socket, struct ip *out);

bool ip_is_loopback(const struct ip *ip);

/* The part by which one client is told from another: of IPv6 the first 64 bits, which one household
 * or host has to itself. */
struct ip ip_of_client(struct ip ip);

/* As people write it. */
void ip_write(const struct ip *ip, char out[static IP_TEXT_BYTES]);

struct network {
    struct ip ip;
    unsigned bits; /* of the 128 */
};

/* "10.0.0.0/8", "2001:db8::/32", or one address. SM_BAD_FORMAT, also for bits beyond the mask. */
SM_MUST_USE enum sm_error network_read(struct span text, struct network *out);
bool network_has(const struct network *network, const struct ip *ip);

#endif
