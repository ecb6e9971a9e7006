/* The words of the closed error list: one place, so a log, a reply and a test say the same. */
#include "base/error.h"

#include <assert.h>
#include <string.h>

/* clang-format off */
static const char *const names[] = {
    [SM_OK]                = "ok",
    [SM_NO_MEMORY]         = "no-memory",
    [SM_TOO_LARGE]         = "too-large",
    [SM_BAD_FORMAT]        = "bad-format",
    [SM_BAD_VALUE]         = "bad-value",
    [SM_UNKNOWN_OPERATION] = "unknown-operation",
    [SM_NOT_ALLOWED]       = "not-allowed",
    [SM_NOT_SIGNED_IN]     = "not-signed-in",
    [SM_NOT_FOUND]         = "not-found",
    [SM_GONE]              = "gone",
    [SM_WRONG_SECRET]      = "wrong-secret",
    [SM_LOCKED]            = "locked",
    [SM_FROZEN]            = "frozen",
    [SM_TAMPERED]          = "tampered",
    [SM_REPLAYED]          = "replayed",
    [SM_CONFLICT]          = "conflict",
    [SM_BUSY]              = "busy",
    [SM_RATE_LIMITED]      = "rate-limited",
    [SM_TIMEOUT]           = "timeout",
    [SM_UNAVAILABLE]       = "unavailable",
    [SM_NOT_ACTIVE]        = "not-active",
    [SM_DATABASE]          = "database",
    [SM_IO]                = "io",
    [SM_DISK_FULL]         = "disk-full",
    [SM_CONFIG]            = "config",
    [SM_CRYPTO]            = "crypto",
    [SM_NOT_ENABLED]       = "not-enabled",
    [SM_KEY_UNKNOWN]       = "key-unknown",
    [SM_CODE_NEEDED]       = "code-needed",
};
/* clang-format on */

static_assert(sizeof names / sizeof names[0] == SM_ERROR_COUNT, "every error has a word");

const char *error_name(enum sm_error error)
{
    return (unsigned)error < SM_ERROR_COUNT ? names[error] : "unknown";
}

enum sm_error error_from_name(const char *word)
{
    for (unsigned i = 0; i < SM_ERROR_COUNT; i++)
        if (strcmp(names[i], word) == 0)
            return (enum sm_error)i;
    return SM_ERROR_COUNT;
}

enum sm_error error_from_number(unsigned long long number)
{
    return number < SM_ERROR_COUNT ? (enum sm_error)number : SM_BAD_FORMAT;
}
