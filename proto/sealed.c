/* The field tables of what clients and crypto say to each other, sealed. Printed in
 * docs/protocol.md. */
#include "proto/sealed.h"

#include "proto/limits.h"

/* clang-format off */
FIELDS(sealed_aad, struct sealed_aad,
    F_ID(struct sealed_aad, message, 0, "the message whose parts must be durable, or none"),
    F_U64(struct sealed_aad, parts, 0, PARTS_MAX, "how many parts, the header part included"));

FIELDS(failure, struct failure,
    F_U64(struct failure, attempts_left, 0, FAILURES_BEFORE_FREEZE, "attempts before the lock"),
    F_U64(struct failure, retry_after_s, 0, MS_MAX, "seconds to wait, 0 when waiting does not help"),
    F_U64(struct failure, until_ms, 0, MS_MAX, "end of a lock, ms since 1970; 0 if none"),
    F_LINE(struct failure, reason, 0, REASON_BYTES_MAX, "a sentence for people"));

FIELDS_LOCAL(sealed_meta, struct sealed_meta,
    F_ID(struct sealed_meta, request, 1, "random, new for every request"),
    F_BYTES(struct sealed_meta, time_token, TIME_TOKEN_BYTES, TIME_TOKEN_BYTES, "from crypto_keys"));

FIELDS_LOCAL(session_proof, struct session_proof,
    F_ID(struct session_proof, session, 1, "the session"),
    F_BYTES(struct session_proof, secret, SESSION_SECRET_BYTES, SESSION_SECRET_BYTES, "its secret"));

FIELDS_LOCAL(link_proof, struct link_proof,
    F_ID(struct link_proof, link, 1, "the link"),
    F_BYTES(struct link_proof, secret, LINK_SECRET_BYTES, LINK_SECRET_BYTES, "from the fragment"));

FIELDS_LOCAL(part_facts, struct part_facts,
    F_U64(struct part_facts, number, 0, PARTS_MAX - 1, "0 is the header part"),
    F_U64(struct part_facts, ciphertext_size, 1, 2 * (uint64_t)ATTACHMENT_BYTES_MAX, "bytes"),
    F_BYTES(struct part_facts, commitment, COMMITMENT_BYTES, COMMITMENT_BYTES, "of the chunked ciphertext"));

#define META(type) F_MAP(type, meta, sealed_meta, "makes replays harmless")
#define SESSION(type) F_MAP(type, session, session_proof, "who asks")
#define LINK(type) F_MAP(type, link, link_proof, "which link")
#define LANGUAGE(type) F_LINE(type, language, LANGUAGE_BYTES, LANGUAGE_BYTES, "\"nl\" or \"en\"")
#define PARTS(type) F_LIST(type, parts, 1, PARTS_MAX, part_facts, "in order from 0")
#define SUBJECT(type) F_BYTES(type, subject_sealed, 1, SUBJECT_SEALED_BYTES_MAX, "the subject by itself")
#define KEY(type) F_BYTES(type, key, KEY_BYTES, KEY_BYTES, "the message key")
#define CAPABILITY(type) F_LINE(type, capability, 1, CAPABILITY_BYTES_MAX, "for the gateway")
#define TIME(type, member, meaning) F_U64(type, member, 0, MS_MAX, meaning)
#define SECOND_FACTOR(type, low) F_LINE(type, code, low, 16, "time-based or recovery code; empty where none was asked for")

FIELDS(login_request, struct login_request,
    META(struct login_request),
    F_LINE(struct login_request, email, 1, ADDRESS_BYTES_LIMIT, "of the account"),
    F_TEXT(struct login_request, password, 1, PASSWORD_BYTES_MAX, "of the account"),
    SECOND_FACTOR(struct login_request, 0));

