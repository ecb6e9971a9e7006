/*
 * A client and a gateway in one, for tests of sealed operations: makes the request as the command
 * line does, hands it to on_carry, opens the reply.
 *
 *     struct answer answer DEFER(answer_free) = ANSWER;
 *     struct ask ask = {.operation = "renew", .message = &request};
 *     assert_error(ask_crypto(&vault, &ask, &answer), SM_OK);
 *     const struct expires_reply *reply = answer.reply;
 */
#ifndef SM_TESTS_SUPPORT_ASK_H
#define SM_TESTS_SUPPORT_ASK_H

#include "envelope/sealed.h"
#include "proto/crypto.h"
#include "proto/sealed.h"
#include "tests/support/vault.h"

struct ask {
    const char *operation;
    const void *message;     /* its struct sealed_meta is filled in where the request id is none */
    struct sealed_aad clear; /* the part that the gateway sees */
    int64_t call_ms;         /* how long the gateway waits; 0: 2 seconds (ask_crypto) */
};

struct answer {
    struct carry_reply effects;
    struct failure failure; /* when the outcome is an error */
    const void *reply;      /* when it is SM_OK: the operation's reply struct */
    struct arena arena;     /* all of it lives here */
    struct buffer plaintext;
};
#define ANSWER \
    ((struct answer){.arena = ARENA(1 << 20), .plaintext = BUFFER(SEALED_REQUEST_BYTES_MAX)})
void answer_free(struct answer *answer);

/* The whole way. Returns the outcome; fails the test when the reply does not open or decode. */
enum sm_error ask_crypto(struct vault *vault, const struct ask *ask, struct answer *out);

/* The halves, for tests that keep, alter or repeat a frame. */
struct sealed_ask {
    struct buffer frame;
    struct sealed_exchange *exchange;
};
void sealed_ask_free(struct sealed_ask *sealed);
struct sealed_ask ask_seal(struct vault *vault, const struct ask *ask);
/* The same for a plaintext as it is. */
struct sealed_ask ask_seal_raw(struct vault *vault, const struct ask *ask, struct span plaintext);
/* `worker`: NULL for the vault's own. The bus error; the outcome is in out->effects. */
enum sm_error ask_carry(
    const struct worker *worker, const char *operation, struct span frame, struct answer *out);
void ask_open(const struct ask *ask, const struct sealed_ask *sealed, struct answer *out);

#endif
