/* The headers of tus 1.0 (https://tus.io/protocols/resumable-upload), read strictly. */
#ifndef SM_GATEWAY_TUS_HEADERS_H
#define SM_GATEWAY_TUS_HEADERS_H

#include "base/error.h"
#include "base/span.h"

#define TUS_VERSION "1.0.0"

/*
 * Upload-Metadata: exactly one pair, the key "part" and the base64 of a part's number in decimal
 * ("part MQ=="). SM_BAD_FORMAT; SM_BAD_VALUE for a number that no message has; SM_NOT_ALLOWED for
 * any other key: a file's name or type belongs into the sealed manifest and not to the server.
 */
SM_MUST_USE enum sm_error tus_part(struct span metadata, uint64_t *out);

#endif
