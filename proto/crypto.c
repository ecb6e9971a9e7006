/* The field tables of crypto's bus messages. */
#include "proto/crypto.h"

#include "proto/limits.h"
#include "proto/sealed.h"

#define TIME(type, member, meaning) F_U64(type, member, 0, MS_MAX, meaning)
#define ADDRESS(type, member, meaning) F_LINE(type, member, 0, ADDRESS_BYTES_LIMIT, meaning)

/* clang-format off */
FIELDS_NONE(nothing);
FIELDS_NONE(keys_request);

FIELDS(keys_reply, struct keys_reply,
    F_BYTES(struct keys_reply, identity_public, PUBLIC_KEY_BYTES, PUBLIC_KEY_BYTES, "what links pin"),
    F_BYTES(struct keys_reply, kid, HPKE_KID_BYTES, HPKE_KID_BYTES, "id of the HPKE key"),
    F_BYTES(struct keys_reply, hpke_public, PUBLIC_KEY_BYTES, PUBLIC_KEY_BYTES, "the key to seal to"),
    TIME(struct keys_reply, not_before_ms, "from when it is good"),
    TIME(struct keys_reply, not_after_ms, "until when it is good"),
    F_BYTES(struct keys_reply, signature, SIGNATURE_BYTES, SIGNATURE_BYTES, "by the identity key"),
    F_BYTES(struct keys_reply, capability_public, KEY_BYTES, KEY_BYTES, "Ed25519, for capabilities"),
    F_BYTES(struct keys_reply, time_token, TIME_TOKEN_BYTES, TIME_TOKEN_BYTES, "for sealed requests"),
    TIME(struct keys_reply, now_ms, "the one clock"));

FIELDS(carry_request, struct carry_request,
    F_LINE(struct carry_request, operation, 1, OPERATION_NAME_BYTES_MAX, "of the sealed operations"),
    F_BYTES(struct carry_request, frame, 1, SEALED_REQUEST_BYTES_MAX, "the sealed request"));

FIELDS(carry_reply, struct carry_reply,
    F_U64(struct carry_reply, outcome, 0, SM_ERROR_COUNT - 1, "an error number; chooses the HTTP status"),
    F_U64(struct carry_reply, retry_after_s, 0, MS_MAX, "0: none"),
    F_LINE(struct carry_reply, cookie, 0, CAPABILITY_BYTES_MAX, "to set; empty: leave; \"-\": remove"),
    F_BOOL(struct carry_reply, is_feed_changed, "pull the feed before the next list"),
    F_ID(struct carry_reply, closed_message, 0, "message whose downloads by recipients stop now"),
    F_ID(struct carry_reply, closed_link, 0, "link whose downloads stop now"),
    F_ID(struct carry_reply, purge, 0, "message whose ciphertext is purged now"),
    F_BYTES(struct carry_reply, sealed, 0, SEALED_REQUEST_BYTES_MAX, "the sealed reply"));

FIELDS(feed_request, struct feed_request,
    F_U64(struct feed_request, after_tx, 0, MS_MAX, "cursor: transaction"),
    F_U64(struct feed_request, after_id, 0, MS_MAX, "cursor: row"),
    F_U64(struct feed_request, rows_max, 1, PAGE_ROWS_MAX, "at most so many items"));

FIELDS(feed_item, struct feed_item,
    F_U64(struct feed_item, tx, 0, MS_MAX, "cursor: transaction"),
    F_U64(struct feed_item, id, 0, MS_MAX, "cursor: row"),
    F_U64(struct feed_item, kind, FEED_MESSAGE, FEED_SHOWN, "1 message, 2 link, 3 state, 4 session, 5 shown"),
    F_U64(struct feed_item, version, 0, MS_MAX, "only grows: older items are passed over"),
    F_ID(struct feed_item, organisation, 1, "whose it is"),
    F_ID(struct feed_item, message, 0, "the message"),
    F_ID(struct feed_item, link, 0, "the link; of a reply: from which it came"),
    F_ID(struct feed_item, parent, 0, "the message that this follows up"),
    F_ID(struct feed_item, user, 0, "the sender; of kind 4: the session"),
    F_U64(struct feed_item, direction, 0, 1, "0 message, 1 reply"),
    F_U64(struct feed_item, state, 0, STATE_DELETED, "1 live, 2 revoked, 3 expired, 4 deleted"),
    F_U64(struct feed_item, method, 0, METHODS_ALL, "1 password, 2 code, 4 both"),
    F_U64(struct feed_item, parts, 0, PARTS_MAX, "how many"),
    ADDRESS(struct feed_item, address, "the recipient's"),
    F_LINE(struct feed_item, name, 0, PERSON_NAME_BYTES_MAX, "the recipient's or sender's"),
    TIME(struct feed_item, created_ms, "when it was made; of kind 5: shown"),
    TIME(struct feed_item, expires_ms, "when it ends"),
    TIME(struct feed_item, opened_ms, "first opened, 0: not yet"),
    TIME(struct feed_item, replied_ms, "last reply, 0: none"),
    TIME(struct feed_item, locked_until_ms, "0: not locked"),
    F_BOOL(struct feed_item, is_frozen, "until the sender unlocks"),
    F_BYTES(struct feed_item, subject_sealed, 0, SUBJECT_SEALED_BYTES_MAX, "the subject by itself"));

