/* Every configuration variable. docs/configuration.md is printed from here. */
#include "runtime/settings_table.h"

#include "proto/limits.h"

#include <assert.h>

enum {
    G = PEER_GATEWAY,
    C = PEER_CRYPTO,
    N = PEER_NOTIFIER,
    R = PEER_RETENTION,
    A = PEER_AUDIT,
    ALL = G | C | N | R | A,
};

#define TEXT SETTING_IS_TEXT
#define NUMBER SETTING_IS_NUMBER
#define WORD SETTING_IS_WORD
#define ROW(id, text, who, what, ...) \
    [id] = {                          \
        .setting = (id), .name = "SECURE_MAIL_" text, .users = (who), .kind = (what), __VA_ARGS__}
#define REQUIRED .is_required = true
#define PRESET(value) .preset = value
#define RANGE(low, high) .least = (low), .most = (high)
#define SECRET .is_secret = true, .may_be_file = true
#define MEANS(sentence) .meaning = sentence

/* clang-format off */
const struct setting_row settings_table[] = {
    ROW(SETTING_ENABLED, "ENABLED", G, TEXT, PRESET(""),
        MEANS("\"true\" enables the service; with anything else the gateway answers \"not enabled\" to all but health checks")),
    ROW(SETTING_MASTER_KEY, "MASTER_KEY", C, TEXT, REQUIRED, SECRET,
        MEANS("32 or more random bytes in base64 or hexadecimal; read, wiped and checked against this database at start"),
        .remedy = "Make one with: make master-key"),
    ROW(SETTING_MASTER_KEY_NEXT, "MASTER_KEY_NEXT", C, TEXT, PRESET(""), SECRET,
        MEANS("the master key that takes its place, while it is rotated (docs/runbook.md); empty: none")),
    ROW(SETTING_KEYS_DIR, "KEYS_DIR", ALL, TEXT, REQUIRED, PRESET("./var/keys"),
        MEANS("the folder with the bus keys of this service and the public keys of its peers")),
    ROW(SETTING_CAPABILITY_DIR, "CAPABILITY_DIR", C | A, TEXT, PRESET(""),
        MEANS("the folder of capability.pub, the one public key that crypto writes for audit to read; empty: the folder of the keys")),
    ROW(SETTING_JOURNAL_DIR, "JOURNAL_DIR", C | A, TEXT, REQUIRED, PRESET("./var/journal"),
        MEANS("the folder of erasures.journal, which a restore needs: on another disk than the database and its backups, and kept")),
    ROW(SETTING_DATABASE, "DATABASE", ALL, TEXT, REQUIRED, SECRET,
        MEANS("how this service reaches its PostgreSQL role, as a libpq connection string; with a standby: host=a,b target_session_attrs=read-write"),
        .remedy = "For example: host=/var/run/postgresql user=sm_audit dbname=securemail"),
    ROW(SETTING_LISTEN, "LISTEN", C | N | R | A, TEXT, REQUIRED,
        MEANS("where this service listens on the bus, comma-separated, e.g. tcp://127.0.0.1:5701")),
    ROW(SETTING_OPERATOR_LISTEN, "OPERATOR_LISTEN", C, TEXT, REQUIRED, PRESET("ipc://./var/run/operator.sock"),
        MEANS("the local socket of securemail-admin, as an ipc:// endpoint")),
    ROW(SETTING_CRYPTO, "CRYPTO", G | R, TEXT, REQUIRED,
        MEANS("crypto's replicas, comma-separated, e.g. tcp://crypto-1:5703,tcp://crypto-2:5703")),
    ROW(SETTING_NOTIFIER, "NOTIFIER", G | C, TEXT, REQUIRED,
        MEANS("the notifier's replicas, comma-separated")),
    ROW(SETTING_RETENTION, "RETENTION", G, TEXT, REQUIRED,
        MEANS("retention's replicas, comma-separated")),
    ROW(SETTING_AUDIT, "AUDIT", G | C | N | R, TEXT, REQUIRED,
        MEANS("audit's replicas, comma-separated")),
    ROW(SETTING_BASE_URL, "BASE_URL", C, TEXT, REQUIRED,
        MEANS("what links begin with, e.g. https://mail.example.org; never taken from a request")),
    ROW(SETTING_HTTP_LISTEN, "HTTP_LISTEN", G, TEXT, REQUIRED, PRESET("127.0.0.1:8480"),
        MEANS("address and port of the web server")),
    ROW(SETTING_TRUSTED_PROXIES, "TRUSTED_PROXIES", G, TEXT, PRESET(""),
        MEANS("addresses and networks of the proxies in front, e.g. 10.0.0.0/8, 2001:db8::1: what they write in X-Forwarded-For is believed, and nobody else's; empty: none")),
    ROW(SETTING_ADDRESS_REQUESTS, "ADDRESS_REQUESTS", G, NUMBER, PRESET("1200"), RANGE(0, 1000000),
        MEANS("requests a minute of one client address (IPv6: of one /64 network), beyond: 429; 0: no limit; this machine's own are not counted")),
    ROW(SETTING_ADDRESS_PROOFS, "ADDRESS_PROOFS", G, NUMBER, PRESET("120"), RANGE(0, 1000000),
        MEANS("of these, sign-ins, identity checks and codes; 0: no limit")),
    ROW(SETTING_ADDRESS_CONNECTIONS, "ADDRESS_CONNECTIONS", G, NUMBER, PRESET("200"), RANGE(1, 100000),
        MEANS("connections at the same time of one address that is no trusted proxy; more are closed at once")),
    ROW(SETTING_TLS_CERTIFICATE, "TLS_CERTIFICATE", G, TEXT, PRESET(""),
        MEANS("PEM file with the certificate chain; empty: plain http, for a proxy in front or a try on localhost")),
    ROW(SETTING_TLS_KEY, "TLS_KEY", G, TEXT, PRESET(""),
        MEANS("PEM file with the certificate's private key")),
    ROW(SETTING_ADMIN_LISTEN, "ADMIN_LISTEN", ALL, TEXT, PRESET(""),
        MEANS("address and port of this service's /livez, /readyz and /metrics, e.g. 127.0.0.1:9300; empty: none")),
    ROW(SETTING_OBJECTS_DIR, "OBJECTS_DIR", G | R, TEXT, REQUIRED, PRESET("./var/objects"),
        MEANS("the folder of the ciphertext, where SECURE_MAIL_OBJECTS is files")),
    ROW(SETTING_OBJECTS, "OBJECTS", G | R, WORD, PRESET("files"), .words = "files|s3",
        MEANS("where ciphertext lies: \"files\": in SECURE_MAIL_OBJECTS_DIR; \"s3\": in a bucket of an S3-compatible server (docs/scale.md)")),
    ROW(SETTING_S3_ENDPOINT, "S3_ENDPOINT", G | R, TEXT, PRESET(""),
        MEANS("the server, e.g. https://s3.example.org:9000; http:// only to this machine")),
    ROW(SETTING_S3_REGION, "S3_REGION", G | R, TEXT, PRESET("us-east-1"),
        MEANS("the server's region, which signatures name")),
    ROW(SETTING_S3_BUCKET, "S3_BUCKET", G | R, TEXT, PRESET(""),
        MEANS("a bucket for this alone, without versioning: what is erased must be gone")),
    ROW(SETTING_S3_KEY_ID, "S3_KEY_ID", G | R, TEXT, PRESET(""),
        MEANS("the access key's id; retention's own may be one that only lists and deletes")),
    ROW(SETTING_S3_SECRET, "S3_SECRET", G | R, TEXT, PRESET(""), SECRET,
        MEANS("the access key's secret")),
    ROW(SETTING_S3_CA_FILE, "S3_CA_FILE", G | R, TEXT, PRESET(""),
        MEANS("PEM file of the authorities that the server's certificate is checked with; empty: the system's")),
    ROW(SETTING_PAGES_DIR, "PAGES_DIR", G, TEXT, PRESET("./build/web"),
        MEANS("the folder of the web pages, as make web builds it; without it the gateway has one plain page")),
    ROW(SETTING_GATEWAY_THREADS, "GATEWAY_THREADS", G, NUMBER, PRESET("2"), RANGE(1, 64),
        MEANS("threads that serve connections")),
    ROW(SETTING_GATEWAY_WORKERS, "GATEWAY_WORKERS", G, NUMBER, PRESET("16"), RANGE(1, 256),
        MEANS("threads that wait for the bus, the database and the disk")),
    ROW(SETTING_CRYPTO_WORKERS, "CRYPTO_WORKERS", C, NUMBER, PRESET("16"), RANGE(2, 64),
        MEANS("threads that answer requests")),
    ROW(SETTING_ARGON2_KIB, "ARGON2_KIB", C, NUMBER, PRESET("47104"), RANGE(ARGON2_KIB_MIN, ARGON2_KIB_MAX),
        MEANS("memory of one password hash in KiB (OWASP: 47104 with one pass)")),
    ROW(SETTING_ARGON2_PASSES, "ARGON2_PASSES", C, NUMBER, PRESET("1"), RANGE(1, ARGON2_PASSES_MAX),
        MEANS("passes of one password hash")),
    ROW(SETTING_ARGON2_WORKERS, "ARGON2_WORKERS", C, NUMBER, PRESET("2"), RANGE(1, 32),
        MEANS("password hashes at the same time")),
    ROW(SETTING_ARGON2_QUEUE, "ARGON2_QUEUE", C, NUMBER, PRESET("6"), RANGE(1, 48),
        MEANS("password hashes that wait before the answer is \"busy\"")),
    ROW(SETTING_UNDO_S, "UNDO_S", C, NUMBER, PRESET("0"), RANGE(0, 600),
        MEANS("seconds that a notification waits, so that a message can be revoked unseen")),
    ROW(SETTING_SMTP_URL, "SMTP_URL", N, TEXT, REQUIRED,
        MEANS("the mail relay, e.g. smtp://relay.example.org:587 or smtps://relay.example.org:465")),
    ROW(SETTING_SMTP_TLS, "SMTP_TLS", N, WORD, PRESET("required"), .words = "required|never",
        MEANS("\"required\": STARTTLS with a valid certificate; \"never\" only for a relay on this machine")),
    ROW(SETTING_SMTP_CA_FILE, "SMTP_CA_FILE", N, TEXT, PRESET(""),
        MEANS("PEM file of the authorities that the relay's certificate is checked with; empty: the system's")),
    ROW(SETTING_SMTP_USER, "SMTP_USER", N, TEXT, PRESET(""),
        MEANS("the relay's user name; empty: no sign-in at the relay")),
    ROW(SETTING_SMTP_PASSWORD, "SMTP_PASSWORD", N, TEXT, PRESET(""), SECRET,
        MEANS("the relay's password")),
    ROW(SETTING_MAIL_FROM, "MAIL_FROM", N, TEXT, REQUIRED,
        MEANS("the sender address of notifications where an organisation has none of its own")),
    ROW(SETTING_SMTP_TIMEOUT_S, "SMTP_TIMEOUT_S", N, NUMBER, PRESET("60"), RANGE(1, 600),
        MEANS("seconds that one delivery may take")),
    ROW(SETTING_RETENTION_INTERVAL_S, "RETENTION_INTERVAL_S", R, NUMBER, PRESET("600"), RANGE(1, 86400),
        MEANS("seconds between two sweeps")),
    ROW(SETTING_CHECKPOINT_MAIL_INTERVAL_S, "CHECKPOINT_MAIL_INTERVAL_S", C, NUMBER, PRESET("604800"), RANGE(0, 31536000),
        MEANS("seconds between two mails of a log's signed checkpoint to its administrators and auditors; 0: only when one of them asks")),
    ROW(SETTING_CHECKPOINT_INTERVAL_S, "CHECKPOINT_INTERVAL_S", A, NUMBER, PRESET("600"), RANGE(1, 86400),
        MEANS("seconds between two signed checkpoints of a log that grew")),
    ROW(SETTING_LOG_LEVEL, "LOG_LEVEL", ALL, WORD, PRESET("info"), .words = "debug|info|warning|error",
        MEANS("the least level of log lines")),
    ROW(SETTING_CAGE, "CAGE", ALL, WORD, PRESET("available"), .words = "available|required|off",
        MEANS("what the service gives up after its start (docs/cage.md): \"available\": all that the kernel has means for, and a warning for what it lacks; \"required\": no start without all of it; \"off\": nothing")),
};
/* clang-format on */

const size_t settings_table_count = sizeof settings_table / sizeof settings_table[0];
static_assert(sizeof settings_table / sizeof settings_table[0] == SETTING_COUNT, "a row each");
