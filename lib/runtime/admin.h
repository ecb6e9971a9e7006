/*
 * The admin endpoint of a service, for orchestrators and monitoring: exactly GET /livez, /readyz
 * and /metrics over HTTP/1.x, nothing else. It is not a web server and links none, so that crypto
 * can have it: a peer's first line, of 1 KiB at most, is compared with three constant lines, the
 * rest is read over, one answer is written, the connection ends.
 *
 * One thread of its own, a few connections, a deadline for each: whatever peers do, the service is
 * not held up, and answers here come late by that deadline at most. What it says holds no address,
 * name, secret or id; still it belongs on a loopback or a monitoring network
 * (SECURE_MAIL_ADMIN_LISTEN).
 */
#ifndef SM_RUNTIME_ADMIN_H
#define SM_RUNTIME_ADMIN_H

#include "base/buffer.h"

#include <stdint.h>

struct admin;
struct admin_options {
    const char *listen;  /* "127.0.0.1:9300"; port 0: a free one */
    const char *service; /* whose metrics */
    /* True when it can do its work; else appends the reasons, a line each. Must not block. */
    bool (*is_ready)(void *context, struct buffer *reasons);
    void *context;
    int64_t deadline_ms; /* of one connection; 0: 2 s */
};

/* Binds and starts the thread. SM_CONFIG, logged, when it cannot listen there. Caller owns *out. */
SM_MUST_USE enum sm_error admin_start(const struct admin_options *options, struct admin **out);
void admin_stop(struct admin **admin);

/* Where it listens: the port that it was given. */
uint16_t admin_port(const struct admin *admin);

#endif