FIELDS(login_reply, struct login_reply,
    F_MAP(struct login_reply, session, session_proof, "for all further requests"),
    F_ID(struct login_reply, user, 1, "the account"),
    F_ID(struct login_reply, organisation, 1, "its organisation"),
    F_LINE(struct login_reply, organisation_name, 1, ORGANISATION_NAME_BYTES_MAX, "as people know it"),
    F_LINE(struct login_reply, name, 1, PERSON_NAME_BYTES_MAX, "of the user"),
    F_U64(struct login_reply, roles, 1, ROLES_ALL, "bits: 1 sender, 2 admin, 4 auditor"),
    TIME(struct login_reply, expires_ms, "end of the session"),
    F_U64(struct login_reply, methods, 0, METHODS_ALL, "bits of the methods that policy allows"),
    F_U64(struct login_reply, lifetime_days_max, 1, 30, "that policy allows"),
    F_BOOL(struct login_reply, has_totp, "a time-based code was asked for"));

FIELDS(totp_begin_reply, struct totp_begin_reply,
    F_LINE(struct totp_begin_reply, secret, 32, 32, "base32, for typing into an app"),
    F_LINE(struct totp_begin_reply, uri, 1, OTPAUTH_BYTES_MAX, "otpauth URI, for a QR code"));
FIELDS(totp_confirm_request, struct totp_confirm_request,
    META(struct totp_confirm_request), SESSION(struct totp_confirm_request),
    F_LINE(struct totp_confirm_request, code, 6, 6, "that the app shows now"));
FIELDS_LOCAL(recovery_code, struct recovery_code,
    F_LINE(struct recovery_code, code, 11, 11, "good once, in the place of a time-based code"));
FIELDS(recovery_codes_reply, struct recovery_codes_reply,
    F_LIST(struct recovery_codes_reply, codes, 1, 10, recovery_code, "shown once; the older ones are void"));
FIELDS(totp_remove_request, struct totp_remove_request,
    META(struct totp_remove_request), SESSION(struct totp_remove_request),
    F_TEXT(struct totp_remove_request, password, 1, PASSWORD_BYTES_MAX, "of the account"),
    SECOND_FACTOR(struct totp_remove_request, 1));

FIELDS(session_request, struct session_request,
    META(struct session_request), SESSION(struct session_request));

FIELDS(expires_reply, struct expires_reply,
    TIME(struct expires_reply, expires_ms, "end of the session"));

FIELDS(access_reply, struct access_reply,
    CAPABILITY(struct access_reply),
    TIME(struct access_reply, expires_ms, "end of the capability"),
    F_U64(struct access_reply, attachment_bytes_max, 0, MS_MAX, "plaintext of one file"),
    F_U64(struct access_reply, parts_max, 0, PARTS_MAX, "of one message, header part included"));

#define NEW_PASSWORD(type, member) F_TEXT(type, member, PASSWORD_BYTES_MIN, PASSWORD_BYTES_MAX, "the new one")
#define USER(type) F_ID(type, user, 1, "of the administrator's organisation")
#define PERSON(type) F_LINE(type, name, 1, PERSON_NAME_BYTES_MAX, "recipients see it"), \
    F_U64(type, roles, 1, ROLES_ALL, "bits: 1 sender, 2 admin, 4 auditor")
#define RESET_LINK(type, low) F_LINE(type, link, low, 512, "to set a password with, once, within 24 hours")
FIELDS(password_change_request, struct password_change_request,
    META(struct password_change_request), SESSION(struct password_change_request),
    F_TEXT(struct password_change_request, old_password, 1, PASSWORD_BYTES_MAX, "the one that is good now"),
    NEW_PASSWORD(struct password_change_request, new_password));
FIELDS(password_reset_request, struct password_reset_request,
    META(struct password_reset_request),
    F_ID(struct password_reset_request, reset, 1, "from the fragment of the link"),
    F_BYTES(struct password_reset_request, secret, LINK_SECRET_BYTES, LINK_SECRET_BYTES, "from the fragment of the link"),
    NEW_PASSWORD(struct password_reset_request, password));
FIELDS(password_reset_reply, struct password_reset_reply,
    F_LINE(struct password_reset_reply, email, 3, ADDRESS_BYTES_LIMIT, "to sign in with"));
FIELDS(reset_issue_request, struct reset_issue_request,
    META(struct reset_issue_request), SESSION(struct reset_issue_request), USER(struct reset_issue_request),
    F_BOOL(struct reset_issue_request, is_mailed, "the link goes to the user by mail too"));
FIELDS(reset_issue_reply, struct reset_issue_reply,
    RESET_LINK(struct reset_issue_reply, 1), TIME(struct reset_issue_reply, expires_ms, "end of the link"));
