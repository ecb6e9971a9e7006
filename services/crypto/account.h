/*
 * Accounts: the people of an organisation. The row's MAC covers everything that sign-in depends
 * on, the counters of wrong passwords included. An address has one account, in lower case.
 */
#ifndef SM_CRYPTO_ACCOUNT_H
#define SM_CRYPTO_ACCOUNT_H

#include "services/crypto/crypto.h"

enum account_state { ACCOUNT_ACTIVE = 1, ACCOUNT_DISABLED = 2 };

/* The throttle of guessing: 5 wrong passwords in a row close an address for 15 minutes. */
struct attempts {
    uint64_t failures;
    int64_t locked_until_ms; /* 0: not locked */
};

struct account {
    struct id account, organisation;
    struct span email, name, verifier; /* in the arena given to the loader */
    struct span mac;                   /* as it stood in the row; likewise */
    uint64_t roles, state;
    struct attempts attempts;
    bool has_totp; /* signs in with a time-based code too: vault.totp has a confirmed row */
};

/* The address as it is stored and compared: ASCII in lower case. SM_BAD_VALUE unless
 * text_is_address. */
SM_MUST_USE enum sm_error account_address(struct arena *arena, struct span email, struct span *out);

/*
 * By address (as account_address gives it) or by id. SM_NOT_FOUND; SM_TAMPERED with *out filled
 * when the MAC is wrong: nothing may be decided by the row, but the log must name it.
 */
SM_MUST_USE enum sm_error account_by_email(
    const struct worker *worker, struct arena *arena, struct span email, struct account *out);
SM_MUST_USE enum sm_error account_by_id(
    const struct worker *worker, struct arena *arena, struct id account, struct account *out);
/* By id, outside a transaction: SM_TAMPERED is said in the log, and *out is not to be used. */
SM_MUST_USE enum sm_error account_load(
    const struct worker *worker, struct arena *arena, struct id account, struct account *out);
/* By a session that is read in the same round trip (db_run_all; $1 session), and its row; as
 * account_by_id. */
const struct statement *account_of_session_statement(void);
SM_MUST_USE enum sm_error account_read(const struct worker *worker, const struct db_rows *rows,
    struct arena *arena, struct account *out);
/* By address, with the row locked until the caller's transaction ends. */
SM_MUST_USE enum sm_error account_lock(
    const struct worker *worker, struct arena *arena, struct span email, struct account *out);

/* Writes a new row. SM_CONFLICT when the address has an account. */
SM_MUST_USE enum sm_error account_insert(
    const struct worker *worker, const struct account *account);
/* Writes name, roles, verifier, state, attempts and has_totp of a row that account_lock gave, with
 * a new MAC. */
SM_MUST_USE enum sm_error account_update(
    const struct worker *worker, const struct account *account);

/* An edited row, as a loader gave it with SM_TAMPERED: said once in the log of the organisation
 * that it names. Outside a transaction. Always SM_TAMPERED. */
SM_MUST_USE enum sm_error account_report_tampering(
    const struct worker *worker, const struct account *account);

/*
 * Ends all sessions of an account inside the caller's transaction, and tells the gateway through
 * the feed to refuse their cookies.
 */
SM_MUST_USE enum sm_error account_end_sessions(
    const struct worker *worker, const struct account *account);

#endif
