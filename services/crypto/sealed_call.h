/*
 * Sealed operations: the table says what each needs, the dispatcher (sealed_call.c) proves it
 * before the handler runs. For every carried frame it: opens the sealed request; decodes exactly
 * the operation's fields; checks the time token; proves the session (NEEDS_USER with a role,
 * NEEDS_VERIFIED) or the link secret of a live link (NEEDS_LIVE_LINK); runs the handler; and seals
 * reply or failure. Unknown, expired, revoked and deleted links all end as SM_GONE with equal work.
 *
 * A handler does its effect in one transaction that begins with call_begin (which writes the
 * request id: a replay fails there with SM_REPLAYED) and ends with call_commit; events go in
 * between with call_event. What must be in the log before the answer is waited for by call_release.
 * A handler with a second transaction (the outcome of a check that was reserved in the first)
 * begins that with db_begin and ends it with call_commit.
 */
#ifndef SM_CRYPTO_SEALED_CALL_H
#define SM_CRYPTO_SEALED_CALL_H

#include "bus/server.h"
#include "proto/crypto.h"
#include "proto/sealed.h"
#include "services/crypto/crypto.h"

/* A signed-in user, proven. */
struct user {
    struct id user, organisation, session;
    uint64_t roles;
    struct span email, name; /* live in the call's arena */
    int64_t expires_ms;      /* of the session */
};

struct link;
struct message;

struct sealed_call {
    struct worker *worker;
    struct arena *arena; /* for what the reply points to */
    int64_t now_ms;      /* the database's clock at the start of the call */
    int64_t timeout_ms;  /* left for this call at its start */
    int64_t until_ms;    /* its end by clock_monotonic_ms: later nobody waits for the answer */
    struct sealed_meta meta;
    struct sealed_aad aad;
    struct user user;        /* NEEDS_USER */
    struct link_proof link;  /* NEEDS_LIVE_LINK: its secret is proven, its row is live */
    const struct link *live; /* that row, as the proof found it, in the arena */
    const struct message
        *live_message; /* and its message's: what decides is locked and read anew */
    struct session_proof
        session; /* NEEDS_USER: proven; NEEDS_VERIFIED: to be, by the handler's link_session_load */
    struct carry_reply *effects; /* typed effects in clear for the gateway */
    struct failure *failure;     /* what a client is told when the handler fails */
};

typedef enum sm_error sealed_handler_fn(struct sealed_call *call, const void *message, void *reply);

enum sealed_needs {
    NEEDS_NOTHING,   /* login */
    NEEDS_USER,      /* a user's session with one of the row's roles */
    NEEDS_LIVE_LINK, /* the link's secret */
    NEEDS_VERIFIED,  /* a recipient's session, after a passed check */
};

struct sealed_handler {
    const char *operation; /* of proto/sealed.c */
    enum sealed_needs needs;
    unsigned roles; /* NEEDS_USER: any of these */
    sealed_handler_fn *run;
};
/* THE table: services/crypto/sealed_handlers.c. */
extern const struct sealed_handler sealed_handlers[];
extern const size_t sealed_handlers_count;

/* The bus handler of OP_CARRY. */
bus_handler_fn on_carry;

/* Begins the transaction of the effect and makes this request unrepeatable. */
SM_MUST_USE enum sm_error call_begin(struct sealed_call *call, struct db_transaction *tx);
/* Commits, wakes the relays, tells the gateway that facts changed. */
SM_MUST_USE enum sm_error call_commit(struct sealed_call *call, struct db_transaction *tx);
/* Adds an audit event inside the transaction; fills at_ms, and event with a new id if none. */
SM_MUST_USE enum sm_error call_event(struct sealed_call *call, struct audit_event *event);
/* Waits until audit has `event`. SM_UNAVAILABLE fails closed: nothing may be released. */
SM_MUST_USE enum sm_error call_release(struct sealed_call *call, struct id event);

#endif