FIELDS(users_request, struct users_request,
    META(struct users_request), SESSION(struct users_request),
    F_LINE(struct users_request, after, 0, ADDRESS_BYTES_LIMIT, "last address of the page before; empty: the first page"));
FIELDS_LOCAL(user_item, struct user_item,
    F_ID(struct user_item, user, 1, "the account"),
    F_LINE(struct user_item, email, 3, ADDRESS_BYTES_LIMIT, "signs in with it"),
    F_LINE(struct user_item, name, 0, PERSON_NAME_BYTES_MAX, "recipients see it"),
    F_U64(struct user_item, roles, 0, ROLES_ALL, "bits: 1 sender, 2 admin, 4 auditor"),
    F_BOOL(struct user_item, is_disabled, "cannot sign in"),
    F_BOOL(struct user_item, has_totp, "signs in with a time-based code too"),
    F_BOOL(struct user_item, is_altered, "the row was edited behind the system's back: closed"),
    TIME(struct user_item, locked_until_ms, "too many wrong attempts; 0: not locked"),
    TIME(struct user_item, last_sign_in_ms, "0: never"));
FIELDS(users_reply, struct users_reply,
    F_LIST(struct users_reply, users, 0, PAGE_ROWS_MAX, user_item, "by address; a full page may have a next one"));
FIELDS(user_add_request, struct user_add_request,
    META(struct user_add_request), SESSION(struct user_add_request),
    F_LINE(struct user_add_request, email, 3, ADDRESS_BYTES_LIMIT, "of the new account"),
    PERSON(struct user_add_request),
    F_TEXT(struct user_add_request, password, 0, PASSWORD_BYTES_MAX, "empty: the user sets one with a link"),
    F_BOOL(struct user_add_request, is_mailed, "the link goes to the user by mail too"));
FIELDS(user_made_reply, struct user_made_reply,
    F_ID(struct user_made_reply, user, 1, "the new one"), RESET_LINK(struct user_made_reply, 0),
    TIME(struct user_made_reply, expires_ms, "end of the link; 0: there is none"));
FIELDS(user_change_request, struct user_change_request,
    META(struct user_change_request), SESSION(struct user_change_request), USER(struct user_change_request),
    PERSON(struct user_change_request),
    F_BOOL(struct user_change_request, is_disabled, "cannot sign in; sessions end"),
    F_BOOL(struct user_change_request, removes_totp, "for somebody who lost the app and the recovery codes"));

#define METHOD_OR_NONE(type, member, meaning) F_U64(type, member, 0, METHODS_ALL, meaning)
#define PROFILE(type) \
    F_LINE(type, name, 1, ORGANISATION_NAME_BYTES_MAX, "as people know it"), \
    F_LINE(type, colour, 0, 7, "#rrggbb or empty"), LANGUAGE(type), \
    F_LINE(type, from_name, 0, ORGANISATION_NAME_BYTES_MAX, "of notifications; empty: name"), \
    F_LINE(type, from_address, 0, ADDRESS_BYTES_LIMIT, "of notifications; empty: the notifier's"), \
    F_LINE(type, contact, 0, CONTACT_BYTES_MAX, "whom to ask when a message is gone; may be empty")
FIELDS(organisation_reply, struct organisation_reply,
    F_ID(struct organisation_reply, organisation, 1, "whose"),
    PROFILE(struct organisation_reply),
    F_BYTES(struct organisation_reply, logo, 0, LOGO_BYTES_MAX, "PNG or JPEG, or empty"),
    F_U64(struct organisation_reply, methods, 0, METHODS_ALL, "bits that are set: 1 password, 2 code, 4 both"),
    METHOD_OR_NONE(struct organisation_reply, method_floor, "weaker ones are hidden; 0: none is"),
    F_U64(struct organisation_reply, methods_allowed, 0, METHODS_ALL, "bits of what senders may choose: set and not below the floor"),
    F_U64(struct organisation_reply, lifetimes, 0, LIFETIMES_ALL, "bits of what senders may choose: 1 a day, 2 a week, 4 thirty days"),
    METHOD_OR_NONE(struct organisation_reply, default_method, "preset; 0: none"),
    F_U64(struct organisation_reply, default_lifetime_days, 0, 30, "preset: 1, 7 or 30; 0: none"),
    F_U64(struct organisation_reply, recipients_max, 0, RECIPIENTS_MAX, "of one message"),
    F_U64(struct organisation_reply, attachments_max, 0, ATTACHMENTS_MAX, "of one message"),
    F_U64(struct organisation_reply, total_bytes_max, 0, MS_MAX, "ciphertext of all live messages"),
    F_U64(struct organisation_reply, stored_bytes, 0, MS_MAX, "of that in use"));
