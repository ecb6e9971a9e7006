/*
 * HPKE as the RFC writes it: KEM, key schedule, then AEAD with a counting nonce. OpenSSL has HPKE
 * from 3.2 only; this stands on 3.0's EVP. The names of the steps are the RFC's.
 */
#include "envelope/hpke.h"

#include <assert.h>
#include <string.h>

#include "base/memory.h"
#include "envelope/aead.h"
#include "envelope/kdf.h"

enum {
    KEM_P256_SHA256 = 0x0010,
    KDF_ID_SHA256 = 0x0001,
    MODE_BASE = 0x00,
    SUITE_BYTES_MAX = 10,
    LABELED_BYTES_MAX = 1024,
    KEY_PAIR_TRIES_MAX = 256,
};

enum side { SIDE_SENDER, SIDE_RECEIVER };

/* "KEM" || kem_id, or "HPKE" || kem_id || kdf_id || aead_id: what every label is bound to. */
struct suite {
    uint8_t bytes[SUITE_BYTES_MAX];
    size_t size;
};
static const struct suite kem_suite = {{'K', 'E', 'M', 0, KEM_P256_SHA256}, 5};

struct hpke {
    enum side side;
    struct suite suite;
    struct aead *aead;
    struct secret *exporter;
    uint64_t sequence; /* of the next message */
    uint8_t base_nonce[AEAD_NONCE_BYTES];
};

static struct suite hpke_suite(enum hpke_aead aead)
{
    return (struct suite){
        {'H', 'P', 'K', 'E', 0, KEM_P256_SHA256, 0, KDF_ID_SHA256, 0, (uint8_t)aead}, 10};
}

/* LabeledExtract (RFC 9180 4): 32 bytes. */
static enum sm_error labeled_extract(const struct suite *suite, struct span salt, const char *label,
    struct span ikm, uint8_t out[static KDF_SHA256_BYTES])
{
    struct buffer labeled DEFER(buffer_free) = BUFFER(LABELED_BYTES_MAX);
    TRY(buffer_append_text(&labeled, "HPKE-v1"));
    TRY(buffer_append(&labeled, span_of(suite->bytes, suite->size)));
    TRY(buffer_append_text(&labeled, label));
    TRY(buffer_append(&labeled, ikm));
    return kdf_extract(KDF_SHA256, salt, buffer_span(&labeled), out);
}

/* Where LabeledExpand's output goes. */
struct target {
    uint8_t *at;
    size_t size;
};

/* LabeledExpand (RFC 9180 4). */
static enum sm_error labeled_expand(const struct suite *suite, struct span prk, const char *label,
    struct span info, struct target out)
{
    struct buffer labeled DEFER(buffer_free) = BUFFER(LABELED_BYTES_MAX);
    TRY(buffer_append_be(&labeled, out.size, 2));
    TRY(buffer_append_text(&labeled, "HPKE-v1"));
    TRY(buffer_append(&labeled, span_of(suite->bytes, suite->size)));
    TRY(buffer_append_text(&labeled, label));
    TRY(buffer_append(&labeled, info));
    return kdf_expand(KDF_SHA256, prk, buffer_span(&labeled), out.at, out.size);
}

/* Both ends of the KEM: the shared secret from Diffie-Hellman and the two public keys. */
struct exchange_keys {
    const struct p256_key *own;
    struct span peer;
    struct span enc, receiver;
};

static enum sm_error shared_secret(
    const struct exchange_keys *keys, uint8_t out[static KDF_SHA256_BYTES])
{
    uint8_t dh[P256_SHARED_BYTES] = {0};
    DEFER_WIPE(dh);
    TRY(p256_agree(keys->own, keys->peer, dh));
    uint8_t prk[KDF_SHA256_BYTES] = {0};
    DEFER_WIPE(prk);
    TRY(labeled_extract(&kem_suite, span_of(NULL, 0), "eae_prk", SPAN(dh), prk));
    uint8_t context[2 * P256_PUBLIC_BYTES];
    memcpy(context, keys->enc.at, P256_PUBLIC_BYTES);
    memcpy(context + P256_PUBLIC_BYTES, keys->receiver.at, P256_PUBLIC_BYTES);
    return labeled_expand(&kem_suite, SPAN(prk), "shared_secret", SPAN(context),
        (struct target){out, KDF_SHA256_BYTES});
}

