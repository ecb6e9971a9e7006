/* Where the web server listens and with which certificate, read from the configuration's text. */
#ifndef SM_GATEWAY_LISTEN_H
#define SM_GATEWAY_LISTEN_H

#include "base/address.h"
#include "base/buffer.h"

struct listen_facts {
    struct address address;
    bool is_ipv6;
    struct buffer certificate, key; /* PEM; empty: plain http */
};
enum { CERTIFICATE_BYTES_MAX = 256 * 1024, CERTIFICATE_KEY_BYTES_MAX = 64 * 1024 };
#define LISTEN_FACTS        \
    ((struct listen_facts){ \
        .certificate = BUFFER(CERTIFICATE_BYTES_MAX), .key = BUFFER(CERTIFICATE_KEY_BYTES_MAX)})
void listen_facts_free(struct listen_facts *facts);

/*
 * `listen`: "127.0.0.1:8480", "0.0.0.0:443", "[::1]:8480". Both files or none. SM_CONFIG with one
 * clear log line.
 */
SM_MUST_USE enum sm_error listen_read(
    const char *listen, const char *certificate, const char *key, struct listen_facts *out);

#endif