FIELDS(organisation_set_request, struct organisation_set_request,
    META(struct organisation_set_request), SESSION(struct organisation_set_request),
    PROFILE(struct organisation_set_request),
    F_BOOL(struct organisation_set_request, changes_logo, "false: the logo stays"),
    F_BYTES(struct organisation_set_request, logo, 0, LOGO_BYTES_MAX, "PNG or JPEG; empty: none"));
FIELDS(policy_change_request, struct policy_change_request,
    META(struct policy_change_request), SESSION(struct policy_change_request),
    F_U64(struct policy_change_request, methods, 1, METHODS_ALL, "bits: 1 password, 2 code, 4 both"),
    METHOD_OR_NONE(struct policy_change_request, method_floor, "one method: weaker ones are hidden; 0: none is"),
    F_U64(struct policy_change_request, lifetimes, 1, LIFETIMES_ALL, "bits: 1 a day, 2 a week, 4 thirty days"),
    METHOD_OR_NONE(struct policy_change_request, default_method, "one that is allowed; 0: none"),
    F_U64(struct policy_change_request, default_lifetime_days, 0, 30, "one that is allowed: 1, 7, 30; 0: none"));

FIELDS_LOCAL(key_row, struct key_row,
    F_LINE(struct key_row, purpose, 1, 32, "what it is for"),
    F_U64(struct key_row, version, 1, MS_MAX, "of the key"),
    TIME(struct key_row, created_ms, "when it was made"));
FIELDS(rotation_state, struct rotation_state,
    F_U64(struct rotation_state, version, 1, MS_MAX, "of the organisation's key, in use"),
    F_U64(struct rotation_state, rows, 0, MS_MAX, "that are wrapped under it at all"),
    F_U64(struct rotation_state, behind, 0, MS_MAX, "of them, under the version before"),
    F_BOOL(struct rotation_state, is_under_way, "the version before is there still"));
FIELDS(rotation_begin_request, struct rotation_begin_request,
    META(struct rotation_begin_request), SESSION(struct rotation_begin_request),
    F_U64(struct rotation_begin_request, version, 1, MS_MAX, "that is to be replaced"));
FIELDS(rotation_step_reply, struct rotation_step_reply,
    F_MAP(struct rotation_step_reply, state, rotation_state, "after the step"),
    F_U64(struct rotation_step_reply, rewrapped, 0, MS_MAX, "in this step"),
    F_U64(struct rotation_step_reply, refused, 0, MS_MAX, "rows that do not open: they were altered"));
FIELDS(status_reply, struct status_reply,
    F_LIST(struct status_reply, keys, 0, PAGE_ROWS_MAX, key_row, "all of the system's, and the organisation's own"),
    F_MAP(struct status_reply, rotation, rotation_state, "of the organisation's key"),
    TIME(struct status_reply, now_ms, "the one clock"),
    F_U64(struct status_reply, events_waiting, 0, MS_MAX, "on their way to the log, of all organisations"),
    TIME(struct status_reply, oldest_event_ms, "of them, 0: none waits"),
    F_U64(struct status_reply, mails_waiting, 0, MS_MAX, "due, and not yet with the notifier"),
    TIME(struct status_reply, oldest_mail_ms, "of them, 0: none waits"));

FIELDS(compose_request, struct compose_request,
    META(struct compose_request), SESSION(struct compose_request),
    F_ID(struct compose_request, message, 1, "new, random"));

