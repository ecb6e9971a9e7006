/* Canonical JSON, and around it the signature over its exact bytes. */
#include "services/audit/declaration.h"

#include "base/encode.h"
#include "base/memory.h"
#include "envelope/ed25519.h"
#include "proto/declaration.h"
#include "proto/limits.h"
#include "services/audit/canon.h"

static const char signed_name[] = "securemail/declaration\n";

static enum sm_error put_word(struct canon *canon, const char *name, const char *word)
{
    return canon_text(canon, name, span_text(word));
}

static enum sm_error put_text(
    struct canon *canon, const char *name, const struct declared_text *text)
{
    TRY(canon_object(canon, name));
    TRY(put_word(canon, "en", text->en));
    TRY(put_word(canon, "nl", text->nl));
    return canon_object_end(canon);
}

static enum sm_error put_texts(
    struct canon *canon, const char *name, const struct declared_text *texts, size_t count)
{
    TRY(canon_array(canon, name));
    for (size_t i = 0; i < count; i++)
        TRY(put_text(canon, NULL, &texts[i]));
    return canon_array_end(canon);
}

static enum sm_error put_evidence(struct canon *canon, const struct criterion *criterion)
{
    TRY(canon_array(canon, "evidence"));
    for (size_t i = 0; i < DECLARED_EVIDENCE_MAX && criterion->evidence[i]; i++)
        TRY(put_word(canon, NULL, criterion->evidence[i]));
    return canon_array_end(canon);
}

static enum sm_error put_criterion(struct canon *canon, const struct criterion *criterion)
{
    TRY(canon_object(canon, NULL));
    TRY(put_word(canon, "clause", criterion->clause));
    TRY(put_evidence(canon, criterion));
    TRY(put_word(canon, "state", declared_state_name(criterion->state)));
    TRY(put_text(canon, "text", &criterion->text));
    TRY(put_text(canon, "title", &criterion->title));
    TRY(canon_number(canon, "yours", criterion->is_yours));
    return canon_object_end(canon);
}

static enum sm_error put_declaration(const char *release, struct buffer *out)
{
    struct canon canon = CANON(out);
    TRY(canon_object(&canon, NULL));
    TRY(put_texts(&canon, "closing", declaration_closing, declaration_closing_count));
    TRY(canon_array(&canon, "criteria"));
    for (size_t i = 0; i < declaration_count; i++)
        TRY(put_criterion(&canon, &declaration[i]));
    TRY(canon_array_end(&canon));
    TRY(put_word(&canon, "norm", "NTA 7516:2019"));
    TRY(put_texts(&canon, "preface", declaration_preface, declaration_preface_count));
    TRY(put_word(&canon, "product", "Secure Mail"));
    TRY(put_word(&canon, "release", release));
    TRY(put_text(&canon, "title", &declaration_title));
    return canon_object_end(&canon);
}

/* Ed25519 over the name, the bytes of the declaration and a newline. */
static enum sm_error sign(
    const struct signing_key *key, struct span said, uint8_t out[static ED25519_SIGNATURE_BYTES])
{
    struct buffer covered DEFER(buffer_free) = BUFFER(DECLARATION_BYTES_MAX);
    TRY(buffer_append_text(&covered, signed_name));
    TRY(buffer_append(&covered, said));
    TRY(buffer_append_u8(&covered, '\n'));
    return signing_key_sign(key, buffer_span(&covered), out);
}

enum sm_error declaration_sign(
    const struct signing_key *key, const char *release, struct buffer *out)
{
    struct buffer said DEFER(buffer_free) = BUFFER(DECLARATION_BYTES_MAX);
    uint8_t signature[ED25519_SIGNATURE_BYTES];
    struct canon canon = CANON(out);
    TRY(put_declaration(release, &said));
    TRY(sign(key, buffer_span(&said), signature));
    TRY(canon_object(&canon, NULL));
    TRY(canon_raw(&canon, "declaration", buffer_span(&said)));
    TRY(put_word(&canon, "format", "securemail-declaration"));
    TRY(canon_hex(&canon, "public_key", signing_key_public(key)));
    TRY(canon_hex(&canon, "signature", SPAN(signature)));
    TRY(canon_number(&canon, "version", 1));
    TRY(canon_object_end(&canon));
    return buffer_append_u8(out, '\n');
}
