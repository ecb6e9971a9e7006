/*
 * The rotation of a key that wraps rows: a new version is taken into use, then what is behind is
 * wrapped anew in batches, each a transaction of its own, while everything goes on; when nothing is
 * behind the old version is destroyed. The state is in the tables alone: more than one version is
 * there while a rotation is under way, and a row says under which version it is. So it can stop
 * anywhere, and be gone on with by anybody.
 *
 * A kind of key is a table of the functions below; rotation.c runs it, for the operator (rotate.c)
 * and for an administrator (rotate_own.c).
 */
#ifndef SM_CRYPTO_ROTATION_H
#define SM_CRYPTO_ROTATION_H

#include "proto/crypto.h"
#include "services/crypto/crypto.h"

/*
 * Where rows are wrapped. `take` gives and locks at most ROTATION_BATCH of them: $1 organisation
 * (or NULL), $2 old version, $3 behind which name; the first column is the row's name, in whose
 * order they come. It passes over rows that are locked: who never waits while it holds locks is in
 * nobody's way; a later pass has them. `behind` counts: $1 organisation, $2 old version.
 */
struct wrapped_table {
    struct statement take, behind;
    /* SM_TAMPERED: the row does not open. */
    enum sm_error (*rewrap)(const struct worker *worker, struct id organisation,
        const struct db_rows *rows, size_t row);
    /* Says so, outside a transaction. */
    void (*report)(const struct worker *worker, struct span name);
};
enum { ROTATION_BATCH = 100, ROTATION_NAME_BYTES_MAX = 64 };
#define ROTATION_LIMIT " LIMIT 100"

/* All but `versions` in the caller's transaction. */
struct rotated {
    const char *name; /* in the log: "organisation key" */
    bool is_of_organisation;
    const struct wrapped_table *tables;
    size_t tables_count;
    enum sm_error (*versions)(struct db *db, struct id organisation, struct key_versions *out);
    /* The next version; only if no rotation is under way, under a lock that keeps it so. */
    enum sm_error (*begin)(
        const struct worker *worker, struct arena *arena, struct id organisation);
    /* Who still wraps under the old version is waited for, and nobody does after. */
    enum sm_error (*lock_old)(struct db *db, struct id organisation);
    enum sm_error (*destroy_old)(struct db *db, struct id organisation);
    /* After the commit of `begin`; NULL: nothing. */
    enum sm_error (*begun)(const struct worker *worker);
};

extern const struct rotated rotated_organisation, rotated_master, rotated_hpke;

struct rotating;

/* Who works on it: how the log names him, and how a transaction of his is committed and waited for
 * until the log has `event`. */
struct rotation_party {
    enum sm_error (*add_event)(const struct rotating *rotating, struct audit_event *event);
    enum sm_error (*commit)(
        const struct rotating *rotating, struct db_transaction *tx, struct id event);
};

/* One rotation, while it is worked on. */
struct rotating {
    const struct worker *worker;
    struct arena *arena;
    const struct rotated *kind;
    struct id organisation;
    struct key_versions versions; /* as rotation_look saw them */
    const struct rotation_party *party;
    void *call; /* the party's own */
};

/* Reads which versions there are. */
SM_MUST_USE enum sm_error rotation_look(struct rotating *rotating);
bool rotation_is_under_way(const struct rotating *rotating);

/* Takes the next version into use in `tx`, which the party began, logs it and commits.
 * SM_REPLAYED: one is under way already. */
SM_MUST_USE enum sm_error rotation_begin(struct rotating *rotating, struct db_transaction *tx);

/* Of one that is under way: wraps rows anew for about a second, and destroys the old version when
 * none is behind. SM_BUSY: somebody holds a row for long; what was done is kept. */
SM_MUST_USE enum sm_error rotation_step(struct rotating *rotating, struct key_rewrap_reply *reply);

/* How many rows are under the old version. */
SM_MUST_USE enum sm_error rotation_behind(const struct rotating *rotating, uint64_t *out);

#endif