FIELDS_LOCAL(recipient, struct recipient,
    F_LINE(struct recipient, address, 3, ADDRESS_BYTES_LIMIT, "mail address"),
    F_LINE(struct recipient, name, 0, PERSON_NAME_BYTES_MAX, "as the sender wrote it"),
    F_U64(struct recipient, method, 1, METHODS_ALL, "1 password, 2 code, 4 both"),
    F_TEXT(struct recipient, password, 0, PASSWORD_BYTES_MAX, "empty for the code method"));

FIELDS(send_request, struct send_request,
    META(struct send_request), SESSION(struct send_request),
    F_ID(struct send_request, message, 1, "from compose"),
    F_ID(struct send_request, parent, 0, "the reply that this answers, or none"),
    KEY(struct send_request),
    F_U64(struct send_request, lifetime_days, 1, 30, "1, 7 or 30"),
    F_U64(struct send_request, undo_s, 0, UNDO_S_MAX, "seconds that the notification waits: revoked within them, nobody gets one"),
    LANGUAGE(struct send_request), SUBJECT(struct send_request),
    F_LIST(struct send_request, recipients, 1, RECIPIENTS_MAX, recipient, "each gets an own link"),
    PARTS(struct send_request));

FIELDS_LOCAL(link_facts, struct link_facts,
    F_ID(struct link_facts, link, 1, "the link"),
    F_LINE(struct link_facts, address, 3, ADDRESS_BYTES_LIMIT, "whose it is"));

FIELDS(send_reply, struct send_reply,
    F_ID(struct send_reply, message, 1, "the message"),
    TIME(struct send_reply, expires_ms, "end of its links"),
    F_LIST(struct send_reply, links, 0, RECIPIENTS_MAX, link_facts, "one for each recipient"));

FIELDS_LOCAL(message_name, struct message_name,
    F_ID(struct message_name, message, 1, "a message"));

FIELDS(subjects_request, struct subjects_request,
    META(struct subjects_request), SESSION(struct subjects_request),
    F_LIST(struct subjects_request, messages, 1, PAGE_ROWS_MAX, message_name, "one page of the list"));

FIELDS_LOCAL(subject_key, struct subject_key,
    F_ID(struct subject_key, message, 1, "a message"), KEY(struct subject_key));

FIELDS(subjects_reply, struct subjects_reply,
    F_LIST(struct subjects_reply, subjects, 0, PAGE_ROWS_MAX, subject_key, "those that are not gone"));

FIELDS(message_request, struct message_request,
    META(struct message_request), SESSION(struct message_request),
    F_ID(struct message_request, message, 1, "the message"));

FIELDS(link_request, struct link_request,
    META(struct link_request), SESSION(struct link_request),
    F_ID(struct link_request, message, 1, "the message"),
    F_ID(struct link_request, link, 0, "one recipient's link; none means all (revoke only)"));

FIELDS_NONE(empty_reply);

FIELDS(content_reply, struct content_reply,
    F_ID(struct content_reply, organisation, 1, "bound into every part"),
    F_ID(struct content_reply, message, 1, "bound into every part"),
    F_U64(struct content_reply, direction, 0, 1, "0 message, 1 reply; bound into every part"),
    KEY(struct content_reply), CAPABILITY(struct content_reply),
    TIME(struct content_reply, expires_ms, "end of the capability"),
    PARTS(struct content_reply));

FIELDS(link_only_request, struct link_only_request,
    META(struct link_only_request), LINK(struct link_only_request));

FIELDS(hello_reply, struct hello_reply,
    F_LINE(struct hello_reply, organisation_name, 1, ORGANISATION_NAME_BYTES_MAX, "who sent it"),
    F_LINE(struct hello_reply, organisation_colour, 0, 7, "#rrggbb or empty"),
    F_BYTES(struct hello_reply, organisation_logo, 0, LOGO_BYTES_MAX, "PNG or JPEG, or empty"),
    F_LINE(struct hello_reply, contact, 0, CONTACT_BYTES_MAX, "to keep for when the message is gone; may be empty"),
    F_LINE(struct hello_reply, sender_name, 1, PERSON_NAME_BYTES_MAX, "who sent it"),
    LANGUAGE(struct hello_reply),
    F_U64(struct hello_reply, method, 1, METHODS_ALL, "1 password, 2 code, 4 both"),
    TIME(struct hello_reply, sent_ms, "when it was sent"),
    TIME(struct hello_reply, expires_ms, "when the link ends"),
    TIME(struct hello_reply, now_ms, "the one clock"),
    F_U64(struct hello_reply, attempts_left, 0, FAILURES_BEFORE_FREEZE, "before the lock"),
    TIME(struct hello_reply, locked_until_ms, "0 when not locked"),
    F_BOOL(struct hello_reply, is_frozen, "only the sender can unlock"),
    F_BOOL(struct hello_reply, is_code_sent, "a code that was mailed is still good"));

