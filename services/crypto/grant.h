/*
 * What crypto gives out once everything is decided: capabilities for the gateway, and the content
 * reply with the message key. Nothing here decides; callers have proven who asks, and have waited
 * for the log.
 */
#ifndef SM_CRYPTO_GRANT_H
#define SM_CRYPTO_GRANT_H

#include "services/crypto/message.h"
#include "services/crypto/organisation.h"

/* Who gets a capability, for which message. */
struct grant {
    struct id subject; /* the user or the link */
    uint64_t roles;    /* of a user; 0 for a link */
    struct id message;
    struct id token; /* names the capability in the log */
};

/* The right to upload the parts of a new message, within the organisation's limits. */
SM_MUST_USE enum sm_error grant_upload(struct sealed_call *call,
    const struct organisation *organisation, const struct grant *grant, struct access_reply *out);

/* The key of `message` and the right to download its parts. What *out points to lives in the
 * call's arena. */
SM_MUST_USE enum sm_error grant_content(struct sealed_call *call, const struct message *message,
    const struct grant *grant, struct content_reply *out);

#endif
