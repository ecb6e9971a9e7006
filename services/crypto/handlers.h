/* The handlers of crypto, by file. The tables in handlers.c (bus) and sealed_handlers.c name them.
 */
#ifndef SM_CRYPTO_HANDLERS_H
#define SM_CRYPTO_HANDLERS_H

#include "bus/server.h"
#include "services/crypto/sealed_call.h"

/* The tables. */
extern const struct bus_handler crypto_handlers[], operator_handlers[];
extern const size_t crypto_handlers_count, operator_handlers_count;

/* keys.c */
bus_handler_fn on_keys, on_key_status;
/* rotate.c */
bus_handler_fn on_key_rotate, on_key_rewrap;
/* operator.c: each call is an audit event */
bus_handler_fn on_org_create, on_org_list, on_user_create, on_user_disable, on_user_password,
    on_user_reset, on_policy_set;
/* restored.c */
bus_handler_fn on_mail_release;
/* suite_status.c */
bus_handler_fn on_suite_status;
/* feed.c */
bus_handler_fn on_feed, on_known;
/* retire.c */
bus_handler_fn on_due, on_destroy, on_purged;

/* user_session.c */
sealed_handler_fn on_login, on_renew, on_logout, on_audit_access;
/* second_factor.c */
sealed_handler_fn on_totp_begin, on_totp_confirm, on_totp_remove;
/* password_set.c, users.c */
sealed_handler_fn on_password_change, on_password_reset, on_reset_issue, on_users, on_user_add,
    on_user_change;
/* profile_set.c, policy_set.c */
sealed_handler_fn on_organisation, on_organisation_set, on_policy_change;
/* anchor.c */
sealed_handler_fn on_checkpoint_mail;
/* rotate_own.c */
sealed_handler_fn on_rotation_begin, on_rotation_step;
/* status_report.c */
sealed_handler_fn on_status;
/* send.c */
sealed_handler_fn on_compose, on_send;
/* reading.c, ending.c */
sealed_handler_fn on_subjects, on_read, on_revoke, on_delete, on_unlock;
/* link_session.c */
sealed_handler_fn on_leave;
/* thread_read.c */
sealed_handler_fn on_thread, on_open_message;
/* resend.c */
sealed_handler_fn on_resend;
/* hello.c, verify.c, open.c, answer.c */
sealed_handler_fn on_hello, on_send_code, on_verify, on_verify_open, on_open, on_reply_compose,
    on_reply;

#endif
