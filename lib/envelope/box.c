/* The one-way box: HPKE with a version in front, which the AEAD covers. */
#include "envelope/box.h"

#include "base/memory.h"
#include "envelope/hpke.h"

static enum sm_error bind_version(struct span aad, struct buffer *out)
{
    *out = BUFFER(aad.size + 1);
    TRY(buffer_append_u8(out, BOX_VERSION));
    return buffer_append(out, aad);
}

static enum sm_error append_box(
    struct span receiver, const struct box_label *label, struct span plaintext, struct buffer *out)
{
    struct hpke *hpke DEFER(hpke_free) = NULL;
    uint8_t enc[HPKE_ENC_BYTES];
    TRY(hpke_send(receiver, label->info, enc, &hpke));
    struct buffer bound DEFER(buffer_free) = BUFFER(0);
    TRY(bind_version(label->aad, &bound));
    TRY(buffer_append_u8(out, BOX_VERSION));
    TRY(buffer_append(out, SPAN(enc)));
    return hpke_seal(hpke, buffer_span(&bound), plaintext, out);
}

enum sm_error box_seal(
    struct span receiver, const struct box_label *label, struct span plaintext, struct buffer *out)
{
    size_t before = out->size;
    enum sm_error error = append_box(receiver, label, plaintext, out);
    if (error != SM_OK)
        buffer_truncate(out, before);
    return error;
}

enum sm_error box_open(
    const struct p256_key *key, const struct box_label *label, struct span box, struct buffer *out)
{
    if (box.size < BOX_OVERHEAD_BYTES || box.at[0] != BOX_VERSION)
        return SM_TAMPERED;
    struct hpke *hpke DEFER(hpke_free) = NULL;
    TRY(hpke_receive(key, span_slice(box, 1, HPKE_ENC_BYTES), label->info, &hpke));
    struct buffer bound DEFER(buffer_free) = BUFFER(0);
    TRY(bind_version(label->aad, &bound));
    return hpke_open(hpke, buffer_span(&bound), span_slice(box, 1 + HPKE_ENC_BYTES, box.size), out);
}
