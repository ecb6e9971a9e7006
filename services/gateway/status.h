/*
 * The status that a sender sees, from facts and the one clock. One function for a recipient, one
 * for the message over all its recipients; nothing stores a status, so it cannot be out of date.
 */
#ifndef SM_GATEWAY_STATUS_H
#define SM_GATEWAY_STATUS_H

#include <stdbool.h>
#include <stdint.h>

/* As they stand in the API, in the order of "what matters most". */
enum status {
    STATUS_REVOKED,
    STATUS_EXPIRED,
    STATUS_REPLIED,
    STATUS_OPENED,
    STATUS_UNDELIVERABLE,
    STATUS_DELIVERED,
    STATUS_SENT,
    STATUS_COUNT
};
const char *status_name(enum status status);

struct recipient_facts {
    uint64_t state; /* enum message_state of the link */
    int64_t expires_ms, opened_ms, replied_ms;
    uint64_t delivery; /* enum delivery_result; 0: none yet */
};
enum status status_of_recipient(const struct recipient_facts *facts, int64_t now_ms);

struct message_facts {
    uint64_t state; /* enum message_state */
    int64_t expires_ms;
    uint64_t recipients, opened, replied, delivered, undeliverable; /* how many of them */
};
/* One reply or opening speaks for the whole; "delivered" only when all are. */
enum status status_of_message(const struct message_facts *facts, int64_t now_ms);

#endif
