/*
 * The catalogue of the bus. Legal conversations:
 *
 *   browser/CLI  ~sealed~>  gateway -carry-> crypto -append-> audit      (answer only after its
 * ack) crypto  -enqueue-> notifier -SMTP->                                  (jobs of acknowledged
 * events) gateway -feed-> crypto, gateway -delivery_feed-> notifier            (status is
 * projected, pulled) retention -due-> crypto, -destroy-> crypto, objects, -purged-> crypto,
 * -append-> audit operator -org_create, user_create, ...-> crypto                      (local
 * socket only)
 *
 * Nothing else. Whoever is not in `callers` gets not-allowed, whatever it says.
 */
#include "proto/catalog.h"

#include "proto/audit.h"
#include "proto/crypto.h"
#include "proto/limits.h"
#include "proto/notify.h"
#include "proto/retention.h"

#include <assert.h>

/* clang-format off */
static const struct { enum peer peer; const char *name; } peers[] = {
    {PEER_GATEWAY, "gateway"},     {PEER_CRYPTO, "crypto"}, {PEER_NOTIFIER, "notifier"},
    {PEER_RETENTION, "retention"}, {PEER_AUDIT, "audit"},   {PEER_OPERATOR, "operator"},
};

FIELDS_NONE(ping_request);
FIELDS(ping_reply, struct ping_reply,
    F_LINE(struct ping_reply, service, 1, 16, "who answers"),
    F_BOOL(struct ping_reply, is_active, "false: a standby"));

enum { SMALL = 1024, CARRY = SEALED_REQUEST_BYTES_MAX + SMALL, BATCH = BUS_MESSAGE_BYTES_MAX - SMALL };

