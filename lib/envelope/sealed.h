/*
 * The sealed request and its reply (DESIGN section 3; the shape of Oblivious HTTP, RFC 9458, on
 * HPKE, RFC 9180): how a browser or the command line speaks to crypto through a gateway that
 * carries the bytes and cannot read, alter or answer them.
 *
 *     request  version u8 (1) || key id 8 || aad size u16 BE || aad || enc 65 || ciphertext
 *              HPKE base mode, info "securemail/1 " || operation, one message (sequence 0),
 *              AEAD aad = all of the frame before enc
 *     reply    nonce 12 || AES-256-GCM(key, nonce, no aad)
 *              key = HKDF-SHA256(salt enc || nonce, ikm exporter, info "securemail/1 reply key")
 *              exporter = HPKE export of 32 bytes, context "securemail/1 reply"
 *
 * The gateway reads head and aad, so nothing secret stands there. The reply's key comes out of the
 * request's own context: there is no client key that could be swapped, and a reply to one request
 * opens as the reply to no other. Nothing here stops a replay; the plaintext carries what does.
 */
#ifndef SM_ENVELOPE_SEALED_H
#define SM_ENVELOPE_SEALED_H

#include "base/buffer.h"
#include "envelope/p256.h"
#include "proto/limits.h"

enum {
    SEALED_VERSION = 1,
    SEALED_KEY_ID_BYTES = HPKE_KID_BYTES, /* 8 */
    /* What sealing adds to the plaintext, besides the aad. */
    SEALED_REQUEST_OVERHEAD = 1 + SEALED_KEY_ID_BYTES + 2 + P256_PUBLIC_BYTES + 16,
    SEALED_REPLY_OVERHEAD = 12 + 16,
};

/* The first 8 bytes of SHA-256 of the 65-byte public key: names an HPKE key, proves nothing. */
SM_MUST_USE enum sm_error sealed_key_id(
    const uint8_t public_key[static P256_PUBLIC_BYTES], uint8_t out[static SEALED_KEY_ID_BYTES]);

/* One request and its reply, at either end: the exporter secret. Free it when the reply is done. */
struct sealed_exchange;
void sealed_exchange_free(struct sealed_exchange **exchange);

/* --- client --- */
struct sealed_request {
    const char *operation; /* as in the catalogue; 1 to OPERATION_NAME_BYTES_MAX bytes */
    struct span aad;       /* in clear, authenticated; at most SEALED_AAD_BYTES_MAX bytes */
    struct span plaintext;
};

/*
 * Appends the frame for the server's HPKE key (65 bytes; its signature was checked: identity.h) and
 * gives the exchange with which the reply opens. SM_BAD_VALUE for an invalid key or operation.
 */
SM_MUST_USE enum sm_error sealed_request_make(struct span server_public,
    const struct sealed_request *request, struct buffer *out, struct sealed_exchange **exchange);

/* Appends the reply's plaintext, or SM_TAMPERED. */
SM_MUST_USE enum sm_error sealed_reply_open(
    const struct sealed_exchange *exchange, struct span frame, struct buffer *out);

/* --- gateway and server --- */

/* The parts of a frame; all of them look into it. */
struct sealed_head {
    struct span key_id; /* 8 bytes */
    struct span aad;    /* not yet authenticated */
    struct span head;   /* version, key id, aad size, aad */
    struct span enc;    /* 65 bytes */
    struct span ciphertext;
};

/* Reads a frame without opening it. SM_BAD_FORMAT if it is none. */
SM_MUST_USE enum sm_error sealed_request_head(struct span frame, struct sealed_head *out);

/*
 * Opens a request for `operation`: appends the plaintext, gives the exchange for the reply. The aad
 * (sealed_request_head) is authentic then. SM_KEY_UNKNOWN if the frame names another key,
 * SM_BAD_FORMAT, SM_TAMPERED.
 */
SM_MUST_USE enum sm_error sealed_request_open(const struct p256_key *key, const char *operation,
    struct span frame, struct buffer *plaintext, struct sealed_exchange **exchange);

/* Appends a reply frame. Under a fresh nonce and key each time, so a reply may be made again. */
SM_MUST_USE enum sm_error sealed_reply_make(
    const struct sealed_exchange *exchange, struct span plaintext, struct buffer *out);

#endif
