/*
 * The one closed list of what can go wrong, shared by every process, the bus, the logs and the
 * tests. A function that can fail returns `enum sm_error`; ignoring it is a compile error. The
 * numbers cross the bus and are frozen: new ones are added at the end.
 *
 * Who sees what: a caller outside gets the error and a sentence; the cause goes to the log of the
 * process that decided (lib/base/log.h). No text of a peer, a user or a database goes to a caller.
 */
#ifndef SM_BASE_ERROR_H
#define SM_BASE_ERROR_H

#define SM_MUST_USE __attribute__((warn_unused_result))
#define SM_PRINTF(text, first) __attribute__((format(printf, text, first)))

enum sm_error {
    SM_OK = 0,
    SM_NO_MEMORY,         /* an allocation failed */
    SM_TOO_LARGE,         /* over a limit of proto/limits.h or of a field table */
    SM_BAD_FORMAT,        /* bytes do not have the form that their table or standard demands */
    SM_BAD_VALUE,         /* well-formed, but not a value that this operation accepts */
    SM_UNKNOWN_OPERATION, /* no such operation in the catalogue, or not at this service */
    SM_NOT_ALLOWED,       /* this caller, role or policy may not do it */
    SM_NOT_SIGNED_IN,     /* no session, or it ended */
    SM_NOT_FOUND,         /* the named thing is not there (never said of links: see SM_GONE) */
    SM_GONE,              /* a link that is unknown, expired, revoked or deleted: one answer */
    SM_WRONG_SECRET,      /* password, code or link secret does not match */
    SM_LOCKED,            /* 5 failures in a row: closed for 15 minutes */
    SM_FROZEN,            /* 20 failures in all: closed until the sender unlocks */
    SM_TAMPERED,          /* a MAC, tag, signature or commitment does not match */
    SM_REPLAYED,          /* this request was acted on before */
    SM_CONFLICT,          /* it exists already with other content */
    SM_BUSY,              /* a bounded queue is full; retry later */
    SM_RATE_LIMITED,      /* asked too often; retry later */
    SM_TIMEOUT,           /* the deadline passed */
    SM_UNAVAILABLE,       /* a peer, the relay or the database cannot be reached */
    SM_NOT_ACTIVE,        /* a standby: ask another replica */
    SM_DATABASE,          /* PostgreSQL refused or returned what it must not */
    SM_IO,                /* file, socket or pipe */
    SM_DISK_FULL,         /* no room left in the object store */
    SM_CONFIG,            /* a configuration value is missing or not understood */
    SM_CRYPTO,            /* OpenSSL or argon2 failed for a reason that is not the input's */
    SM_NOT_ENABLED,       /* SECURE_MAIL_ENABLED is not "true" */
    SM_KEY_UNKNOWN,       /* the key id of a sealed request is not live: fetch the keys again */
    SM_CODE_NEEDED,       /* sign in again with a time-based code; says nothing of the password */
    SM_ERROR_COUNT
};

/* The stable word for logs, replies and tests, e.g. "locked". Never NULL; "unknown" out of range.
 */
const char *error_name(enum sm_error error);

/* The error that `word` names, SM_ERROR_COUNT when none does. */
enum sm_error error_from_name(const char *word);

/* The number that came over the bus as an error; anything outside the list is SM_BAD_FORMAT. */
enum sm_error error_from_number(unsigned long long number);

/* Leaves the function with the error of `call`, if any. The only macro that hides control flow. */
#define TRY(call)                          \
    do {                                   \
        enum sm_error try_error_ = (call); \
        if (try_error_ != SM_OK)           \
            return try_error_;             \
    } while (0)

#endif