const struct operation_rule catalog[] = {
    {OP_PING, "ping", PEERS_ALL & ~(unsigned)PEER_OPERATOR, PEERS_ALL, SMALL, REPEAT_READS, &ping_request, &ping_reply,
     "Says who answers and whether it is active."},

    {OP_KEYS, "crypto_keys", PEER_CRYPTO, PEER_GATEWAY, SMALL, REPEAT_READS, &keys_request, &keys_reply,
     "The signed HPKE key, the keys to check with, and a fresh time token."},
    {OP_CARRY, "crypto_carry", PEER_CRYPTO, PEER_GATEWAY, CARRY, REPEAT_BY_ITEM, &carry_request, &carry_reply,
     "Carries a sealed request. Errors of the operation are in the reply's outcome; a bus error means that it was not acted on."},
    {OP_FEED, "crypto_feed", PEER_CRYPTO, PEER_GATEWAY, SMALL, REPEAT_READS, &feed_request, &feed_reply,
     "Facts after a cursor, in an order that never changes."},
    {OP_KNOWN, "crypto_known", PEER_CRYPTO, PEER_GATEWAY, 8 * SMALL, REPEAT_READS, &known_request, &known_reply,
     "Which of these messages were committed: the sweep of drafts asks before it deletes."},
    {OP_DUE, "crypto_due", PEER_CRYPTO, PEER_RETENTION, SMALL, REPEAT_READS, &due_request, &due_reply,
     "Expired or deleted messages whose ciphertext is not yet purged, oldest first."},
    {OP_DESTROY, "crypto_destroy", PEER_CRYPTO, PEER_RETENTION, SMALL, REPEAT_SAME, &destroy_request, &destroy_reply,
     "Destroys key and verifiers of a message that is due, cancels its waiting mail. Repeatable."},
    {OP_PURGED, "crypto_purged", PEER_CRYPTO, PEER_RETENTION, SMALL, REPEAT_SAME, &purged_request, &nothing,
     "The ciphertext is gone and the log has it: not due any more. Repeatable. conflict: its key is not destroyed."},
    {OP_ORG_CREATE, "org_create", PEER_CRYPTO, PEER_OPERATOR, 4 * SMALL, REPEAT_BY_KEY, &org_create_request, &org_create_reply,
     "Makes an organisation with its key and log; the same again is answered alike. conflict: the name has another."},
    {OP_ORG_LIST, "org_list", PEER_CRYPTO, PEER_OPERATOR, SMALL, REPEAT_READS, &org_list_request, &org_list_reply,
     "All organisations."},
    {OP_USER_CREATE, "user_create", PEER_CRYPTO, PEER_OPERATOR, 4 * SMALL, REPEAT_BY_KEY, &user_create_request, &user_create_reply,
     "Makes an account; the same again is answered alike. conflict: the address has another."},
    {OP_USER_DISABLE, "user_disable", PEER_CRYPTO, PEER_OPERATOR, SMALL, REPEAT_BY_KEY, &user_request, &nothing,
     "Closes an account and ends its sessions; conflict: the last administrator stays."},
    {OP_USER_PASSWORD, "user_password", PEER_CRYPTO, PEER_OPERATOR, 4 * SMALL, REPEAT_BY_KEY, &user_password_request, &nothing,
     "Sets a new password and ends the account's sessions."},
    {OP_USER_RESET, "user_reset", PEER_CRYPTO, PEER_OPERATOR, SMALL, REPEAT_SAME, &user_request, &user_reset_reply,
     "Makes a one-time link with which the user sets a password; nothing changes before he does. The newest link counts."},
    {OP_POLICY_SET, "policy_set", PEER_CRYPTO, PEER_OPERATOR, SMALL, REPEAT_BY_KEY, &policy_set_request, &nothing,
     "What senders of an organisation may choose."},
    {OP_KEY_STATUS, "key_status", PEER_CRYPTO, PEER_OPERATOR, SMALL, REPEAT_READS, &key_status_request, &key_status_reply,
     "Versions of all keys and what hangs on them."},
    {OP_KEY_ROTATE, "key_rotate", PEER_CRYPTO, PEER_OPERATOR, SMALL, REPEAT_BY_KEY, &key_rotate_request, &key_rotate_reply,
     "Takes a new version of a key into use, or goes on with a rotation that is under way. not_found: no next master key was given; conflict: a replica does not know it."},
    {OP_KEY_REWRAP, "key_rewrap", PEER_CRYPTO, PEER_OPERATOR, SMALL, REPEAT_SAME, &key_rewrap_request, &key_rewrap_reply,
     "For about a second, wraps anew what is behind; when nothing is, destroys the old version. To be asked until is_done. Its end is logged, not each step."},
    {OP_MAIL_RELEASE, "mail_release", PEER_CRYPTO, PEER_OPERATOR, SMALL, REPEAT_SAME, &mail_release_request, &mail_release_reply,
     "Mail that was waiting in a backup goes out; it was held since the restore."},
    {OP_SUITE_STATUS, "suite_status", PEER_CRYPTO, PEER_OPERATOR, SMALL, REPEAT_READS, &suite_status_request, &suite_status_reply,
     "What each process of the suite said of itself last."},

    {OP_ENQUEUE, "notify_enqueue", PEER_NOTIFIER, PEER_CRYPTO, BATCH, REPEAT_BY_ITEM, &enqueue_request, &nothing,
     "Mail jobs are durable when this answers; each is taken once by its id."},
    {OP_CANCEL, "notify_cancel", PEER_NOTIFIER, PEER_CRYPTO, SMALL, REPEAT_SAME, &cancel_request, &cancel_reply,
     "Jobs of a message or link that have not gone out never do."},
    {OP_DELIVERY_FEED, "notify_delivery_feed", PEER_NOTIFIER, PEER_GATEWAY, SMALL, REPEAT_READS, &delivery_feed_request, &delivery_feed_reply,
     "Results of deliveries after a cursor."},

    {OP_PURGE, "retention_purge", PEER_RETENTION, PEER_GATEWAY, SMALL, REPEAT_SAME, &purge_request, &purge_reply,
     "Purges one message now, if crypto says that it is due."},
    {OP_SWEEP_STATUS, "retention_status", PEER_RETENTION, PEER_GATEWAY, SMALL, REPEAT_READS, &sweep_status_request, &sweep_status_reply,
     "How the last sweep went."},

    {OP_APPEND, "audit_append", PEER_AUDIT, PEER_CRYPTO | PEER_NOTIFIER | PEER_RETENTION, BATCH, REPEAT_BY_ITEM, &append_request, &append_reply,
     "Durable when this answers. Known event ids are passed over; a kind that the caller may not report is refused, and all with it. Events of a damaged log are held, and named; the others are not held up."},
    {OP_QUERY, "audit_query", PEER_AUDIT, PEER_GATEWAY, 4 * SMALL, REPEAT_READS, &query_request, &query_reply,
     "A page of an organisation's log, newest first."},
    {OP_EXPORT, "audit_export", PEER_AUDIT, PEER_GATEWAY, 4 * SMALL, REPEAT_READS, &export_request, &export_reply,
     "A page of the NDJSON export."},
    {OP_CHECKPOINT, "audit_checkpoint", PEER_AUDIT, PEER_GATEWAY | PEER_CRYPTO, 4 * SMALL, REPEAT_SAME, &checkpoint_request, &checkpoint_reply,
     "Signs the log's present head and returns the note."},
    {OP_EVIDENCE, "audit_evidence", PEER_AUDIT, PEER_OPERATOR, SMALL, REPEAT_READS, &evidence_request, &export_reply,
     "A page of a damaged log, or of the operator's log; the export is logged in the operator's log. not_allowed: the log is whole."},
    {OP_PROVE, "audit_prove", PEER_AUDIT, PEER_GATEWAY, 4 * SMALL, REPEAT_SAME, &prove_request, &prove_reply,
     "Proves one entry, or that the log's head continues an older one, as a file; signs the present head. not_found: no such entry, or no checkpoint of that size was signed."},
    {OP_DECLARATION, "audit_declaration", PEER_AUDIT, PEER_GATEWAY, SMALL, REPEAT_READS, &declaration_request, &declaration_reply,
     "The declaration after NTA 7516 of this release, signed with the key of the logs under a name of its own."},
    {OP_ERASE, "audit_erase", PEER_AUDIT, PEER_OPERATOR, 2 * SMALL, REPEAT_SAME, &erase_request, &erase_reply,
     "Erases personal values of a log and tells so in an entry of it, in one commit; to be asked until is_done. bad_value: the reason names such a value, or neither person nor entry was named; tampered: the log is damaged."},
};
/* clang-format on */

