/*
 * Every configuration variable, in one table (settings.c), from which docs/configuration.md is
 * printed. Values come from the environment. One that is missing where it is required, or not
 * understood, stops the program with its name, the reason and the remedy, before anything is
 * opened; a variable SECURE_MAIL_... that is no setting is told, and left alone. Where
 * `may_be_file`, NAME_FILE names a file that holds the value (and both set is an error).
 */
#ifndef SM_RUNTIME_SETTINGS_H
#define SM_RUNTIME_SETTINGS_H

#include "base/error.h"
#include "proto/catalog.h"

enum setting {
    SETTING_ENABLED, /* SECURE_MAIL_ENABLED            "true": else the gateway says not enabled */
    SETTING_MASTER_KEY, /* SECURE_MAIL_MASTER_KEY(_FILE)  crypto: 32+ random bytes, base64 or hex */
    SETTING_MASTER_KEY_NEXT, /* SECURE_MAIL_MASTER_KEY_NEXT(_FILE)  crypto: during its rotation */
    SETTING_KEYS_DIR,        /* SECURE_MAIL_KEYS_DIR           CURVE keys, notifier's letter key */
    SETTING_CAPABILITY_DIR,  /* SECURE_MAIL_CAPABILITY_DIR     capability.pub: from crypto to audit
                              */
    SETTING_JOURNAL_DIR,     /* SECURE_MAIL_JOURNAL_DIR        crypto, audit: erasures.journal */
    SETTING_DATABASE, /* SECURE_MAIL_DATABASE           libpq conninfo of this service's role */
    SETTING_LISTEN,   /* SECURE_MAIL_LISTEN             bus endpoints, comma-separated */
    SETTING_OPERATOR_LISTEN, /* SECURE_MAIL_OPERATOR_LISTEN    crypto: ipc:// endpoint of the
                                operator */
    SETTING_CRYPTO,          /* SECURE_MAIL_CRYPTO             crypto's replicas */
    SETTING_NOTIFIER,        /* SECURE_MAIL_NOTIFIER */
    SETTING_RETENTION,       /* SECURE_MAIL_RETENTION */
    SETTING_AUDIT,           /* SECURE_MAIL_AUDIT */
    SETTING_BASE_URL,        /* SECURE_MAIL_BASE_URL           crypto: of links, e.g.
                                https://mail.example.org */
    SETTING_HTTP_LISTEN,     /* SECURE_MAIL_HTTP_LISTEN        gateway: 127.0.0.1:8480 */
    SETTING_TRUSTED_PROXIES, /* SECURE_MAIL_TRUSTED_PROXIES    gateway: whose X-Forwarded-For counts
                              */
    SETTING_ADDRESS_REQUESTS,    /* SECURE_MAIL_ADDRESS_REQUESTS   a minute, of one address */
    SETTING_ADDRESS_PROOFS,      /* SECURE_MAIL_ADDRESS_PROOFS     a minute, of one address */
    SETTING_ADDRESS_CONNECTIONS, /* SECURE_MAIL_ADDRESS_CONNECTIONS */
    SETTING_TLS_CERTIFICATE, /* SECURE_MAIL_TLS_CERTIFICATE    gateway: PEM file; empty: plain http
                              */
    SETTING_TLS_KEY,         /* SECURE_MAIL_TLS_KEY            gateway: PEM file */
    SETTING_ADMIN_LISTEN,    /* SECURE_MAIL_ADMIN_LISTEN       livez, readyz, metrics; empty: none
                              */
    SETTING_OBJECTS_DIR,     /* SECURE_MAIL_OBJECTS_DIR        gateway, retention: ciphertext */
    SETTING_OBJECTS,         /* SECURE_MAIL_OBJECTS            files | s3 */
    SETTING_S3_ENDPOINT,     /* SECURE_MAIL_S3_ENDPOINT        https://host:port */
    SETTING_S3_REGION,       /* SECURE_MAIL_S3_REGION */
    SETTING_S3_BUCKET,       /* SECURE_MAIL_S3_BUCKET */
    SETTING_S3_KEY_ID,       /* SECURE_MAIL_S3_KEY_ID */
    SETTING_S3_SECRET,       /* SECURE_MAIL_S3_SECRET(_FILE) */
    SETTING_S3_CA_FILE,      /* SECURE_MAIL_S3_CA_FILE         empty: the system's */
    SETTING_PAGES_DIR,       /* SECURE_MAIL_PAGES_DIR          gateway: what make web built */
    SETTING_GATEWAY_THREADS, /* SECURE_MAIL_GATEWAY_THREADS    epoll threads */
    SETTING_GATEWAY_WORKERS, /* SECURE_MAIL_GATEWAY_WORKERS    threads that wait for bus and
                                database */
    SETTING_CRYPTO_WORKERS,  /* SECURE_MAIL_CRYPTO_WORKERS */
    SETTING_ARGON2_KIB,      /* SECURE_MAIL_ARGON2_KIB         47104 */
    SETTING_ARGON2_PASSES,   /* SECURE_MAIL_ARGON2_PASSES      1 */
    SETTING_ARGON2_WORKERS,  /* SECURE_MAIL_ARGON2_WORKERS     2 */
    SETTING_ARGON2_QUEUE,    /* SECURE_MAIL_ARGON2_QUEUE       waiting hashes before "busy" */
    SETTING_UNDO_S,   /* SECURE_MAIL_UNDO_S             seconds a notification waits for an undo */
    SETTING_SMTP_URL, /* SECURE_MAIL_SMTP_URL           smtp://host:port or smtps://host:port */
    SETTING_SMTP_TLS, /* SECURE_MAIL_SMTP_TLS           required | never */
    SETTING_SMTP_CA_FILE,   /* SECURE_MAIL_SMTP_CA_FILE       empty: the system's */
    SETTING_SMTP_USER,      /* SECURE_MAIL_SMTP_USER          empty: no AUTH */
    SETTING_SMTP_PASSWORD,  /* SECURE_MAIL_SMTP_PASSWORD(_FILE) */
    SETTING_MAIL_FROM,      /* SECURE_MAIL_MAIL_FROM          notifier: default sender address */
    SETTING_SMTP_TIMEOUT_S, /* SECURE_MAIL_SMTP_TIMEOUT_S     of one attempt */
    SETTING_RETENTION_INTERVAL_S,       /* SECURE_MAIL_RETENTION_INTERVAL_S 600 */
    SETTING_CHECKPOINT_MAIL_INTERVAL_S, /* SECURE_MAIL_CHECKPOINT_MAIL_INTERVAL_S crypto */
    SETTING_CHECKPOINT_INTERVAL_S,      /* SECURE_MAIL_CHECKPOINT_INTERVAL_S audit */
    SETTING_LOG_LEVEL, /* SECURE_MAIL_LOG_LEVEL          debug info warning error */
    SETTING_CAGE,      /* SECURE_MAIL_CAGE               available required off */
    SETTING_COUNT
};

struct settings;

/*
 * Reads what `self` uses. On an error one clear line per fault is on standard error, and SM_CONFIG
 * comes back. Secret values are moved out of the environment (unsetenv, wiped). Caller owns *out.
 */
SM_MUST_USE enum sm_error settings_load(enum peer self, struct settings **out);
void settings_free(struct settings **settings);

/* The value, valid as long as `settings`. Asserts that this service uses the setting. */
const char *settings_text(const struct settings *settings, enum setting setting);
/* The same of `otherwise` where `setting` is empty. */
const char *settings_text_or(
    const struct settings *settings, enum setting setting, enum setting otherwise);
int64_t settings_number(const struct settings *settings, enum setting setting);
/* A secret's bytes as given (text); settings_forget wipes them once they are used. */
struct span settings_secret(const struct settings *settings, enum setting setting);
void settings_forget(struct settings *settings, enum setting setting);

#endif
