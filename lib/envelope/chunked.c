/*
 * Chunked encryption in both directions. Each side gathers at most one chunk; whole chunks in the
 * caller's bytes are worked on where they lie. A full sealed chunk is never the last one, so the
 * opener needs no look-ahead: what is left at the end is the last chunk.
 */
#include "envelope/chunked.h"

#include <assert.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "base/secret.h"
#include "envelope/aead.h"
#include "envelope/kdf.h"
#include "proto/limits.h"

static_assert((int)CHUNKED_KEY_BYTES == (int)KEY_BYTES &&
                  (int)CHUNKED_COMMITMENT_BYTES == (int)COMMITMENT_BYTES,
    "the envelope's sizes are the protocol's");

static const char info_prefix[] = "c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM";
static const uint64_t chunks_max = (uint64_t)1 << 38;

/* What one salt makes of the key: the state that both directions share. */
struct stream {
    struct aead *aead;
    uint64_t chunk; /* number of the next one */
    uint8_t base_nonce[AEAD_NONCE_BYTES];
    uint8_t commitment[CHUNKED_COMMITMENT_BYTES];
};

struct chunked_sealer {
    struct stream stream;
    bool is_head_written;
    bool is_dead; /* finished or failed */
    uint8_t salt[CHUNKED_SALT_BYTES];
    size_t held; /* bytes gathered of the next chunk */
    uint8_t plaintext[CHUNKED_CHUNK_BYTES];
};

struct chunked_opener {
    struct stream stream; /* from when the head verified */
    struct secret *key;   /* until then */
    size_t context_size;
    uint8_t context[CHUNKED_CONTEXT_BYTES_MAX];
    bool is_dead; /* failed */
    bool is_whole;
    size_t held;
    uint8_t ciphertext[CHUNKED_SEALED_CHUNK_BYTES];
};

/* --- sizes and places --- */
uint64_t chunked_ciphertext_size(uint64_t plaintext)
{
    assert(plaintext <= CHUNKED_PLAINTEXT_BYTES_MAX);
    uint64_t chunks = plaintext / CHUNKED_CHUNK_BYTES + 1;
    return CHUNKED_HEAD_BYTES + plaintext + chunks * AEAD_TAG_BYTES;
}

enum sm_error chunked_plaintext_size(uint64_t ciphertext, uint64_t *out)
{
    if (ciphertext < CHUNKED_HEAD_BYTES)
        return SM_BAD_VALUE;
    uint64_t full = (ciphertext - CHUNKED_HEAD_BYTES) / CHUNKED_SEALED_CHUNK_BYTES;
    uint64_t last = (ciphertext - CHUNKED_HEAD_BYTES) % CHUNKED_SEALED_CHUNK_BYTES;
    if (last < AEAD_TAG_BYTES || full >= chunks_max)
        return SM_BAD_VALUE;
    *out = full * CHUNKED_CHUNK_BYTES + last - AEAD_TAG_BYTES;
    return SM_OK;
}

static enum sm_error append_field(struct span field, struct buffer *out)
{
    TRY(buffer_append_be(out, field.size, 2));
    return buffer_append(out, field);
}

enum sm_error chunked_context(const struct chunked_place *place, struct buffer *out)
{
    bool is_reply = place->direction == DIRECTION_REPLY;
    TRY(append_field(span_text("securemail/1"), out));
    TRY(append_field(id_span(&place->organisation), out));
    TRY(append_field(id_span(&place->message), out));
    TRY(buffer_append_be(out, sizeof place->part, 2));
    TRY(buffer_append_be(out, place->part, sizeof place->part));
    return append_field(span_text(is_reply ? "reply" : "message"), out);
}

/* --- what both directions share --- */
static enum sm_error append_info(struct span salt, struct span context, struct buffer *out)
{
    TRY(buffer_append(out, span_of(info_prefix, sizeof info_prefix))); /* with its NUL: the 00 */
    TRY(buffer_append(out, salt));
    return buffer_append(out, context);
}

static enum sm_error stream_start(
    struct stream *stream, struct span key, struct span salt, struct span context)
{
    struct buffer info DEFER(buffer_free) = BUFFER(KDF_INFO_BYTES_MAX);
    TRY(append_info(salt, context, &info));
    uint8_t derived[AEAD_KEY_BYTES + AEAD_NONCE_BYTES + CHUNKED_COMMITMENT_BYTES] = {0};
    DEFER_WIPE(derived);
    TRY(kdf_expand(KDF_SHA512, key, buffer_span(&info), derived, sizeof derived));
    TRY(aead_new(span_of(derived, AEAD_KEY_BYTES), &stream->aead));
    memcpy(stream->base_nonce, derived + AEAD_KEY_BYTES, AEAD_NONCE_BYTES);
    memcpy(
        stream->commitment, derived + AEAD_KEY_BYTES + AEAD_NONCE_BYTES, CHUNKED_COMMITMENT_BYTES);
    return SM_OK;
}