const size_t catalog_count = sizeof catalog / sizeof catalog[0];

static_assert((int)CARRY < (int)BUS_MESSAGE_BYTES_MAX, "every request fits a bus message");

const char *peer_name(enum peer peer)
{
    for (size_t i = 0; i < sizeof peers / sizeof peers[0]; i++)
        if (peers[i].peer == peer)
            return peers[i].name;
    return "unknown";
}

enum peer peer_from_name(struct span name)
{
    for (size_t i = 0; i < sizeof peers / sizeof peers[0]; i++)
        if (span_equals_text(name, peers[i].name))
            return peers[i].peer;
    return PEER_NONE;
}

const char *repeat_name(enum repeat repeat)
{
    static const char *const names[] = {
        [REPEAT_READS] = "reads only",
        [REPEAT_SAME] = "leads to the same state",
        [REPEAT_BY_ITEM] = "once by the ids that it carries",
        [REPEAT_BY_KEY] = "once by the header's idempotency key",
    };
    size_t index = (size_t)repeat;
    return index < sizeof names / sizeof names[0] && names[index] ? names[index] : "unknown";
}

const struct operation_rule *catalog_find(uint16_t number)
{
    for (size_t i = 0; i < catalog_count; i++)
        if ((uint16_t)catalog[i].number == number)
            return &catalog[i];
    return NULL;
}
