/*
 * Requests to one bucket of an S3-compatible server, signed with AWS Signature Version 4, over
 * libcurl. Path-style addresses, no redirects, no proxy, TLS with a verified certificate (plain
 * http to this machine alone). Each request has a deadline and is repeated a few times where it
 * cannot have been the request's fault; all of them may be repeated. Connections are kept and
 * shared.
 *
 * Keys are of the letters a-z, digits, "-" and "/": none needs escaping, and what libcurl signs is
 * what it sends.
 *
 * Errors: SM_NOT_FOUND (no such key; not logged), SM_DISK_FULL, SM_UNAVAILABLE (no answer, or a
 * refusal), SM_IO (an answer that is none), SM_NO_MEMORY. Any thread.
 */
#ifndef SM_STORE_S3_H
#define SM_STORE_S3_H

#include "base/buffer.h"
#include "store/s3_answer.h"
#include "store/s3_options.h"

struct s3;

/* Makes no request. SM_CONFIG, with the setting's name, the reason and the remedy in the log, for
 * an option that is not understood. Keeps copies; the caller owns *out. Before the first thread. */
SM_MUST_USE enum sm_error s3_open(const struct s3_options *options, struct s3 **out);
void s3_close(struct s3 **s3);

SM_MUST_USE enum sm_error s3_put(struct s3 *s3, const char *key, struct span bytes);

/* The whole object into `out`; SM_IO when it is larger than that may grow. */
SM_MUST_USE enum sm_error s3_get(struct s3 *s3, const char *key, struct buffer *out);

/* Exactly `size` bytes from `offset` on, or an error. */
SM_MUST_USE enum sm_error s3_get_range(
    struct s3 *s3, const char *key, uint64_t offset, uint8_t *bytes, size_t size);

/* That it is gone already is success. */
SM_MUST_USE enum sm_error s3_delete(struct s3 *s3, const char *key);

/* The keys that begin with `prefix` and stand behind `after` ("": from the first), as many as the
 * server gives at a time. */
struct s3_listing {
    const char *prefix, *after;
    s3_entry_fn *visit;
    void *context;
};
SM_MUST_USE enum sm_error s3_list(struct s3 *s3, const struct s3_listing *listing, bool *is_more);

/* Whether it answers us as it should. SM_CONFIG: it refuses what the settings say; SM_UNAVAILABLE:
 * it does not answer. The log has why, and what to do. */
SM_MUST_USE enum sm_error s3_check(struct s3 *s3);

/* SM_CONFIG, logged, when the bucket keeps versions of what is deleted; SM_OK also where the server
 * cannot tell, or will not tell us: then it is the operator's word that counts. */
SM_MUST_USE enum sm_error s3_check_versions(struct s3 *s3);

#endif
