/*
 * How much ciphertext an organisation has stored. Counted in shards, so that two sends do not wait
 * for each other's commit; the sum may lag by what is being sent at this very moment, which a limit
 * of a hundred gigabytes can bear.
 */
#ifndef SM_CRYPTO_USAGE_H
#define SM_CRYPTO_USAGE_H

#include "db/connection.h"

SM_MUST_USE enum sm_error usage_bytes(struct db *db, struct id organisation, int64_t *out);
/* Its two halves, for who runs it together with others (db_run_all); $1 organisation. */
const struct statement *usage_statement(void);
SM_MUST_USE enum sm_error usage_read(const struct db_rows *rows, int64_t *out);

/* Adds (or, negative, takes off) bytes, inside the caller's transaction. */
SM_MUST_USE enum sm_error usage_add(struct db *db, struct id organisation, int64_t bytes);

#endif
