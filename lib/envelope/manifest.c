/* The manifest: a field table, and the rules that a table cannot say. */
#include "envelope/manifest.h"

#include <string.h>

#include "base/text.h"
#include "envelope/chunked.h"
#include "proto/limits.h"

/* clang-format off */
FIELDS_LOCAL(manifest_attachment, struct manifest_attachment,
    F_U64(struct manifest_attachment, part, 1, ATTACHMENTS_MAX, "1, 2, 3 ... in order"),
    F_LINE(struct manifest_attachment, name, 1, FILE_NAME_BYTES_MAX, "of the file"),
    F_LINE(struct manifest_attachment, media_type, 3, MEDIA_TYPE_BYTES_MAX, "a hint"),
    F_U64(struct manifest_attachment, size, 0, ATTACHMENT_BYTES_MAX, "bytes of plaintext"),
    F_U64(struct manifest_attachment, ciphertext_size, 1, 2 * (uint64_t)ATTACHMENT_BYTES_MAX, "bytes"),
    F_BYTES(struct manifest_attachment, commitment, COMMITMENT_BYTES, COMMITMENT_BYTES, "at its head"),
    F_BYTES(struct manifest_attachment, sha256, SHA256_BYTES, SHA256_BYTES, "of its ciphertext"));

FIELDS(manifest_fields, struct manifest,
    F_U64(struct manifest, version, MANIFEST_VERSION, MANIFEST_VERSION, "of this form"),
    F_LINE(struct manifest, subject, 0, SUBJECT_BYTES_MAX, "what the message is about"),
    F_TEXT(struct manifest, body, 0, BODY_BYTES_MAX, "the message"),
    F_LINE(struct manifest, body_type, 1, MEDIA_TYPE_BYTES_MAX, "\"text/plain\""),
    F_LIST(struct manifest, attachments, 0, ATTACHMENTS_MAX, manifest_attachment, "in order"));
/* clang-format on */

bool manifest_is_file_name(struct span name)
{
    return name.size >= 1 && name.size <= FILE_NAME_BYTES_MAX && text_is_line(name) &&
           !memchr(name.at, '/', name.size) && !memchr(name.at, '\\', name.size) &&
           !span_equals_text(name, ".") && !span_equals_text(name, "..");
}

/* A letter of RFC 2045's token. */
static bool is_token_letter(uint8_t letter)
{
    static const char others[] = "!#$%&'*+-.^_`{|}~";
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || (letter && strchr(others, letter));
}

/* "type/subtype", both tokens. */
static bool is_media_type(struct span text)
{
    size_t slashes = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.at[i] == '/')
            slashes++;
        else if (!is_token_letter(text.at[i]))
            return false;
    }
    return slashes == 1 && text.at[0] != '/' && text.at[text.size - 1] != '/';
}

static bool is_valid(const struct manifest_attachment *attachment, size_t index)
{
    return attachment->part == index + 1 && manifest_is_file_name(attachment->name) &&
           is_media_type(attachment->media_type) &&
           attachment->ciphertext_size == chunked_ciphertext_size(attachment->size);
}

/* The rules beyond the table, which has been applied. */
static enum sm_error check_rules(const struct manifest *manifest)
{
    if (!span_equals_text(manifest->body_type, "text/plain"))
        return SM_BAD_VALUE;
    for (size_t i = 0; i < manifest->attachments.count; i++)
        if (!is_valid(LIST_AT(struct manifest_attachment, manifest->attachments, i), i))
            return SM_BAD_VALUE;
    return SM_OK;
}

enum sm_error manifest_encode(const struct manifest *manifest, struct buffer *out)
{
    size_t before = out->size;
    TRY(fields_encode(&manifest_fields, manifest, out));
    enum sm_error error = check_rules(manifest);
    if (error != SM_OK)
        buffer_truncate(out, before);
    return error;
}

enum sm_error manifest_decode(struct span bytes, struct arena *arena, struct manifest *out)
{
    if (bytes.size > HEADER_PART_BYTES_MAX)
        return SM_TOO_LARGE;
    TRY(fields_decode(&manifest_fields, bytes, arena, out));
    return check_rules(out);
}

enum sm_error manifest_check(
    const struct manifest_attachment *listed, const struct manifest_found *found)
{
    bool is_same = listed->ciphertext_size == found->ciphertext_size &&
                   span_equal(listed->commitment, span_of(found->commitment, COMMITMENT_BYTES)) &&
                   span_equal(listed->sha256, span_of(found->sha256, SHA256_BYTES));
    return is_same ? SM_OK : SM_TAMPERED;
}
