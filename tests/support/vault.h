/*
 * A crypto process without its sockets, for tests: a database of its own, an open keyring and HPKE
 * keys, and one worker. The password pool, the relays and the rest stay NULL until a test sets
 * them.
 */
#ifndef SM_TESTS_SUPPORT_VAULT_H
#define SM_TESTS_SUPPORT_VAULT_H

#include "services/crypto/crypto.h"
#include "tests/support/database.h"

#define VAULT_MASTER_KEY "6f0ec3a7916b2d58f4e08a1c35d7b96270419cfb8e23a5d64b17f0823ce95d1a"

struct vault {
    struct database *database;
    struct crypto crypto;
    struct worker worker;
};

SM_MUST_USE enum sm_error vault_open(struct vault *out);
void vault_close(struct vault *vault);

/* A new organisation "Clinic" with its key, straight into the tables. */
SM_MUST_USE enum sm_error vault_organisation(const struct vault *vault, struct id *out);

/* Milliseconds by the database's clock; fails the test when it cannot be read. */
int64_t vault_now_ms(const struct vault *vault);

#endif
