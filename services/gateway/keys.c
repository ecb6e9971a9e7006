/* What a client needs before its first sealed request: keys and a time token; and the limits. */
#include "services/gateway/handlers.h"

#include "proto/crypto.h"
#include "proto/limits.h"
#include "services/gateway/capability_key.h"
#include "services/gateway/json.h"

enum { REPLY_ARENA_BYTES = 64 * 1024 };

enum sm_error on_keys(struct worker *worker, struct exchange *exchange)
{
    struct arena arena DEFER(arena_free) = ARENA(REPLY_ARENA_BYTES);
    const struct keys_request request = {0};
    struct keys_reply reply = {0};
    TRY(worker_call(worker, OP_KEYS, &request, &arena, &reply));
    capability_key_learn(worker->gateway->capability_key, reply.capability_public);
    TRY(json_fields(&exchange->answer.body, &keys_reply, &reply));
    answer_json(exchange, 200);
    return SM_OK;
}

struct limits_answer {
    uint64_t attachment_bytes_max, attachments_max, body_bytes_max, subject_bytes_max;
    uint64_t recipients_max, sealed_request_bytes_max, part_ciphertext_bytes_max;
};
/* clang-format off */
FIELDS_LOCAL(limits_answer, struct limits_answer,
    F_U64(struct limits_answer, attachment_bytes_max, 0, MS_MAX, "plaintext of one file"),
    F_U64(struct limits_answer, attachments_max, 0, MS_MAX, "of one message"),
    F_U64(struct limits_answer, body_bytes_max, 0, MS_MAX, "of a message's text"),
    F_U64(struct limits_answer, subject_bytes_max, 0, MS_MAX, "of a subject"),
    F_U64(struct limits_answer, recipients_max, 0, MS_MAX, "of one message"),
    F_U64(struct limits_answer, sealed_request_bytes_max, 0, MS_MAX, "of a sealed request"),
    F_U64(struct limits_answer, part_ciphertext_bytes_max, 0, MS_MAX, "of a sealed attachment"));
/* clang-format on */

enum sm_error on_limits(struct worker *worker, struct exchange *exchange)
{
    const struct limits_answer limits = {
        .attachment_bytes_max = ATTACHMENT_BYTES_MAX,
        .attachments_max = ATTACHMENTS_MAX,
        .body_bytes_max = BODY_BYTES_MAX,
        .subject_bytes_max = SUBJECT_BYTES_MAX,
        .recipients_max = RECIPIENTS_MAX,
        .sealed_request_bytes_max = SEALED_REQUEST_BYTES_MAX,
        .part_ciphertext_bytes_max = part_bytes_max(1),
    };
    (void)worker;
    TRY(json_fields(&exchange->answer.body, &limits_answer, &limits));
    answer_json(exchange, 200);
    return SM_OK;
}
