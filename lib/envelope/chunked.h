/*
 * A stream of any size, sealed in chunks: https://c2sp.org/chunked-encryption@v1 with AES-256-GCM
 * and HKDF-Expand SHA-512 (the published vectors' "Cobblestone-256").
 *
 *     salt 24 || commitment 32 || chunk 0 || chunk 1 || ... || last chunk
 *     key 32 || base nonce 12 || commitment 32 =
 *         HKDF-Expand(input key, "c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM" 00 salt context)
 *     chunk i = AES-256-GCM(key, base nonce XOR i, no aad, 16384 bytes of plaintext)
 *
 * The last chunk always holds fewer than 16384 bytes, perhaps none: so a cut or an added chunk is
 * seen. A wrong key, salt or context is seen at the commitment, before any chunk.
 *
 * The input key is 32 uniformly random bytes (the message key K). The salt is random per stream, so
 * one key may seal many streams. Memory is flat: one chunk, whatever the stream's size; no call
 * allocates except for growth of the caller's buffer, which the caller may clear between calls.
 */
#ifndef SM_ENVELOPE_CHUNKED_H
#define SM_ENVELOPE_CHUNKED_H

#include "base/buffer.h"
#include "base/id.h"
#include "proto/sealed.h"

enum {
    CHUNKED_KEY_BYTES = 32,
    CHUNKED_SALT_BYTES = 24,
    CHUNKED_COMMITMENT_BYTES = 32,
    CHUNKED_HEAD_BYTES = CHUNKED_SALT_BYTES + CHUNKED_COMMITMENT_BYTES,
    CHUNKED_CHUNK_BYTES = 16 * 1024,
    CHUNKED_SEALED_CHUNK_BYTES = CHUNKED_CHUNK_BYTES + 16,
    CHUNKED_CONTEXT_BYTES_MAX = 512,
};

/* What the format allows: 2^38 chunks. */
#define CHUNKED_PLAINTEXT_BYTES_MAX (((uint64_t)1 << 38) * CHUNKED_CHUNK_BYTES - 1)

/* Exact size of the sealed stream. `plaintext` is at most CHUNKED_PLAINTEXT_BYTES_MAX (asserted).
 */
uint64_t chunked_ciphertext_size(uint64_t plaintext);

/* The inverse; SM_BAD_VALUE for a size that no sealed stream has. */
SM_MUST_USE enum sm_error chunked_plaintext_size(uint64_t ciphertext, uint64_t *out);

/* Where a stream belongs; a stream opens nowhere else. */
struct chunked_place {
    struct id organisation;
    struct id message;
    uint32_t part; /* 0 the header part, 1.. the attachments */
    enum direction direction;
};

/*
 * Appends the context of a place: five fields, each as u16 length (big-endian) and bytes:
 * "securemail/1", organisation (16), message (16), part (u32 big-endian), "message" or "reply".
 */
SM_MUST_USE enum sm_error chunked_context(const struct chunked_place *place, struct buffer *out);

/* --- sealing: new, push ..., finish once, free --- */
struct chunked_sealer;

/*
 * SM_BAD_VALUE if the key is not of 32 bytes, SM_TOO_LARGE for a context over
 * CHUNKED_CONTEXT_BYTES_MAX. The caller owns *out.
 */
SM_MUST_USE enum sm_error chunked_sealer_new(
    struct span key, struct span context, struct chunked_sealer **out);

/* The same with a salt that is given: for the vectors. A salt must never repeat under a key. */
SM_MUST_USE enum sm_error chunked_sealer_new_salted(struct span key, struct span context,
    const uint8_t salt[static CHUNKED_SALT_BYTES], struct chunked_sealer **out);

/* The 32 bytes that the manifest lists; they live as long as the sealer. */
const uint8_t *chunked_sealer_commitment(const struct chunked_sealer *sealer);

/* Takes any number of bytes; appends what became whole (the head with the first call). */
SM_MUST_USE enum sm_error chunked_seal_push(
    struct chunked_sealer *sealer, struct span plaintext, struct buffer *out);

/* Appends the last chunk. After it, and after any error, the sealer refuses with SM_BAD_VALUE. */
SM_MUST_USE enum sm_error chunked_seal_finish(struct chunked_sealer *sealer, struct buffer *out);
void chunked_sealer_free(struct chunked_sealer **sealer);

/* --- opening: new, push ..., finish once, free --- */
struct chunked_opener;

/* Errors as chunked_sealer_new. The caller owns *out. */
SM_MUST_USE enum sm_error chunked_opener_new(
    struct span key, struct span context, struct chunked_opener **out);

/*
 * Takes any number of bytes; appends the plaintext of the chunks that verified, no other byte.
 * SM_TAMPERED at the first that does not (chunks before it may already be in `out`: they are
 * genuine, but the stream is not whole). After any error every call gives SM_TAMPERED.
 */
SM_MUST_USE enum sm_error chunked_open_push(
    struct chunked_opener *opener, struct span ciphertext, struct buffer *out);

/* The stream ended: verifies and appends the last chunk, or SM_TAMPERED (cut, or wrong). */
SM_MUST_USE enum sm_error chunked_open_finish(struct chunked_opener *opener, struct buffer *out);

/* Only now may anything of the stream be shown or saved: the last chunk has verified. */
bool chunked_is_whole(const struct chunked_opener *opener);

/* The commitment at the stream's head, once 56 bytes were pushed and it was right; else NULL. */
const uint8_t *chunked_opener_commitment(const struct chunked_opener *opener);

void chunked_opener_free(struct chunked_opener **opener);

/* A whole stream in memory: for header parts and tests. On an error nothing stays in `out`. */
SM_MUST_USE enum sm_error chunked_seal(
    struct span key, struct span context, struct span plaintext, struct buffer *out);
SM_MUST_USE enum sm_error chunked_open(
    struct span key, struct span context, struct span ciphertext, struct buffer *out);

#endif
