/* What an S3-compatible server says when it refuses, as our error and in our words: what it says
 * itself is not shown to anybody. (Amazon S3 API Reference: Error Responses; MinIO's own codes.) */
#ifndef SM_STORE_S3_REFUSAL_H
#define SM_STORE_S3_REFUSAL_H

#include "base/error.h"
#include "base/span.h"

struct s3_refusal {
    const char *code;    /* of the protocol */
    enum sm_error error; /* SM_CONFIG: a setting is to be mended */
    const char *cause;
    const char *remedy; /* NULL: nothing that we know of */
};

/* The refusal in the body of an answer; NULL when it is none that says more than its status. */
const struct s3_refusal *s3_refusal_of(struct span xml);

#endif
