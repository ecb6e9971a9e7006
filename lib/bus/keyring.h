/* What lib/bus itself needs of the loaded keys. Not for services. */
#ifndef SM_BUS_KEYRING_H
#define SM_BUS_KEYRING_H

#include "bus/keys.h"
#include "bus/wire.h"

/* The context of this process's clients; lives as long as the keys. */
struct wire_context *bus_keys_clients(const struct bus_keys *keys);

/* Options with this process's own pair; a client adds server_key. */
struct wire_options bus_keys_options(const struct bus_keys *keys, enum wire_kind kind);

/* The public key of a peer (32 bytes, living as long as the keys), or NULL when there is none. */
const uint8_t *bus_keys_public(const struct bus_keys *keys, enum peer peer);

/* Whose key it is; PEER_NONE for a stranger's. */
enum peer bus_keys_owner(const struct bus_keys *keys, struct span public_key);

#endif
