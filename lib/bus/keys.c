/* The CURVE keys of the bus as a process has them, and the one client context of the process. */
#include "bus/keys.h"

#include "base/memory.h"
#include "bus/key_folder.h"
#include "bus/keyring.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static const enum peer all_peers[] = {
    PEER_GATEWAY, PEER_CRYPTO, PEER_NOTIFIER, PEER_RETENTION, PEER_AUDIT, PEER_OPERATOR};
enum { PEERS = sizeof all_peers / sizeof all_peers[0] };
static const char *const public_endings[BUS_KEYS_OF_A_PEER] = {KEY_PUBLIC, KEY_PUBLIC_NEXT};

struct known_key {
    uint8_t bytes[WIRE_KEY_BYTES];
    bool is_there;
};

struct bus_keys {
    enum peer self;
    uint8_t own_public[WIRE_KEY_BYTES];
    struct secret *own_secret;
    struct known_key known[PEERS][BUS_KEYS_OF_A_PEER];
    struct wire_context *clients;
};

/* --- reading --- */

static enum sm_error read_own(const char *directory, struct bus_keys *keys)
{
    struct key_path path = key_path_of(directory, keys->self, KEY_SECRET);
    TRY(secret_new(WIRE_KEY_BYTES, &keys->own_secret));
    enum sm_error error = key_read(&path, true, secret_bytes(keys->own_secret));
    if (error == SM_NOT_FOUND)
        return key_file_fault(&path, SM_CONFIG, "is missing: make the keys with securemail-keys");
    TRY(error);
    return wire_key_public(secret_bytes(keys->own_secret), keys->own_public);
}

static enum sm_error read_one(const struct key_path *path, struct known_key *out)
{
    enum sm_error error = key_read(path, false, out->bytes);
    out->is_there = error == SM_OK;
    return error == SM_NOT_FOUND ? SM_OK : error;
}

static enum sm_error read_known(const char *directory, struct bus_keys *keys)
{
    for (size_t i = 0; i < PEERS; i++)
        for (size_t which = 0; which < BUS_KEYS_OF_A_PEER; which++) {
            struct key_path path = key_path_of(directory, all_peers[i], public_endings[which]);
            TRY(read_one(&path, &keys->known[i][which]));
        }
    return SM_OK;
}

enum sm_error bus_keys_load(const char *directory, enum peer self, struct bus_keys **out)
{
    void *memory;
    TRY(memory_zeroed(1, sizeof(struct bus_keys), &memory));
    struct bus_keys *keys DEFER(bus_keys_free) = memory;
    keys->self = self;
    TRY(read_own(directory, keys));
    TRY(read_known(directory, keys));
    TRY(wire_context_new(&keys->clients));
    *out = TAKE(keys);
    return SM_OK;
}

void bus_keys_free(struct bus_keys **keys)
{
    if (!*keys)
        return;
    wire_context_free(&(*keys)->clients);
    secret_free(&(*keys)->own_secret);
    memory_free(keys);
}

/* --- use, inside lib/bus --- */

struct wire_context *bus_keys_clients(const struct bus_keys *keys)
{
    return keys->clients;
}

struct wire_options bus_keys_options(const struct bus_keys *keys, enum wire_kind kind)
{
    return (struct wire_options){.kind = kind,
        .public_key = keys->own_public,
        .secret_key = secret_span(keys->own_secret).at};
}

const uint8_t *bus_keys_public_at(const struct bus_keys *keys, enum peer peer, size_t which)
{
    for (size_t i = 0; i < PEERS; i++)
        if (all_peers[i] == peer && which < BUS_KEYS_OF_A_PEER && keys->known[i][which].is_there)
            return keys->known[i][which].bytes;
    return NULL;
}

const uint8_t *bus_keys_public(const struct bus_keys *keys, enum peer peer)
{
    return bus_keys_public_at(keys, peer, 0);
}

enum peer bus_keys_owner(const struct bus_keys *keys, struct span public_key)
{
    for (size_t i = 0; i < PEERS; i++)
        for (size_t which = 0; which < BUS_KEYS_OF_A_PEER; which++) {
            const struct known_key *key = &keys->known[i][which];
            if (key->is_there && span_equal(public_key, SPAN(key->bytes)))
                return all_peers[i];
        }
    return PEER_NONE;
}

const uint8_t *bus_keys_own(const struct bus_keys *keys, enum peer self)
{
    return bus_keys_owner(keys, SPAN(keys->own_public)) == self ? keys->own_public : NULL;
}

/* --- making --- */

enum sm_error bus_keys_make(const char *directory)
{
    if (mkdir(directory, 0700) != 0 && errno != EEXIST) {
        struct key_path path = key_path_of(directory, PEER_GATEWAY, KEY_SECRET);
        return key_file_fault(&path, SM_CONFIG, strerror(errno));
    }
    for (size_t i = 0; i < PEERS; i++) {
        struct key_path secret_path = key_path_of(directory, all_peers[i], KEY_SECRET);
        struct key_path public_path = key_path_of(directory, all_peers[i], KEY_PUBLIC);
        TRY(key_make_pair(&secret_path, &public_path));
    }
    return SM_OK;
}
