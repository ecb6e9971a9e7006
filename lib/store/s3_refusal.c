/* The table of refusals. */
#include "store/s3_refusal.h"

#include "store/s3_answer.h"

#include <stddef.h>

#include "base/banned.h"

/* clang-format off */
static const struct s3_refusal refusals[] = {
    {"NoSuchKey", SM_NOT_FOUND, "", NULL},
    {"NoSuchBucket", SM_CONFIG, "there is no such bucket", "make it, or correct SECURE_MAIL_S3_BUCKET"},
    {"InvalidAccessKeyId", SM_CONFIG, "the server does not know this key id", "correct SECURE_MAIL_S3_KEY_ID"},
    {"SignatureDoesNotMatch", SM_CONFIG, "the secret is not the one of this key id", "correct SECURE_MAIL_S3_SECRET, or its file"},
    {"AccessDenied", SM_CONFIG, "this key id may not do this", "allow it to list, read, write and delete in the bucket (docs/runbook.md)"},
    {"RequestTimeTooSkewed", SM_CONFIG, "the clocks of this machine and of the server differ", "set them by a time server"},
    {"AuthorizationHeaderMalformed", SM_CONFIG, "the server is of another region", "correct SECURE_MAIL_S3_REGION"},
    {"PermanentRedirect", SM_CONFIG, "the bucket is at another address", "correct SECURE_MAIL_S3_ENDPOINT and SECURE_MAIL_S3_REGION"},
    {"InvalidRange", SM_IO, "an object is shorter than it was", NULL},
    {"QuotaExceeded", SM_DISK_FULL, "the quota is used up", NULL},
    {"XMinioStorageFull", SM_DISK_FULL, "the server has no room", NULL},
    {"InsufficientCapacity", SM_DISK_FULL, "the server has no room", NULL},
};
/* clang-format on */

const struct s3_refusal *s3_refusal_of(struct span xml)
{
    struct span code = s3_answer_code(xml);
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
        if (span_equals_text(code, refusals[i].code))
            return &refusals[i];
    return NULL;
}
