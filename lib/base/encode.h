/*
 * Bytes as text: lower-case hexadecimal, and base64url without padding (RFC 4648 section 5).
 * Decoders are strict: one spelling per value, so nothing can be written in two ways.
 */
#ifndef SM_BASE_ENCODE_H
#define SM_BASE_ENCODE_H

#include "base/buffer.h"

/* Writes 2 * bytes.size digits and a NUL to `out`. */
void hex_encode(struct span bytes, char *out);

/* Exactly `size` bytes from 2 * size lower-case digits, or SM_BAD_FORMAT. */
SM_MUST_USE enum sm_error hex_decode(struct span text, uint8_t *out, size_t size);

/* Appends the bytes in base32's capitals and digits without padding (RFC 4648 section 6): what a
 * person can read out and an authenticator app takes. */
SM_MUST_USE enum sm_error base32_encode(struct span bytes, struct buffer *out);

/* Appends the base64url text of `bytes`. */
SM_MUST_USE enum sm_error base64url_encode(struct span bytes, struct buffer *out);

/* Appends the bytes that `text` spells; SM_BAD_FORMAT for padding, other letters, stray bits. */
SM_MUST_USE enum sm_error base64url_decode(struct span text, struct buffer *out);

/* The same with the standard alphabet and padding (RFC 4648 section 4). */
SM_MUST_USE enum sm_error base64_encode(struct span bytes, struct buffer *out);
SM_MUST_USE enum sm_error base64_decode(struct span text, struct buffer *out);

#endif