static enum sm_error next_nonce(struct stream *stream, uint8_t out[static AEAD_NONCE_BYTES])
{
    if (stream->chunk >= chunks_max)
        return SM_TOO_LARGE;
    memcpy(out, stream->base_nonce, AEAD_NONCE_BYTES);
    for (size_t i = 0; i < sizeof stream->chunk; i++)
        out[AEAD_NONCE_BYTES - 1 - i] ^= (uint8_t)(stream->chunk >> (8 * i));
    stream->chunk++;
    return SM_OK;
}

static enum sm_error seal_chunk(struct stream *stream, struct span plaintext, struct buffer *out)
{
    uint8_t nonce[AEAD_NONCE_BYTES];
    TRY(next_nonce(stream, nonce));
    return aead_seal(stream->aead, nonce, span_of(NULL, 0), plaintext, out);
}

static enum sm_error open_chunk(struct stream *stream, struct span ciphertext, struct buffer *out)
{
    uint8_t nonce[AEAD_NONCE_BYTES];
    TRY(next_nonce(stream, nonce));
    return aead_open(stream->aead, nonce, span_of(NULL, 0), ciphertext, out);
}

/* Moves bytes from the front of *from to the `held` ones at `into`, until `full` are held. */
static void gather(uint8_t *into, size_t *held, size_t full, struct span *from)
{
    size_t taken = full - *held < from->size ? full - *held : from->size;
    if (taken)
        memcpy(into + *held, from->at, taken);
    *held += taken;
    *from = span_slice(*from, taken, from->size);
}

/* --- sealing --- */
enum sm_error chunked_sealer_new_salted(struct span key, struct span context,
    const uint8_t salt[static CHUNKED_SALT_BYTES], struct chunked_sealer **out)
{
    if (key.size != CHUNKED_KEY_BYTES)
        return SM_BAD_VALUE;
    if (context.size > CHUNKED_CONTEXT_BYTES_MAX)
        return SM_TOO_LARGE;
    struct chunked_sealer *sealer DEFER(chunked_sealer_free) = NULL;
    TRY(memory_zeroed(1, sizeof *sealer, (void **)&sealer));
    memcpy(sealer->salt, salt, CHUNKED_SALT_BYTES);
    TRY(stream_start(&sealer->stream, key, SPAN(sealer->salt), context));
    *out = TAKE(sealer);
    return SM_OK;
}

enum sm_error chunked_sealer_new(struct span key, struct span context, struct chunked_sealer **out)
{
    uint8_t salt[CHUNKED_SALT_BYTES];
    TRY(random_bytes(salt, sizeof salt));
    return chunked_sealer_new_salted(key, context, salt, out);
}

const uint8_t *chunked_sealer_commitment(const struct chunked_sealer *sealer)
{
    return sealer->stream.commitment;
}

static enum sm_error write_head(struct chunked_sealer *sealer, struct buffer *out)
{
    if (sealer->is_head_written)
        return SM_OK;
    TRY(buffer_append(out, SPAN(sealer->salt)));
    TRY(buffer_append(out, SPAN(sealer->stream.commitment)));
    sealer->is_head_written = true;
    return SM_OK;
}

static enum sm_error seal_whole_chunks(
    struct chunked_sealer *sealer, struct span plaintext, struct buffer *out)
{
    TRY(write_head(sealer, out));
    if (sealer->held) {
        gather(sealer->plaintext, &sealer->held, CHUNKED_CHUNK_BYTES, &plaintext);
        if (sealer->held < CHUNKED_CHUNK_BYTES)
            return SM_OK;
        TRY(seal_chunk(&sealer->stream, SPAN(sealer->plaintext), out));
        sealer->held = 0;
    }
    while (plaintext.size >= CHUNKED_CHUNK_BYTES) {
        TRY(seal_chunk(&sealer->stream, span_slice(plaintext, 0, CHUNKED_CHUNK_BYTES), out));
        plaintext = span_slice(plaintext, CHUNKED_CHUNK_BYTES, plaintext.size);
    }
    gather(sealer->plaintext, &sealer->held, CHUNKED_CHUNK_BYTES, &plaintext);
    return SM_OK;
}

enum sm_error chunked_seal_push(
    struct chunked_sealer *sealer, struct span plaintext, struct buffer *out)
{
    if (sealer->is_dead)
        return SM_BAD_VALUE;
    enum sm_error error = seal_whole_chunks(sealer, plaintext, out);
    sealer->is_dead = error != SM_OK;
    return error;
}

enum sm_error chunked_seal_finish(struct chunked_sealer *sealer, struct buffer *out)
{
    if (sealer->is_dead)
        return SM_BAD_VALUE;
    sealer->is_dead = true;
    TRY(write_head(sealer, out));
    return seal_chunk(&sealer->stream, span_of(sealer->plaintext, sealer->held), out);
}

void chunked_sealer_free(struct chunked_sealer **sealer)
{
    if (!*sealer)
        return;
    aead_free(&(*sealer)->stream.aead);
    explicit_bzero(*sealer, sizeof **sealer);
    memory_free(sealer);
}

