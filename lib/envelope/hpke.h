/*
 * HPKE (RFC 9180), base mode, one suite and no negotiation: DHKEM(P-256, HKDF-SHA256) 0x0010,
 * HKDF-SHA256 0x0001, AES-256-GCM 0x0002. AES-128-GCM can be chosen so that the vectors of the
 * RFC's appendix A.3 run; no product code does.
 *
 * A context belongs to one direction: the sender's seals, the receiver's opens, both export. The
 * sequence number counts messages by itself, so a nonce is never used twice. What opens is known
 * to be meant for this key, this info and this aad; who sent it is not (base mode): callers put a
 * proof inside.
 */
#ifndef SM_ENVELOPE_HPKE_H
#define SM_ENVELOPE_HPKE_H

#include "base/buffer.h"
#include "envelope/p256.h"

enum {
    HPKE_ENC_BYTES = P256_PUBLIC_BYTES, /* the sender's ephemeral public key, sent in clear */
    HPKE_TAG_BYTES = 16,
    HPKE_INFO_BYTES_MAX = 512,
    HPKE_EXPORT_CONTEXT_BYTES_MAX = 256,
};

struct hpke;

/*
 * Sender: encapsulates to `receiver` (65 bytes), writes `enc` for the other side. SM_BAD_VALUE for
 * an invalid public key, SM_TOO_LARGE for a long info. The caller owns *out.
 */
SM_MUST_USE enum sm_error hpke_send(
    struct span receiver, struct span info, uint8_t enc[static HPKE_ENC_BYTES], struct hpke **out);

/* Receiver: SM_TAMPERED if `enc` is not a valid point of 65 bytes. The caller owns *out. */
SM_MUST_USE enum sm_error hpke_receive(
    const struct p256_key *key, struct span enc, struct span info, struct hpke **out);

void hpke_free(struct hpke **hpke);

/* Sender only. Appends plaintext.size + 16 bytes and counts one message. */
SM_MUST_USE enum sm_error hpke_seal(
    struct hpke *hpke, struct span aad, struct span plaintext, struct buffer *out);

/* Receiver only. Appends the plaintext and counts one message, or SM_TAMPERED and counts none. */
SM_MUST_USE enum sm_error hpke_open(
    struct hpke *hpke, struct span aad, struct span ciphertext, struct buffer *out);

/* `size` secret bytes that only the two ends can make; another context gives other bytes. */
SM_MUST_USE enum sm_error hpke_export(
    const struct hpke *hpke, struct span context, uint8_t *out, size_t size);

/* RFC 9180 7.1.3: the key pair that `ikm` (32 bytes or more of entropy) determines. */
SM_MUST_USE enum sm_error hpke_derive_key_pair(struct span ikm, struct p256_key **out);

/* What only vectors need: another AEAD, and the ephemeral key instead of a fresh one. */
enum hpke_aead { HPKE_AES_128_GCM = 1, HPKE_AES_256_GCM = 2 };
struct hpke_vector {
    enum hpke_aead aead;
    const struct p256_key *ephemeral; /* sender only */
};
SM_MUST_USE enum sm_error hpke_send_vector(
    const struct hpke_vector *vector, struct span receiver, struct span info, struct hpke **out);
SM_MUST_USE enum sm_error hpke_receive_vector(const struct hpke_vector *vector,
    const struct p256_key *key, struct span enc, struct span info, struct hpke **out);

#endif
