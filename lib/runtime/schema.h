/*
 * A program starts only on the database schema that it was built for. Which migrations that is, is
 * the list of names in db/migrations when it was built. A database that has one more was migrated
 * by a newer release: this one would write what that one does not expect. One that lacks a name was
 * not migrated yet.
 */
#ifndef SM_RUNTIME_SCHEMA_H
#define SM_RUNTIME_SCHEMA_H

#include "base/error.h"

/* SM_CONFIG, with cause and remedy in the log, when the names are not the same; SM_UNAVAILABLE when
 * the database does not answer. */
SM_MUST_USE enum sm_error schema_check(const char *conninfo);

#endif