/* mode || psk_id_hash || info_hash, with an empty psk_id. */
static enum sm_error schedule_context(
    const struct suite *suite, struct span info, uint8_t out[static 1 + 2 * KDF_SHA256_BYTES])
{
    struct span none = span_of(NULL, 0);
    out[0] = MODE_BASE;
    TRY(labeled_extract(suite, none, "psk_id_hash", none, out + 1));
    return labeled_extract(suite, none, "info_hash", info, out + 1 + KDF_SHA256_BYTES);
}

/* The key schedule's three outputs, from its secret and context, into *hpke. */
static enum sm_error derive_outputs(
    struct hpke *hpke, size_t key_bytes, struct span secret, struct span context)
{
    uint8_t key[AEAD_KEY_BYTES] = {0};
    DEFER_WIPE(key);
    const struct suite *suite = &hpke->suite;
    TRY(labeled_expand(suite, secret, "key", context, (struct target){key, key_bytes}));
    TRY(aead_new(span_of(key, key_bytes), &hpke->aead));
    TRY(labeled_expand(suite, secret, "base_nonce", context,
        (struct target){hpke->base_nonce, sizeof hpke->base_nonce}));
    TRY(secret_new(KDF_SHA256_BYTES, &hpke->exporter));
    return labeled_expand(suite, secret, "exp", context,
        (struct target){secret_bytes(hpke->exporter), KDF_SHA256_BYTES});
}

/* KeySchedule (RFC 9180 5.1), base mode. */
static enum sm_error key_schedule(
    enum side side, enum hpke_aead aead, struct span shared, struct span info, struct hpke **out)
{
    if (info.size > HPKE_INFO_BYTES_MAX)
        return SM_TOO_LARGE;
    struct hpke *hpke DEFER(hpke_free) = NULL;
    TRY(memory_zeroed(1, sizeof *hpke, (void **)&hpke));
    hpke->side = side;
    hpke->suite = hpke_suite(aead);
    uint8_t context[1 + 2 * KDF_SHA256_BYTES];
    TRY(schedule_context(&hpke->suite, info, context));
    uint8_t secret[KDF_SHA256_BYTES] = {0};
    DEFER_WIPE(secret);
    TRY(labeled_extract(&hpke->suite, shared, "secret", span_of(NULL, 0), secret));
    size_t key_bytes = aead == HPKE_AES_256_GCM ? AEAD_KEY_BYTES : AEAD_KEY_128_BYTES;
    TRY(derive_outputs(hpke, key_bytes, SPAN(secret), SPAN(context)));
    *out = TAKE(hpke);
    return SM_OK;
}

enum sm_error hpke_send_vector(
    const struct hpke_vector *vector, struct span receiver, struct span info, struct hpke **out)
{
    uint8_t shared[KDF_SHA256_BYTES] = {0};
    DEFER_WIPE(shared);
    struct exchange_keys keys = {
        .own = vector->ephemeral,
        .peer = receiver,
        .enc = span_of(p256_public(vector->ephemeral), P256_PUBLIC_BYTES),
        .receiver = receiver,
    };
    TRY(shared_secret(&keys, shared));
    return key_schedule(SIDE_SENDER, vector->aead, SPAN(shared), info, out);
}

enum sm_error hpke_receive_vector(const struct hpke_vector *vector, const struct p256_key *key,
    struct span enc, struct span info, struct hpke **out)
{
    uint8_t shared[KDF_SHA256_BYTES] = {0};
    DEFER_WIPE(shared);
    struct exchange_keys keys = {
        .own = key,
        .peer = enc,
        .enc = enc,
        .receiver = span_of(p256_public(key), P256_PUBLIC_BYTES),
    };
    enum sm_error error = shared_secret(&keys, shared);
    if (error != SM_OK)
        return error == SM_BAD_VALUE ? SM_TAMPERED : error;
    return key_schedule(SIDE_RECEIVER, vector->aead, SPAN(shared), info, out);
}

