/*
 * The ports, hosts and files that the settings of a service lead to. Endpoints of the bus, web
 * addresses, the relay's URL and the database's connection string all end up here.
 */
#ifndef SM_CAGE_PLACES_H
#define SM_CAGE_PLACES_H

#include "cage/table.h"

#include <stdbool.h>

enum { CAGE_PORTS_MAX = 64, CAGE_PATHS_MAX = 16 };

struct cage_place_list {
    uint16_t ports[2][CAGE_PORTS_MAX]; /* by enum cage_direction */
    size_t ports_count[2];
    char *database_files[CAGE_PATHS_MAX]; /* owned */
    size_t database_files_count;
    bool has_s3;            /* ciphertext lies in a bucket of a server */
    bool has_names;         /* a host that must be looked up */
    bool has_local_sockets; /* the database or a peer is reached by a socket in a folder */
};

/* SM_CONFIG for a database setting that libpq does not understand, SM_TOO_LARGE for more places
 * than there is room for. An endpoint that is not understood is left out: who uses it says so. */
SM_MUST_USE enum sm_error cage_places_read(
    enum peer self, const struct settings *settings, struct cage_place_list *out);
void cage_places_free(struct cage_place_list *places);

/* Whether a row counts: before everything is open (`is_ready` false), or after. */
bool cage_counts(const struct cage_place_list *places, enum cage_when when, bool is_ready);

#endif
