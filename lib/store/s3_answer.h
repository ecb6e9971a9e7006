/*
 * What an S3-compatible server answers, as far as it is looked at: the keys of a listing, the code
 * of a refusal, whether a bucket keeps versions. Everything in it is hostile. This is no XML parser
 * and need not be one: names and numbers of our own making are looked for between tags that the
 * protocol fixes; whatever else stands there is read over, and a key of other letters than ours is
 * an error. (Amazon S3 API Reference: ListObjects, Error Responses, GetBucketVersioning.)
 */
#ifndef SM_STORE_S3_ANSWER_H
#define SM_STORE_S3_ANSWER_H

#include "base/error.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    S3_KEYS_MAX = 1000, /* of one listing; the protocol's own limit */
    S3_KEY_BYTES_MAX = 200,
};

/* Called for each object of a listing; `key` lives as long as the answer. An error ends it. */
typedef enum sm_error s3_entry_fn(void *context, struct span key, uint64_t size);

/*
 * A listing: keys of the letters a-z, digits, "-" and "/", in rising order, each beginning with
 * `prefix`; *is_more when it was cut off. SM_BAD_FORMAT for anything else.
 */
SM_MUST_USE enum sm_error s3_answer_list(
    struct span xml, struct span prefix, s3_entry_fn *visit, void *context, bool *is_more);

/* The text of <Code>, empty when there is none. Not to be logged: it is compared with ours. */
struct span s3_answer_code(struct span xml);

/* Whether versions are kept: <Status>Enabled</Status>. */
bool s3_answer_keeps_versions(struct span xml);

#endif
