/*
 * What tests of the bus share: a folder of fresh CURVE keys with room for ipc endpoints, raw peers
 * that are let in but need not keep to the protocol, and a raw server that says whatever its script
 * says. All sockets are real, with CURVE.
 */
#ifndef SM_TESTS_SUPPORT_BUS_H
#define SM_TESTS_SUPPORT_BUS_H

#include "bus/keyring.h"
#include "bus/zap.h"
#include "proto/header.h"

#include <pthread.h>
#include <stdatomic.h>

struct test_keys {
    char directory[64];
    struct bus_keys *notifier, *crypto, *gateway;
};
SM_MUST_USE enum sm_error test_keys_open(struct test_keys *out);
void test_keys_close(struct test_keys *keys);

struct test_endpoint {
    char text[WIRE_ENDPOINT_BYTES];
};
/* ipc://<folder>/<name> */
struct test_endpoint test_endpoint(const struct test_keys *keys, const char *name);

/* Waits until something is in flight no longer: true as soon as `is_so` says so, at most 20 s. */
bool test_soon(bool (*is_so)(void *context), void *context);

/* A DEALER with `keys` at the notifier's endpoint, let in. The caller closes it. */
struct wire *test_peer(const struct bus_keys *keys, const char *endpoint);

/* The next message, waited for at most 20 s; NULL when none comes. The caller frees it. */
struct wire_message *test_receive(struct wire *wire);

/* A notifier that is all script: a ROUTER with its own ZAP handler and a thread. */
struct test_server;
typedef void test_script(struct test_server *server, struct wire_message *request);
struct test_server {
    struct wire_context *context;
    struct zap *zap;
    struct wire *router; /* of the thread while it runs */
    pthread_t thread;
    test_script *script; /* in the thread, for each message; NULL: silence */
    void *data;          /* the script's */
    atomic_int requests;
    atomic_bool is_stopping;
};
void test_server_start(struct test_server *server, const struct test_keys *keys,
    const char *endpoint, test_script *script, void *data);
void test_server_stop(struct test_server *server);

/* For scripts: a reply to `request` with `header` and `fields`. */
void test_answer(struct test_server *server, struct wire_message *request,
    const struct header *header, struct span fields);
/* The header of a good answer to `request`. */
struct header test_answer_header(struct wire_message *request);

#endif