FIELDS(feed_reply, struct feed_reply,
    F_LIST(struct feed_reply, items, 0, PAGE_ROWS_MAX, feed_item, "in cursor order"));

FIELDS_LOCAL(known_name, struct message_name, F_ID(struct message_name, message, 1, "a message"));
FIELDS(known_request, struct known_request,
    F_LIST(struct known_request, messages, 1, PAGE_ROWS_MAX, known_name, "that the sweep wonders about"));
FIELDS_LOCAL(known_item, struct known_item,
    F_ID(struct known_item, message, 1, "a message"),
    F_BOOL(struct known_item, is_known, "false: its objects may go"));
FIELDS(known_reply, struct known_reply,
    F_LIST(struct known_reply, messages, 0, PAGE_ROWS_MAX, known_item, "the same messages"));

FIELDS(due_request, struct due_request,
    F_U64(struct due_request, after_ms, 0, MS_MAX, "0: from the first"),
    F_ID(struct due_request, after, 0, "that one's message; with both: what comes behind it"),
    F_U64(struct due_request, rows_max, 1, PAGE_ROWS_MAX, "at most so many"));
FIELDS_LOCAL(due_item, struct due_item,
    F_ID(struct due_item, organisation, 1, "whose it is"),
    F_ID(struct due_item, message, 1, "the message"),
    F_BOOL(struct due_item, is_expiry, "else deleted by the sender"),
    F_U64(struct due_item, due_ms, 0, MS_MAX, "since when"));
FIELDS(due_reply, struct due_reply,
    F_LIST(struct due_reply, messages, 0, PAGE_ROWS_MAX, due_item, "whose ciphertext is to go"));
FIELDS(destroy_request, struct destroy_request,
    F_ID(struct destroy_request, message, 1, "the message"));
FIELDS(destroy_reply, struct destroy_reply,
    F_BOOL(struct destroy_reply, is_due, "false: leave its ciphertext alone"));
FIELDS(purged_request, struct purged_request,
    F_ID(struct purged_request, message, 1, "the message"));

FIELDS(org_create_request, struct org_create_request,
    F_LINE(struct org_create_request, name, 1, ORGANISATION_NAME_BYTES_MAX, "as people know it"),
    F_LINE(struct org_create_request, base_url, 0, URL_BYTES_MAX, "of links; empty: the configured one"),
    ADDRESS(struct org_create_request, from_address, "of notifications; empty: the notifier's"),
    F_LINE(struct org_create_request, language, LANGUAGE_BYTES, LANGUAGE_BYTES, "\"nl\" or \"en\""),
    F_LINE(struct org_create_request, colour, 0, 7, "#rrggbb or empty"));
FIELDS(org_create_reply, struct org_create_reply,
    F_ID(struct org_create_reply, organisation, 1, "the new one"));
FIELDS_NONE(org_list_request);
FIELDS_LOCAL(org_item, struct org_item,
    F_ID(struct org_item, organisation, 1, "id"),
    F_LINE(struct org_item, name, 1, ORGANISATION_NAME_BYTES_MAX, "as people know it"),
    F_LINE(struct org_item, base_url, 1, URL_BYTES_MAX, "of links"));
FIELDS(org_list_reply, struct org_list_reply,
    F_LIST(struct org_list_reply, organisations, 0, PAGE_ROWS_MAX, org_item, "all"));

#define OF_ORGANISATION(type) F_ID(type, organisation, 1, "whose")
#define EMAIL(type) F_LINE(type, email, 3, ADDRESS_BYTES_LIMIT, "of the account")
#define PASSWORD(type) F_TEXT(type, password, PASSWORD_BYTES_MIN, PASSWORD_BYTES_MAX, "of the account")
FIELDS(user_create_request, struct user_create_request,
    OF_ORGANISATION(struct user_create_request), EMAIL(struct user_create_request),
    F_LINE(struct user_create_request, name, 1, PERSON_NAME_BYTES_MAX, "recipients see it"),
    F_U64(struct user_create_request, roles, 1, ROLES_ALL, "bits: 1 sender, 2 admin, 4 auditor"),
    F_TEXT(struct user_create_request, password, 0, PASSWORD_BYTES_MAX, "empty: the user sets one with a link"));
#define RESET_LINK(type, low) \
    F_LINE(type, link, low, 512, "to set a password with, once"), TIME(type, expires_ms, "end of the link")
FIELDS(user_create_reply, struct user_create_reply,
    F_ID(struct user_create_reply, user, 1, "the new one"), RESET_LINK(struct user_create_reply, 0));
