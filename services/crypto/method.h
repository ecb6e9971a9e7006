/*
 * THE table of ways to prove who one is. A row says what a proof must hold and how it is checked;
 * a new method (SMS, TOTP, an identity provider) is a bit in proto/sealed.h, a row here, and a
 * check. A check is in two halves: what is slow runs outside a transaction, what must not happen
 * twice runs inside the one that holds the link's lock.
 */
#ifndef SM_CRYPTO_METHOD_H
#define SM_CRYPTO_METHOD_H

#include "services/crypto/link.h"

/* One attempt: who, with what, when. */
struct attempt {
    const struct worker *worker;
    const struct link *link;
    struct span password, code; /* empty where the method does not ask for it */
    int64_t now_ms;
};

/* SM_OK, SM_WRONG_SECRET; anything else: it could not be checked, and does not count. */
typedef enum sm_error method_check_fn(const struct attempt *attempt);

struct method_rule {
    enum method method;
    const char *name;                  /* in the log */
    unsigned level;                    /* of assurance: more is stronger */
    bool asks_password;                /* the sender gives one, the recipient types it */
    bool asks_code;                    /* a code is mailed when the recipient asks */
    method_check_fn *outside, *inside; /* NULL: nothing to check there */
};

/* The row of a method; NULL when there is none. */
const struct method_rule *method_find(uint64_t method);

/* A proof that has exactly what the method asks for. Others cost no attempt. */
bool method_fits(const struct method_rule *rule, struct span password, struct span code);

#endif
