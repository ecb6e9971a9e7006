/* Status by the first row of a table whose fact holds. */
#include "services/gateway/status.h"

#include "proto/crypto.h"
#include "proto/notify.h"

static const char *const names[STATUS_COUNT] = {
    [STATUS_REVOKED] = "revoked",
    [STATUS_EXPIRED] = "expired",
    [STATUS_REPLIED] = "replied",
    [STATUS_OPENED] = "opened",
    [STATUS_UNDELIVERABLE] = "undeliverable",
    [STATUS_DELIVERED] = "delivered",
    [STATUS_SENT] = "sent",
};

const char *status_name(enum status status)
{
    return names[status];
}

static enum status first_that_holds(const bool holds[static STATUS_COUNT])
{
    for (unsigned i = 0; i < STATUS_COUNT; i++)
        if (holds[i])
            return (enum status)i;
    return STATUS_SENT;
}

enum status status_of_recipient(const struct recipient_facts *facts, int64_t now_ms)
{
    const bool holds[STATUS_COUNT] = {
        [STATUS_REVOKED] = facts->state == STATE_REVOKED || facts->state == STATE_DELETED,
        [STATUS_EXPIRED] = facts->state == STATE_EXPIRED || facts->expires_ms <= now_ms,
        [STATUS_REPLIED] = facts->replied_ms > 0,
        [STATUS_OPENED] = facts->opened_ms > 0,
        [STATUS_UNDELIVERABLE] = facts->delivery == DELIVERY_UNDELIVERABLE,
        [STATUS_DELIVERED] = facts->delivery == DELIVERY_ACCEPTED,
        [STATUS_SENT] = true,
    };
    return first_that_holds(holds);
}

enum status status_of_message(const struct message_facts *facts, int64_t now_ms)
{
    const bool holds[STATUS_COUNT] = {
        [STATUS_REVOKED] = facts->state == STATE_REVOKED || facts->state == STATE_DELETED,
        [STATUS_EXPIRED] = facts->state == STATE_EXPIRED || facts->expires_ms <= now_ms,
        [STATUS_REPLIED] = facts->replied > 0,
        [STATUS_OPENED] = facts->opened > 0,
        [STATUS_UNDELIVERABLE] = facts->undeliverable > 0,
        [STATUS_DELIVERED] = facts->recipients > 0 && facts->delivered == facts->recipients,
        [STATUS_SENT] = true,
    };
    return first_that_holds(holds);
}