FIELDS(user_reset_reply, struct user_reset_reply, RESET_LINK(struct user_reset_reply, 1));
FIELDS(user_request, struct user_request,
    OF_ORGANISATION(struct user_request), EMAIL(struct user_request));
FIELDS(user_password_request, struct user_password_request,
    OF_ORGANISATION(struct user_password_request), EMAIL(struct user_password_request),
    PASSWORD(struct user_password_request));
FIELDS(policy_set_request, struct policy_set_request,
    OF_ORGANISATION(struct policy_set_request),
    F_U64(struct policy_set_request, methods, 1, METHODS_ALL, "bits of the allowed methods"),
    F_U64(struct policy_set_request, lifetime_days_max, 1, 30, "1, 7 or 30"),
    F_U64(struct policy_set_request, recipients_max, 1, RECIPIENTS_MAX, "of one message"),
    F_U64(struct policy_set_request, attachments_max, 0, ATTACHMENTS_MAX, "of one message"),
    F_U64(struct policy_set_request, total_bytes_max, 1, MS_MAX, "ciphertext of all live messages"));
FIELDS_NONE(mail_release_request);
FIELDS(mail_release_reply, struct mail_release_reply,
    F_U64(struct mail_release_reply, restores, 0, MS_MAX, "whose mail was held until now"));
FIELDS_NONE(suite_status_request);
FIELDS_LOCAL(suite_report, struct suite_report,
    F_LINE(struct suite_report, service, 1, 16, "which"),
    F_LINE(struct suite_report, host, 0, 256, "where it runs"),
    F_LINE(struct suite_report, release, 0, 256, "of which release it is"),
    TIME(struct suite_report, started_ms, "when it started"),
    TIME(struct suite_report, at_ms, "when it said this"),
    F_BOOL(struct suite_report, is_ready, "it can do its work"),
    F_TEXT(struct suite_report, missing, 0, 1200, "why it cannot"),
    F_LINE(struct suite_report, note, 0, 400, "what else it says"),
    F_TEXT(struct suite_report, metrics, 0, 16000, "lines of a metric's name and value"));
FIELDS(suite_status_reply, struct suite_status_reply,
    F_LIST(struct suite_status_reply, reports, 0, 50, suite_report, "by service"),
    TIME(struct suite_status_reply, now_ms, "the one clock"),
    TIME(struct suite_status_reply, restored_ms, "the last restore; 0: none"),
    TIME(struct suite_status_reply, backup_ms, "of when the backup was"),
    F_BOOL(struct suite_status_reply, is_mail_held, "what waited in the backup"),
    F_LINE(struct suite_status_reply, keys, 0, 2000, "newest versions, by what they are for"));
FIELDS_NONE(key_status_request);
FIELDS_LOCAL(key_status_item, struct key_status_item,
    F_LINE(struct key_status_item, purpose, 1, 64, "what it is for"),
    F_ID(struct key_status_item, organisation, 0, "whose; none: of the whole"),
    F_U64(struct key_status_item, version, 1, MS_MAX, "of the key"),
    TIME(struct key_status_item, created_ms, "when it was made"),
    F_U64(struct key_status_item, rows, 0, MS_MAX, "wrapped or made under it"),
    F_BOOL(struct key_status_item, is_old, "a newer version is there: its rows are behind"));
FIELDS(key_status_reply, struct key_status_reply,
    F_LIST(struct key_status_reply, keys, 0, PAGE_ROWS_MAX, key_status_item, "all"),
    F_BYTES(struct key_status_reply, identity_public, PUBLIC_KEY_BYTES, PUBLIC_KEY_BYTES, "what links pin"),
    F_LINE(struct key_status_reply, pin, 1, 64, "as it stands in links"));
FIELDS(key_rotate_request, struct key_rotate_request,
    F_U64(struct key_rotate_request, key, ROTATE_ORGANISATION, ROTATE_HPKE, "1 organisation's, 2 master, 3 HPKE"),
    F_ID(struct key_rotate_request, organisation, 0, "whose; none: of the whole"));
FIELDS(key_rotate_reply, struct key_rotate_reply,
    F_U64(struct key_rotate_reply, version, 0, MS_MAX, "in use now; 0: it has none"),
    F_BOOL(struct key_rotate_reply, is_resumed, "it was under way"));
FIELDS(key_rewrap_request, struct key_rewrap_request,
    F_U64(struct key_rewrap_request, key, ROTATE_ORGANISATION, ROTATE_MASTER, "1 organisation's, 2 master"),
    F_ID(struct key_rewrap_request, organisation, 0, "whose; none: of the whole"));
FIELDS(key_rewrap_reply, struct key_rewrap_reply,
    F_U64(struct key_rewrap_reply, rewrapped, 0, MS_MAX, "in this step"),
    F_U64(struct key_rewrap_reply, refused, 0, MS_MAX, "in this step: they do not open, they were altered"),
    F_U64(struct key_rewrap_reply, behind, 0, MS_MAX, "still"),
    F_BOOL(struct key_rewrap_reply, is_done, "nothing is behind, and the old version is destroyed"));
/* clang-format on */
