/*
 * The bus of crypto: one row per operation; who may call it and what it carries is the catalogue's
 * (proto/catalog.c). The operator's operations are served at the operator's socket only.
 */
#include "services/crypto/handlers.h"

/* clang-format off */
const struct bus_handler crypto_handlers[] = {
    {OP_KEYS,    on_keys},
    {OP_CARRY,   on_carry},
    {OP_FEED,    on_feed},
    {OP_KNOWN,   on_known},
    {OP_DUE,     on_due},
    {OP_DESTROY, on_destroy},
    {OP_PURGED,  on_purged},
};

const struct bus_handler operator_handlers[] = {
    {OP_ORG_CREATE,    on_org_create},
    {OP_ORG_LIST,      on_org_list},
    {OP_USER_CREATE,   on_user_create},
    {OP_USER_DISABLE,  on_user_disable},
    {OP_USER_PASSWORD, on_user_password},
    {OP_USER_RESET,    on_user_reset},
    {OP_POLICY_SET,    on_policy_set},
    {OP_KEY_STATUS,    on_key_status},
    {OP_KEY_ROTATE,    on_key_rotate},
    {OP_KEY_REWRAP,    on_key_rewrap},
    {OP_MAIL_RELEASE,  on_mail_release},
    {OP_SUITE_STATUS,  on_suite_status},
};
/* clang-format on */

const size_t crypto_handlers_count = sizeof crypto_handlers / sizeof crypto_handlers[0];
const size_t operator_handlers_count = sizeof operator_handlers / sizeof operator_handlers[0];
