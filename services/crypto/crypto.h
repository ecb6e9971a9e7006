/*
 * What the crypto process holds. `struct crypto` is made in main, shared by all worker threads and
 * read-only after start (its parts lock for themselves); `struct worker` belongs to one thread.
 */
#ifndef SM_CRYPTO_CRYPTO_H
#define SM_CRYPTO_CRYPTO_H

#include "base/rate.h"
#include "db/outbox.h"
#include "runtime/settings.h"
#include "services/crypto/keyring.h"
#include "services/crypto/password.h"

#include <stdatomic.h>

struct hpke_keys;  /* hpke_keys.h: the live HPKE keys, shared by all replicas through vault */
struct mail_relay; /* mail.h: mail jobs to the notifier */
struct journal;    /* journal.h: what was erased, outside the database */

struct crypto {
    const struct settings *settings;
    const struct bus_keys *bus_keys;
    struct keyring *keyring;
    struct hpke_keys *hpke;
    struct password_pool *passwords;
    struct rate *links;        /* how often a link or its session may ask; NULL: no limit */
    struct relay *events;      /* audit events: log before release */
    struct mail_relay *mail;   /* mail jobs */
    struct journal *journal;   /* of erasures */
    const char *base_url;      /* of links, where an organisation has none of its own */
    atomic_flag rotation_turn; /* held by the one administrator's step that is at work */
    uint8_t letter_public[65]; /* the notifier's key that mail jobs are sealed to */
};

struct worker {
    struct crypto *crypto;
    struct db *db;
};

/* The event table of schema vault. */
extern const struct outbox vault_outbox;

#endif
