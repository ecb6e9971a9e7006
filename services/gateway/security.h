/* The headers that every answer has (SECURITY 5): nothing may run, frame, sniff, refer or keep it.
 */
#ifndef SM_GATEWAY_SECURITY_H
#define SM_GATEWAY_SECURITY_H

#include <stddef.h>

struct constant_header {
    const char *name, *value;
};
extern const struct constant_header security_headers[];
extern const size_t security_headers_count;

/* Only where the gateway speaks TLS itself. */
extern const struct constant_header transport_security;

#endif
