/*
 * The one catalogue of the bus: every operation, who serves it, who may call it, how large it may
 * be, its fields and its answer. docs/protocol.md is printed from it, every service's handler table
 * is checked against it, and the bus refuses what is not in it before a handler runs.
 *
 * A request's number is even; its reply is that number + 1. Numbers are frozen: an operation that
 * is dropped leaves its number unused.
 */
#ifndef SM_PROTO_CATALOG_H
#define SM_PROTO_CATALOG_H

#include "proto/field.h"

/* The processes that speak on the bus, each with a CURVE key of its own. Bits: sets are masks. */
enum peer {
    PEER_NONE = 0,
    PEER_GATEWAY = 1,
    PEER_CRYPTO = 2,
    PEER_NOTIFIER = 4,
    PEER_RETENTION = 8,
    PEER_AUDIT = 16,
    PEER_OPERATOR = 32, /* securemail-admin at crypto's local socket */
    PEERS_ALL = 63,
};
const char *peer_name(enum peer peer);      /* "gateway", ...; "unknown" for anything else */
enum peer peer_from_name(struct span name); /* PEER_NONE when none has that name */

enum operation {
    OP_PING = 0x0002,
    OP_KEYS = 0x0100,
    OP_CARRY = 0x0102,
    OP_FEED = 0x0104,
    OP_KNOWN = 0x0106,
    OP_DUE = 0x0110,
    OP_DESTROY = 0x0112,
    OP_PURGED = 0x0114,
    OP_ORG_CREATE = 0x0120,
    OP_ORG_LIST = 0x0122,
    OP_USER_CREATE = 0x0124,
    OP_USER_DISABLE = 0x0126,
    OP_USER_PASSWORD = 0x0128,
    OP_POLICY_SET = 0x012a,
    OP_KEY_STATUS = 0x012c,
    OP_USER_RESET = 0x012e,
    OP_KEY_ROTATE = 0x0130,
    OP_KEY_REWRAP = 0x0132,
    OP_MAIL_RELEASE = 0x0140,
    OP_SUITE_STATUS = 0x0142,
    OP_ENQUEUE = 0x0200,
    OP_CANCEL = 0x0202,
    OP_DELIVERY_FEED = 0x0204,
    OP_PURGE = 0x0300,
    OP_SWEEP_STATUS = 0x0302,
    OP_APPEND = 0x0400,
    OP_QUERY = 0x0402,
    OP_EXPORT = 0x0404,
    OP_CHECKPOINT = 0x0406,
    OP_EVIDENCE = 0x0408,
    OP_ERASE = 0x040a,
    OP_PROVE = 0x040c,
    OP_DECLARATION = 0x040e,
};

/*
 * What makes a request that is asked twice act once. A caller that got no answer asks again, of the
 * same replica or of another, so each operation has one of these; there is no "not repeatable".
 */
enum repeat {
    REPEAT_READS = 1, /* it changes nothing */
    REPEAT_SAME,      /* its effect is a state: asked again, that state is there already */
    REPEAT_BY_ITEM,   /* what it carries has ids of its own, and each id is taken once */
    REPEAT_BY_KEY,    /* by the header's idempotency key, which the dispatcher demands, and which
                         the handler records in the transaction of the effect */
};
const char *repeat_name(enum repeat repeat); /* a phrase for docs/protocol.md */

struct operation_rule {
    enum operation number;
    const char *name;   /* e.g. "crypto_carry" */
    unsigned servers;   /* peers that serve it */
    unsigned callers;   /* peers that may call it */
    uint32_t bytes_max; /* of the request's second frame */
    enum repeat repeat;
    const struct fields *request, *reply;
    const char *sentence; /* what it promises */
};
extern const struct operation_rule catalog[];
extern const size_t catalog_count;

/* The rule of a request number, NULL when there is none. */
const struct operation_rule *catalog_find(uint16_t number);

struct ping_request {
    char none;
};
struct ping_reply {
    struct span service;
    bool is_active; /* false: a standby */
};
extern const struct fields ping_request, ping_reply;

#endif
