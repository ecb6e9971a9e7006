/* Hexadecimal and base64, strict in reading: RFC 4648 with one spelling per value. */
#include "base/encode.h"

#include <stdbool.h>
#include <string.h>

static const char hex_digits[] = "0123456789abcdef";
static const char alphabet_url[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char alphabet_standard[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void hex_encode(struct span bytes, char *out)
{
    for (size_t i = 0; i < bytes.size; i++) {
        *out++ = hex_digits[bytes.at[i] >> 4];
        *out++ = hex_digits[bytes.at[i] & 15];
    }
    *out = '\0';
}

/* The place of `letter` in `alphabet`, -1 when it is not there. */
static int place(const char *alphabet, uint8_t letter)
{
    const char *found = letter ? strchr(alphabet, letter) : NULL;
    return found ? (int)(found - alphabet) : -1;
}

enum sm_error hex_decode(struct span text, uint8_t *out, size_t size)
{
    if (text.size != 2 * size)
        return SM_BAD_FORMAT;
    for (size_t i = 0; i < size; i++) {
        int high = place(hex_digits, text.at[2 * i]);
        int low = place(hex_digits, text.at[2 * i + 1]);
        if (high < 0 || low < 0)
            return SM_BAD_FORMAT;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return SM_OK;
}

enum sm_error base32_encode(struct span bytes, struct buffer *out)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint32_t bits = 0;
    unsigned count = 0; /* of bits that wait */
    for (size_t i = 0; i < bytes.size; i++) {
        bits = bits << 8 | bytes.at[i];
        for (count += 8; count >= 5; count -= 5)
            TRY(buffer_append_u8(out, (uint8_t)alphabet[bits >> (count - 5) & 31]));
        bits &= 31; /* fewer than five wait */
    }
    return count ? buffer_append_u8(out, (uint8_t)alphabet[bits << (5 - count) & 31]) : SM_OK;
}

static enum sm_error encode(
    struct span bytes, const char *alphabet, bool is_padded, struct buffer *out)
{
    size_t rest = bytes.size % 3;
    size_t last = rest == 0 ? 0 : is_padded ? 4 : rest + 1;
    uint8_t *to;
    TRY(buffer_extend(out, bytes.size / 3 * 4 + last, &to));
    for (size_t i = 0; i < bytes.size; i += 3) {
        size_t take = bytes.size - i < 3 ? bytes.size - i : 3;
        uint32_t bits = (uint32_t)bytes.at[i] << 16;
        if (take > 1)
            bits |= (uint32_t)bytes.at[i + 1] << 8;
        if (take > 2)
            bits |= bytes.at[i + 2];
        for (size_t digit = 0; digit < 4; digit++) {
            if (digit <= take)
                *to++ = (uint8_t)alphabet[bits >> (18 - 6 * digit) & 63];
            else if (is_padded)
                *to++ = '=';
        }
    }
    return SM_OK;
}

static enum sm_error decode(struct span text, const char *alphabet, struct buffer *out)
{
    uint32_t bits = 0;
    unsigned held = 0; /* bits not yet written */
    if (text.size % 4 == 1)
        return SM_BAD_FORMAT;
    for (size_t i = 0; i < text.size; i++) {
        int digit = place(alphabet, text.at[i]);
        if (digit < 0)
            return SM_BAD_FORMAT;
        bits = (bits << 6 | (uint32_t)digit) & 0xffffff;
        held += 6;
        if (held < 8)
            continue;
        held -= 8;
        TRY(buffer_append_u8(out, (uint8_t)(bits >> held)));
    }
    return (bits & ((1u << held) - 1)) == 0 ? SM_OK : SM_BAD_FORMAT;
}

enum sm_error base64url_encode(struct span bytes, struct buffer *out)
{
    return encode(bytes, alphabet_url, false, out);
}

enum sm_error base64url_decode(struct span text, struct buffer *out)
{
    return decode(text, alphabet_url, out);
}

enum sm_error base64_encode(struct span bytes, struct buffer *out)
{
    return encode(bytes, alphabet_standard, true, out);
}

enum sm_error base64_decode(struct span text, struct buffer *out)
{
    if (text.size % 4 != 0)
        return SM_BAD_FORMAT;
    for (int padding = 0; padding < 2 && text.size && text.at[text.size - 1] == '='; padding++)
        text.size--;
    return decode(text, alphabet_standard, out);
}
