/*
 * Time-based one-time codes (RFC 6238: HMAC-SHA-1 over the number of the time step). Every
 * authenticator app speaks exactly this form, and no other is offered. Pure: the caller has the
 * clock, remembers which step was used, and decides how many steps of drift it forgives.
 */
#ifndef SM_ENVELOPE_TOTP_H
#define SM_ENVELOPE_TOTP_H

#include "base/error.h"
#include "base/span.h"

enum {
    TOTP_SECRET_BYTES = 20, /* as long as SHA-1's output (RFC 4226 section 4, R6) */
    TOTP_DIGITS = 6,
    TOTP_DIGITS_MAX = 8, /* the RFC's vectors have 8 */
    TOTP_STEP_S = 30,
};

/* The digits of one step, with a NUL. A secret while its step lasts. */
struct totp_code {
    char digits[TOTP_DIGITS_MAX + 1];
};

/* The code of step `step` (seconds since 1970 / 30), in `digits` digits. SM_BAD_VALUE for an empty
 * secret or for more than 8 digits. */
SM_MUST_USE enum sm_error totp_code(
    struct span secret, uint64_t step, unsigned digits, struct totp_code *out);

#endif