FIELDS(send_code_reply, struct send_code_reply,
    TIME(struct send_code_reply, expires_ms, "end of the code"),
    F_U64(struct send_code_reply, resend_after_s, 0, 3600, "before another may be asked for"));

FIELDS(verify_request, struct verify_request,
    META(struct verify_request), LINK(struct verify_request),
    F_TEXT(struct verify_request, password, 0, PASSWORD_BYTES_MAX, "where the method asks for it"),
    F_LINE(struct verify_request, code, 0, CODE_DIGITS, "where the method asks for it"));

FIELDS(verify_reply, struct verify_reply,
    F_MAP(struct verify_reply, session, session_proof, "for open and reply"),
    TIME(struct verify_reply, expires_ms, "end of the session"));

FIELDS(verify_open_reply, struct verify_open_reply,
    F_MAP(struct verify_open_reply, verified, verify_reply, "as of verify"),
    F_MAP(struct verify_open_reply, content, content_reply, "as of open"));

FIELDS_LOCAL(thread_row, struct thread_row,
    F_ID(struct thread_row, message, 1, "the message or reply"),
    F_ID(struct thread_row, parent, 0, "what it follows up; may be none that the recipient sees"),
    F_U64(struct thread_row, direction, 0, 1, "0 to the recipient, 1 his own reply"),
    TIME(struct thread_row, created_ms, "when it was sent"),
    TIME(struct thread_row, expires_ms, "when it ends"),
    F_BOOL(struct thread_row, is_this, "what the link itself opens"),
    F_BOOL(struct thread_row, is_open, "open_message releases it; else it has ended, or asks for its own link"));
FIELDS(thread_reply, struct thread_reply,
    F_LIST(struct thread_reply, items, 0, PAGE_ROWS_MAX, thread_row, "newest first"));

FIELDS(reply_request, struct reply_request,
    META(struct reply_request), SESSION(struct reply_request),
    F_ID(struct reply_request, message, 1, "new, from reply_compose"),
    KEY(struct reply_request), SUBJECT(struct reply_request), PARTS(struct reply_request));