enum sm_error hpke_send(
    struct span receiver, struct span info, uint8_t enc[static HPKE_ENC_BYTES], struct hpke **out)
{
    struct p256_key *ephemeral DEFER(p256_free) = NULL;
    TRY(p256_generate(&ephemeral));
    struct hpke_vector fresh = {.aead = HPKE_AES_256_GCM, .ephemeral = ephemeral};
    TRY(hpke_send_vector(&fresh, receiver, info, out));
    memcpy(enc, p256_public(ephemeral), HPKE_ENC_BYTES);
    return SM_OK;
}

enum sm_error hpke_receive(
    const struct p256_key *key, struct span enc, struct span info, struct hpke **out)
{
    struct hpke_vector ours = {.aead = HPKE_AES_256_GCM};
    return hpke_receive_vector(&ours, key, enc, info, out);
}

void hpke_free(struct hpke **hpke)
{
    if (!*hpke)
        return;
    aead_free(&(*hpke)->aead);
    secret_free(&(*hpke)->exporter);
    explicit_bzero(*hpke, sizeof **hpke);
    memory_free(hpke);
}

/* ComputeNonce: base_nonce XOR the sequence number, big-endian at the end. */
static enum sm_error next_nonce(const struct hpke *hpke, uint8_t out[static AEAD_NONCE_BYTES])
{
    if (hpke->sequence == UINT64_MAX)
        return SM_TOO_LARGE;
    memcpy(out, hpke->base_nonce, AEAD_NONCE_BYTES);
    for (size_t i = 0; i < sizeof hpke->sequence; i++)
        out[AEAD_NONCE_BYTES - 1 - i] ^= (uint8_t)(hpke->sequence >> (8 * i));
    return SM_OK;
}

enum sm_error hpke_seal(
    struct hpke *hpke, struct span aad, struct span plaintext, struct buffer *out)
{
    assert(hpke->side == SIDE_SENDER);
    uint8_t nonce[AEAD_NONCE_BYTES];
    TRY(next_nonce(hpke, nonce));
    TRY(aead_seal(hpke->aead, nonce, aad, plaintext, out));
    hpke->sequence++;
    return SM_OK;
}

enum sm_error hpke_open(
    struct hpke *hpke, struct span aad, struct span ciphertext, struct buffer *out)
{
    assert(hpke->side == SIDE_RECEIVER);
    uint8_t nonce[AEAD_NONCE_BYTES];
    TRY(next_nonce(hpke, nonce));
    TRY(aead_open(hpke->aead, nonce, aad, ciphertext, out));
    hpke->sequence++;
    return SM_OK;
}

enum sm_error hpke_export(const struct hpke *hpke, struct span context, uint8_t *out, size_t size)
{
    if (context.size > HPKE_EXPORT_CONTEXT_BYTES_MAX)
        return SM_TOO_LARGE;
    return labeled_expand(
        &hpke->suite, secret_span(hpke->exporter), "sec", context, (struct target){out, size});
}

enum sm_error hpke_derive_key_pair(struct span ikm, struct p256_key **out)
{
    uint8_t prk[KDF_SHA256_BYTES] = {0};
    DEFER_WIPE(prk);
    uint8_t scalar[P256_PRIVATE_BYTES] = {0};
    DEFER_WIPE(scalar);
    TRY(labeled_extract(&kem_suite, span_of(NULL, 0), "dkp_prk", ikm, prk));
    enum sm_error error = SM_BAD_VALUE;
    for (int try = 0; try < KEY_PAIR_TRIES_MAX && error == SM_BAD_VALUE; try++) {
        uint8_t counter = (uint8_t)try;
        TRY(labeled_expand(&kem_suite, SPAN(prk), "candidate", span_of(&counter, 1),
            (struct target){scalar, sizeof scalar}));
        error = p256_import(SPAN(scalar), out);
    }
    return error;
}
