/* "address:port" as configuration has it. Numeric only: a name server has no say in where a process
 * listens. */
#ifndef SM_BASE_ADDRESS_H
#define SM_BASE_ADDRESS_H

#include "base/error.h"

#include <netinet/in.h>
#include <sys/socket.h>

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_in ip4;
        struct sockaddr_in6 ip6;
    };
    socklen_t size;
};

/* "127.0.0.1:8480", "0.0.0.0:443", "[::1]:8480", port 0 to 65535. SM_BAD_FORMAT. */
SM_MUST_USE enum sm_error address_read(const char *text, struct address *out);

#endif
