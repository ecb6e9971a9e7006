/* RFC 4226's truncation over RFC 6238's counter. */
#include "envelope/totp.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

enum { SHA1_BYTES = 20, COUNTER_BYTES = 8 };

/* 31 bits, from the place that the last half byte names. */
static uint32_t truncated(const uint8_t hash[static SHA1_BYTES])
{
    size_t at = hash[SHA1_BYTES - 1] & 0x0f;
    return (uint32_t)(hash[at] & 0x7f) << 24 | (uint32_t)hash[at + 1] << 16 |
           (uint32_t)hash[at + 2] << 8 | hash[at + 3];
}

enum sm_error totp_code(struct span secret, uint64_t step, unsigned digits, struct totp_code *out)
{
    uint8_t counter[COUNTER_BYTES];
    uint8_t hash[SHA1_BYTES] = {0};
    unsigned size = 0;
    if (secret.size == 0 || secret.size > INT32_MAX || digits == 0 || digits > TOTP_DIGITS_MAX)
        return SM_BAD_VALUE;
    for (size_t i = 0; i < COUNTER_BYTES; i++)
        counter[i] = (uint8_t)(step >> (8 * (COUNTER_BYTES - 1 - i)));
    if (!HMAC(EVP_sha1(), secret.at, (int)secret.size, counter, sizeof counter, hash, &size) ||
        size != SHA1_BYTES)
        return SM_CRYPTO;
    uint32_t number = truncated(hash);
    explicit_bzero(hash, sizeof hash);
    for (unsigned i = digits; i-- > 0; number /= 10)
        out->digits[i] = (char)('0' + number % 10);
    out->digits[digits] = '\0';
    explicit_bzero(&number, sizeof number);
    return SM_OK;
}
