/*
 * Answers with an ETag of all but their time, so that an open page can ask whether anything is new
 * and be told "no" (304).
 */
#ifndef SM_GATEWAY_TAGGED_H
#define SM_GATEWAY_TAGGED_H

#include "services/gateway/exchange.h"

enum { TAG_BYTES_MAX = 32 }; /* of the header's value */

/* Cuts `"now_ms":...}`, which the tables of such answers have last, off the JSON in *body. */
SM_MUST_USE enum sm_error tagged_without_time(
    const struct buffer *body, int64_t now_ms, struct span *out);

/* Puts it behind such a body again. */
SM_MUST_USE enum sm_error tagged_add_time(struct buffer *body, int64_t now_ms);

/* The tag of a body without its time, appended to `out` (TAG_BYTES_MAX). */
SM_MUST_USE enum sm_error tagged_name(struct span body, struct buffer *out);

/* 304 to who has it already; else answer.body as it is. */
SM_MUST_USE enum sm_error answer_tagged(struct exchange *exchange, const struct buffer *tag);

#endif
