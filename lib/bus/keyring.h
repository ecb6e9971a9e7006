/* What lib/bus itself needs of the loaded keys. Not for services. */
#ifndef SM_BUS_KEYRING_H
#define SM_BUS_KEYRING_H

#include "bus/keys.h"
#include "bus/wire.h"

/* The one in use, and the one beside it while a peer changes its own (key_change.h). */
enum { BUS_KEYS_OF_A_PEER = 2 };

/* The context of this process's clients; lives as long as the keys. */
struct wire_context *bus_keys_clients(const struct bus_keys *keys);

/* Options with this process's own pair; a client adds server_key. */
struct wire_options bus_keys_options(const struct bus_keys *keys, enum wire_kind kind);

/*
 * A public key of a peer (32 bytes, living as long as the keys), or NULL when there is none. Each
 * of the two may be the one that a process of that peer has: both are tried, both are let in.
 */
const uint8_t *bus_keys_public_at(const struct bus_keys *keys, enum peer peer, size_t which);

/* The one of them that the peer had before it began to change its key. */
const uint8_t *bus_keys_public(const struct bus_keys *keys, enum peer peer);

/* This process's own; NULL where it is not one of `self`'s: then its peers do not know it either.
 */
const uint8_t *bus_keys_own(const struct bus_keys *keys, enum peer self);
#define BUS_KEYS_OWN_UNKNOWN "no .pub of the service fits its own .key"

/* Whose key it is; PEER_NONE for a stranger's. */
enum peer bus_keys_owner(const struct bus_keys *keys, struct span public_key);

#endif
