/*
 * A few database connections, lent to the handlers that read. Appending has many handlers waiting
 * and needs none of these; so there are fewer connections than workers.
 */
#ifndef SM_AUDIT_READERS_H
#define SM_AUDIT_READERS_H

#include "db/connection.h"

struct readers;
/* Connections are opened when they are first needed. Caller owns *out. */
SM_MUST_USE enum sm_error readers_new(const char *conninfo, size_t count, struct readers **out);
void readers_free(struct readers **readers);

/* A loan: struct reader reader DEFER(reader_return) = {0}; TRY(reader_borrow(readers, 1000,
 * &reader)); reader.db is the borrower's until it goes back. SM_BUSY when none is free in time. */
struct reader {
    struct readers *readers;
    struct db *db;
    size_t place;
};
SM_MUST_USE enum sm_error reader_borrow(
    struct readers *readers, int64_t timeout_ms, struct reader *out);
void reader_return(struct reader *reader);

#endif
