/* Writing a signed note; reading one is the verifier's work, in code of its own. */
#include "services/audit/checkpoint.h"

#include "base/encode.h"
#include "base/memory.h"
#include "envelope/ed25519.h"
#include "envelope/kdf.h"

#include <inttypes.h>

enum { KEY_ID_BYTES = 4, NOTE_ED25519 = 0x01, ORIGIN_BYTES_MAX = 64, COVERED_BYTES_MAX = 128 };

static enum sm_error append_origin(struct id organisation, struct buffer *out)
{
    return buffer_format(out, "securemail/%s", id_text(organisation).text);
}

static enum sm_error make_key_id(
    struct span public_key, struct id organisation, uint8_t out[static KDF_SHA256_BYTES])
{
    struct buffer covered DEFER(buffer_free) = BUFFER(COVERED_BYTES_MAX);
    TRY(append_origin(organisation, &covered));
    TRY(buffer_append_u8(&covered, '\n'));
    TRY(buffer_append_u8(&covered, NOTE_ED25519));
    TRY(buffer_append(&covered, public_key));
    return kdf_sha256(buffer_span(&covered), out);
}

static enum sm_error append_body(
    struct id organisation, const struct tree *tree, struct buffer *out)
{
    struct hash root;
    TRY(tree_root(tree, &root));
    TRY(append_origin(organisation, out));
    TRY(buffer_format(out, "\n%" PRIu64 "\n", tree->size));
    TRY(base64_encode(SPAN(root.bytes), out));
    return buffer_append_u8(out, '\n');
}

static enum sm_error append_signature(
    const struct signing_key *key, struct id organisation, struct span body, struct buffer *out)
{
    uint8_t key_id[KDF_SHA256_BYTES];
    uint8_t blob[KEY_ID_BYTES + ED25519_SIGNATURE_BYTES];
    TRY(make_key_id(signing_key_public(key), organisation, key_id));
    for (size_t i = 0; i < KEY_ID_BYTES; i++)
        blob[i] = key_id[i];
    TRY(signing_key_sign(key, body, blob + KEY_ID_BYTES));
    TRY(buffer_append_text(out, "\n\xe2\x80\x94 "));
    TRY(append_origin(organisation, out));
    TRY(buffer_append_u8(out, ' '));
    TRY(base64_encode(SPAN(blob), out));
    return buffer_append_u8(out, '\n');
}

enum sm_error checkpoint_sign(const struct signing_key *key, struct id organisation,
    const struct tree *tree, struct buffer *out)
{
    struct buffer body DEFER(buffer_free) = BUFFER(CHECKPOINT_NOTE_BYTES_MAX);
    TRY(append_body(organisation, tree, &body));
    TRY(buffer_append(out, buffer_span(&body)));
    return append_signature(key, organisation, buffer_span(&body), out);
}

enum sm_error checkpoint_check(const struct signing_key *key, struct id organisation,
    const struct tree *tree, struct span note)
{
    struct buffer expected DEFER(buffer_free) = BUFFER(CHECKPOINT_NOTE_BYTES_MAX);
    TRY(checkpoint_sign(key, organisation, tree, &expected));
    return span_equal(buffer_span(&expected), note) ? SM_OK : SM_TAMPERED;
}

enum sm_error checkpoint_verifier_key(
    struct span public_key, struct id organisation, struct buffer *out)
{
    uint8_t key_id[KDF_SHA256_BYTES];
    char key_id_text[2 * KEY_ID_BYTES + 1];
    uint8_t blob[1 + ED25519_PUBLIC_BYTES] = {NOTE_ED25519};
    TRY(make_key_id(public_key, organisation, key_id));
    hex_encode(span_of(key_id, KEY_ID_BYTES), key_id_text);
    for (size_t i = 0; i < ED25519_PUBLIC_BYTES; i++)
        blob[1 + i] = public_key.at[i];
    TRY(append_origin(organisation, out));
    TRY(buffer_format(out, "+%s+", key_id_text));
    return base64_encode(SPAN(blob), out);
}
