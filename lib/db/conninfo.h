/* Where a connection string leads, for who must allow it beforehand. */
#ifndef SM_DB_CONNINFO_H
#define SM_DB_CONNINFO_H

#include "base/error.h"

enum db_place {
    DB_PLACE_HOST, /* a name or an address; or the folder of a socket, which begins with '/' */
    DB_PLACE_PORT, /* in decimal */
    DB_PLACE_FILE, /* a certificate, a key, a list of either, or the file of passwords */
};

/* `text` is borrowed for the call. */
typedef enum sm_error db_place_fn(void *context, enum db_place place, const char *text);

/*
 * Calls `visit` for everything that `conninfo`, and libpq's own variables of the environment where
 * it is silent, lead to; hosts that are addresses too. SM_CONFIG when libpq does not understand it
 * (its reason is logged), else the first error of `visit`.
 */
SM_MUST_USE enum sm_error db_conninfo_places(
    const char *conninfo, db_place_fn *visit, void *context);

#endif