const struct sealed_operation sealed_operations[] = {
    {"login", &login_request, &login_reply, false,
     "A user proves who he is; the gateway's half of the session goes out as a cookie. code-needed:"
     " ask for a code and repeat; that says nothing about the password."},
    {"renew", &session_request, &expires_reply, false, "Gives the gateway's half a new cookie."},
    {"logout", &session_request, &empty_reply, false, "Ends the session."},
    {"totp_begin", &session_request, &totp_begin_reply, false,
     "A user begins to set up an authenticator app; nothing changes until totp_confirm."},
    {"totp_confirm", &totp_confirm_request, &recovery_codes_reply, false,
     "The app's first code switches the second factor on; ten recovery codes come back, once."},
    {"totp_remove", &totp_remove_request, &empty_reply, false,
     "Password and code together switch the second factor off."},
    {"password_change", &password_change_request, &empty_reply, false,
     "A user replaces his password; his other sessions end. A wrong old one counts towards the lock of the sign-in."},
    {"password_reset", &password_reset_request, &password_reset_reply, false,
     "The holder of a one-time link sets a password; all sessions of the account end, a second factor"
     " stays. gone: the link is unknown, used or over."},
    {"reset_issue", &reset_issue_request, &reset_issue_reply, false,
     "An administrator makes such a link for a user; earlier ones end."},
    {"users", &users_request, &users_reply, false,
     "An administrator reads who has an account. Changes nothing."},
    {"user_create", &user_add_request, &user_made_reply, false,
     "An administrator makes an account. conflict: the address has one."},
    {"user_change", &user_change_request, &empty_reply, false,
     "An administrator sets name, roles and state of an account; where rights are taken away its"
     " sessions end. conflict: it would take the last administrator."},
    {"organisation", &session_request, &organisation_reply, false,
     "How the user's organisation looks to recipients, and what its senders may choose."},
    {"organisation_set", &organisation_set_request, &empty_reply, false,
     "An administrator sets how the organisation looks to recipients. bad-value: not an image, a"
     " colour or an address; conflict: another one has the name."},
    {"policy_set", &policy_change_request, &empty_reply, false,
     "An administrator sets what senders may choose. Messages that are sent already stay as they are."},
    {"status", &session_request, &status_reply, false,
     "Versions and ages of the keys, and what waits for the log and the notifier. Changes nothing."},
    {"rotation_begin", &rotation_begin_request, &rotation_state, false,
     "An administrator replaces the key of the organisation. It names the version that it replaces: where a"
     " newer one is in use, or the rotation is under way, it changes nothing. conflict: look again."},
    {"rotation_step", &session_request, &rotation_step_reply, false,
     "Messages are wrapped under the new key for about a second; when none is behind the old one is"
     " destroyed. busy: another step is at work."},
    {"compose", &compose_request, &access_reply, false,
     "A sender gets the right to upload the parts of a new message."},
    {"send", &send_request, &send_reply, true,
     "The commit of a message: key wrapped, links, mail jobs and events, all or nothing. Repeated"
     " with the same message id and content it answers the same and sends nothing twice."},
    {"subjects", &subjects_request, &subjects_reply, false,
     "The subject keys of one page of the sender's list; one entry in the log."},
    {"read", &message_request, &content_reply, false,
     "A sender opens a message of his own or a reply to it."},
    {"revoke", &link_request, &empty_reply, false, "A link, or all of a message, is dead at once."},
    {"delete", &message_request, &empty_reply, false,
     "Key, verifiers, addresses and ciphertext are purged; the log entries stay."},
    {"unlock", &link_request, &empty_reply, false, "Lifts a lock or a freeze and resets the total."},
    {"resend", &link_request, &empty_reply, false,
     "Mails one recipient's notification again, with the same link. rate-limited within five minutes"
     " of the last one, and after five."},
    {"audit_access", &session_request, &access_reply, false,
     "An administrator or auditor gets the right to query and export the log."},
    {"checkpoint_mail", &session_request, &empty_reply, false,
     "The log's signed head is mailed to all administrators and auditors, to be kept outside the host."},
    {"hello", &link_only_request, &hello_reply, false,
     "First call of a recipient's page: who sent it and how to prove who one is."},
    {"send_code", &link_only_request, &send_code_reply, false,
     "A person pressed the button: a 6-digit code is mailed."},
    {"verify", &verify_request, &verify_reply, false, "One attempt to prove who one is."},
    {"verify_open", &verify_request, &verify_open_reply, false,
     "The same, and when it is right the link's message is opened at once: one entry into the log, and"
     " one answer. The session may be used as after verify."},
    {"open", &session_request, &content_reply, false,
     "Releases the message key, again or after verify alone, when its log entry is durable."},
    {"thread", &session_request, &thread_reply, false,
     "What the sender and this recipient wrote to each other in this conversation. Changes nothing."},
    {"open_message", &message_request, &content_reply, false,
     "As open, for another message of the thread, or for the recipient's own reply. gone: not there,"
     " over, or its own link asks for a stronger check."},
    {"reply_compose", &compose_request, &access_reply, false,
     "A verified recipient gets the right to upload the parts of a reply. Asked again with the same id it is the"
     " same one. rate-limited: the message is answered often enough; or, with a time, too many answers are begun"
     " and not sent, and at that time one is given back."},
    {"reply", &reply_request, &expires_reply, true, "The commit of a reply."},
    {"leave", &session_request, &empty_reply, false,
     "A recipient signs out: the session ends. The link stays good, after a new check."},
};
/* clang-format on */

const size_t sealed_operations_count = sizeof sealed_operations / sizeof sealed_operations[0];

const struct sealed_operation *sealed_operation_find(struct span name)
{
    for (size_t i = 0; i < sealed_operations_count; i++)
        if (span_equals_text(name, sealed_operations[i].name))
            return &sealed_operations[i];
    return NULL;
}