/* --- opening --- */
enum sm_error chunked_opener_new(struct span key, struct span context, struct chunked_opener **out)
{
    if (key.size != CHUNKED_KEY_BYTES)
        return SM_BAD_VALUE;
    if (context.size > CHUNKED_CONTEXT_BYTES_MAX)
        return SM_TOO_LARGE;
    struct chunked_opener *opener DEFER(chunked_opener_free) = NULL;
    TRY(memory_zeroed(1, sizeof *opener, (void **)&opener));
    TRY(secret_copy(key, &opener->key));
    opener->context_size = context.size;
    if (context.size)
        memcpy(opener->context, context.at, context.size);
    *out = TAKE(opener);
    return SM_OK;
}

/* The head is there: derives the stream's key from its salt and compares the commitment. */
static enum sm_error read_head(struct chunked_opener *opener)
{
    struct span head = span_of(opener->ciphertext, CHUNKED_HEAD_BYTES);
    TRY(stream_start(&opener->stream, secret_span(opener->key),
        span_slice(head, 0, CHUNKED_SALT_BYTES), span_of(opener->context, opener->context_size)));
    secret_free(&opener->key);
    opener->held = 0;
    bool is_ours = secret_equal(SPAN(opener->stream.commitment),
        span_slice(head, CHUNKED_SALT_BYTES, CHUNKED_COMMITMENT_BYTES));
    return is_ours ? SM_OK : SM_TAMPERED;
}

static enum sm_error open_whole_chunks(
    struct chunked_opener *opener, struct span ciphertext, struct buffer *out)
{
    if (opener->key) {
        gather(opener->ciphertext, &opener->held, CHUNKED_HEAD_BYTES, &ciphertext);
        if (opener->held < CHUNKED_HEAD_BYTES)
            return SM_OK;
        TRY(read_head(opener));
    }
    if (opener->held) {
        gather(opener->ciphertext, &opener->held, CHUNKED_SEALED_CHUNK_BYTES, &ciphertext);
        if (opener->held < CHUNKED_SEALED_CHUNK_BYTES)
            return SM_OK;
        TRY(open_chunk(&opener->stream, SPAN(opener->ciphertext), out));
        opener->held = 0;
    }
    while (ciphertext.size >= CHUNKED_SEALED_CHUNK_BYTES) {
        struct span chunk = span_slice(ciphertext, 0, CHUNKED_SEALED_CHUNK_BYTES);
        TRY(open_chunk(&opener->stream, chunk, out));
        ciphertext = span_slice(ciphertext, CHUNKED_SEALED_CHUNK_BYTES, ciphertext.size);
    }
    gather(opener->ciphertext, &opener->held, CHUNKED_SEALED_CHUNK_BYTES, &ciphertext);
    return SM_OK;
}

enum sm_error chunked_open_push(
    struct chunked_opener *opener, struct span ciphertext, struct buffer *out)
{
    if (opener->is_dead || opener->is_whole)
        return SM_TAMPERED;
    enum sm_error error = open_whole_chunks(opener, ciphertext, out);
    opener->is_dead = error != SM_OK;
    return error;
}

enum sm_error chunked_open_finish(struct chunked_opener *opener, struct buffer *out)
{
    if (opener->is_dead || opener->is_whole)
        return SM_TAMPERED;
    opener->is_dead = true;
    if (opener->key) /* the head never came */
        return SM_TAMPERED;
    TRY(open_chunk(&opener->stream, span_of(opener->ciphertext, opener->held), out));
    opener->is_dead = false;
    opener->is_whole = true;
    return SM_OK;
}

bool chunked_is_whole(const struct chunked_opener *opener)
{
    return opener->is_whole;
}

const uint8_t *chunked_opener_commitment(const struct chunked_opener *opener)
{
    bool is_known = !opener->key && !opener->is_dead;
    return is_known ? opener->stream.commitment : NULL;
}

void chunked_opener_free(struct chunked_opener **opener)
{
    if (!*opener)
        return;
    aead_free(&(*opener)->stream.aead);
    secret_free(&(*opener)->key);
    explicit_bzero(*opener, sizeof **opener);
    memory_free(opener);
}

/* --- whole streams --- */
enum sm_error chunked_seal(
    struct span key, struct span context, struct span plaintext, struct buffer *out)
{
    struct chunked_sealer *sealer DEFER(chunked_sealer_free) = NULL;
    TRY(chunked_sealer_new(key, context, &sealer));
    size_t before = out->size;
    enum sm_error error = chunked_seal_push(sealer, plaintext, out);
    if (error == SM_OK)
        error = chunked_seal_finish(sealer, out);
    if (error != SM_OK)
        buffer_truncate(out, before);
    return error;
}

enum sm_error chunked_open(
    struct span key, struct span context, struct span ciphertext, struct buffer *out)
{
    struct chunked_opener *opener DEFER(chunked_opener_free) = NULL;
    TRY(chunked_opener_new(key, context, &opener));
    size_t before = out->size;
    enum sm_error error = chunked_open_push(opener, ciphertext, out);
    if (error == SM_OK)
        error = chunked_open_finish(opener, out);
    if (error != SM_OK)
        buffer_truncate(out, before);
    return error;
}
