/*
 * Raw libzmq: DEALER to ROUTER over tcp and back with CURVE, 256 bytes, one thread at each end.
 * Usage: round_trip IN-FLIGHT SECONDS
 */
#include "bench/limit/limit.h"

#include <pthread.h>
#include <string.h>
#include <zmq.h>

enum { KEY_TEXT = 41, MESSAGE_BYTES = 256, ENDPOINT_BYTES = 64 };

struct keys {
    char server_public[KEY_TEXT], server_secret[KEY_TEXT];
    char client_public[KEY_TEXT], client_secret[KEY_TEXT];
};

static void set(void *socket, int option, const void *value, size_t size)
{
    if (zmq_setsockopt(socket, option, value, size) != 0)
        limit_fail(zmq_strerror(zmq_errno()));
}

static void *serve(void *router)
{
    for (;;) {
        for (int more = 1; more;) {
            zmq_msg_t frame;
            (void)zmq_msg_init(&frame);
            if (zmq_msg_recv(&frame, router, 0) < 0)
                return NULL;
            more = zmq_msg_more(&frame);
            if (zmq_msg_send(&frame, router, more ? ZMQ_SNDMORE : 0) < 0)
                return NULL;
        }
    }
}

static void *open_server(void *context, const struct keys *keys, char endpoint[ENDPOINT_BYTES])
{
    void *router = zmq_socket(context, ZMQ_ROUTER);
    const int one = 1;
    size_t size = ENDPOINT_BYTES;
    set(router, ZMQ_CURVE_SERVER, &one, sizeof one);
    set(router, ZMQ_CURVE_SECRETKEY, keys->server_secret, KEY_TEXT);
    if (zmq_bind(router, "tcp://127.0.0.1:*") != 0 ||
        zmq_getsockopt(router, ZMQ_LAST_ENDPOINT, endpoint, &size) != 0)
        limit_fail(zmq_strerror(zmq_errno()));
    return router;
}

static void *open_client(void *context, const struct keys *keys, const char *endpoint)
{
    void *dealer = zmq_socket(context, ZMQ_DEALER);
    set(dealer, ZMQ_CURVE_SERVERKEY, keys->server_public, KEY_TEXT);
    set(dealer, ZMQ_CURVE_PUBLICKEY, keys->client_public, KEY_TEXT);
    set(dealer, ZMQ_CURVE_SECRETKEY, keys->client_secret, KEY_TEXT);
    if (zmq_connect(dealer, endpoint) != 0)
        limit_fail(zmq_strerror(zmq_errno()));
    return dealer;
}

static double measure(void *dealer, long in_flight, double seconds)
{
    char message[MESSAGE_BYTES] = {0};
    long count = 0;
    double now;
    if (zmq_send(dealer, message, sizeof message, 0) < 0 ||
        zmq_recv(dealer, message, sizeof message, 0) < 0) /* connected, and warm */
        limit_fail("the round trip");
    for (long i = 0; i < in_flight; i++)
        (void)zmq_send(dealer, message, sizeof message, 0);
    double begun = limit_now();
    for (; (now = limit_now()) - begun < seconds; count++)
        if (zmq_recv(dealer, message, sizeof message, 0) < 0 ||
            zmq_send(dealer, message, sizeof message, 0) < 0)
            limit_fail("the round trip");
    return (double)count / (now - begun);
}

int main(int argc, char **argv)
{
    struct keys keys;
    char endpoint[ENDPOINT_BYTES];
    pthread_t server;
    if (argc != 3)
        limit_fail("usage: round_trip IN-FLIGHT SECONDS");
    if (zmq_curve_keypair(keys.server_public, keys.server_secret) != 0 ||
        zmq_curve_keypair(keys.client_public, keys.client_secret) != 0)
        limit_fail("no CURVE");
    void *context = zmq_ctx_new();
    void *router = open_server(context, &keys, endpoint);
    void *dealer = open_client(context, &keys, endpoint);
    if (pthread_create(&server, NULL, serve, router) != 0)
        limit_fail("no thread");
    limit_say(measure(dealer, strtol(argv[1], NULL, 10), strtod(argv[2], NULL)));
    return 0; /* the sockets end with the process */
}
