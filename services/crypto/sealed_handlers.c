/*
 * THE table of sealed operations: what each needs before its handler runs. Who wants to know who
 * may do what reads these lines and nothing else.
 */
#include "services/crypto/handlers.h"

/* clang-format off */
const struct sealed_handler sealed_handlers[] = {
    /* operation       needs            of roles                    work              */
    {"login",         NEEDS_NOTHING,   0,                          on_login},
    {"renew",         NEEDS_USER,      ROLES_ALL,                  on_renew},
    {"logout",        NEEDS_USER,      ROLES_ALL,                  on_logout},
    {"totp_begin",    NEEDS_USER,      ROLES_ALL,                  on_totp_begin},
    {"totp_confirm",  NEEDS_USER,      ROLES_ALL,                  on_totp_confirm},
    {"totp_remove",   NEEDS_USER,      ROLES_ALL,                  on_totp_remove},
    {"password_change",  NEEDS_USER,   ROLES_ALL,                  on_password_change},
    {"password_reset",   NEEDS_NOTHING, 0,                         on_password_reset},
    {"reset_issue",      NEEDS_USER,   ROLE_ADMIN,                 on_reset_issue},
    {"users",            NEEDS_USER,   ROLE_ADMIN,                 on_users},
    {"user_create",      NEEDS_USER,   ROLE_ADMIN,                 on_user_add},
    {"user_change",      NEEDS_USER,   ROLE_ADMIN,                 on_user_change},
    {"organisation",     NEEDS_USER,   ROLES_ALL,                  on_organisation},
    {"organisation_set", NEEDS_USER,   ROLE_ADMIN,                 on_organisation_set},
    {"policy_set",       NEEDS_USER,   ROLE_ADMIN,                 on_policy_change},
    {"status",        NEEDS_USER,      ROLE_ADMIN | ROLE_AUDITOR,  on_status},
    {"rotation_begin",   NEEDS_USER,   ROLE_ADMIN,                 on_rotation_begin},
    {"rotation_step",    NEEDS_USER,   ROLE_ADMIN,                 on_rotation_step},
    {"compose",       NEEDS_USER,      ROLE_SENDER,                on_compose},
    {"send",          NEEDS_USER,      ROLE_SENDER,                on_send},
    {"subjects",      NEEDS_USER,      ROLE_SENDER,                on_subjects},
    {"read",          NEEDS_USER,      ROLE_SENDER,                on_read},
    {"revoke",        NEEDS_USER,      ROLE_SENDER | ROLE_ADMIN,   on_revoke},
    {"delete",        NEEDS_USER,      ROLE_SENDER | ROLE_ADMIN,   on_delete},
    {"unlock",        NEEDS_USER,      ROLE_SENDER | ROLE_ADMIN,   on_unlock},
    {"resend",        NEEDS_USER,      ROLE_SENDER | ROLE_ADMIN,   on_resend},
    {"audit_access",  NEEDS_USER,      ROLE_ADMIN | ROLE_AUDITOR,  on_audit_access},
    {"checkpoint_mail",  NEEDS_USER,   ROLE_ADMIN | ROLE_AUDITOR,  on_checkpoint_mail},

    {"hello",         NEEDS_LIVE_LINK, 0,                          on_hello},
    {"send_code",     NEEDS_LIVE_LINK, 0,                          on_send_code},
    {"verify",        NEEDS_LIVE_LINK, 0,                          on_verify},
    {"verify_open",   NEEDS_LIVE_LINK, 0,                          on_verify_open},
    {"open",          NEEDS_VERIFIED,  0,                          on_open},
    {"thread",        NEEDS_VERIFIED,  0,                          on_thread},
    {"open_message",  NEEDS_VERIFIED,  0,                          on_open_message},
    {"reply_compose", NEEDS_VERIFIED,  0,                          on_reply_compose},
    {"reply",         NEEDS_VERIFIED,  0,                          on_reply},
    {"leave",         NEEDS_VERIFIED,  0,                          on_leave},
};
/* clang-format on */

const size_t sealed_handlers_count = sizeof sealed_handlers / sizeof sealed_handlers[0];
