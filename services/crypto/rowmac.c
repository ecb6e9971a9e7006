/*
 * One unambiguous byte string per (domain, fields): every part has its kind and its length in
 * front, and the number of fields leads. Then HMAC-SHA256 under the named service key, with the
 * key's version in the result so that a rotation can leave old rows readable.
 */
#include "services/crypto/rowmac.h"

#include "envelope/kdf.h"

#include <assert.h>
#include <string.h>

enum { INPUT_BYTES_MAX = 64 * 1024 };

static_assert(ROWMAC_BYTES == 4 + KDF_SHA256_BYTES, "version and HMAC");

static enum sm_error append_part(struct buffer *out, uint8_t kind, struct span bytes)
{
    TRY(buffer_append_u8(out, kind));
    TRY(buffer_append_be(out, bytes.size, 4));
    return buffer_append(out, bytes);
}

static enum sm_error append_field(struct buffer *out, const struct db_value *field)
{
    if (field->kind != DB_I64 && field->kind != DB_BOOL)
        return append_part(out, (uint8_t)field->kind, field->bytes);
    TRY(buffer_append_u8(out, (uint8_t)field->kind));
    TRY(buffer_append_be(out, 8, 4));
    return buffer_append_be(out, (uint64_t)field->number, 8);
}

static enum sm_error mac_under(
    struct span key, const struct rowmac_input *input, uint8_t out[static KDF_SHA256_BYTES])
{
    struct buffer text DEFER(buffer_free) = BUFFER(INPUT_BYTES_MAX);
    TRY(buffer_append_text(&text, "securemail/1 row"));
    TRY(append_part(&text, DB_TEXT, span_text(input->domain)));
    TRY(buffer_append_be(&text, input->count, 4));
    for (size_t i = 0; i < input->count; i++)
        TRY(append_field(&text, &input->fields[i]));
    return kdf_hmac_sha256(key, buffer_span(&text), out);
}

enum sm_error rowmac_make_under(const struct keyring *keyring, const struct rowmac_input *input,
    uint8_t out[static ROWMAC_BYTES])
{
    uint8_t mac[ROWMAC_BYTES];
    uint64_t version = keyring_version(keyring, input->purpose);
    for (size_t i = 0; i < 4; i++)
        mac[i] = (uint8_t)(version >> (24 - 8 * i));
    TRY(mac_under(keyring_key(keyring, input->purpose), input, mac + 4));
    memcpy(out, mac, ROWMAC_BYTES);
    return SM_OK;
}

enum sm_error rowmac_check_under(
    const struct keyring *keyring, const struct rowmac_input *input, struct span mac)
{
    uint8_t expected[KDF_SHA256_BYTES];
    uint64_t version = 0;
    struct span key;
    if (mac.size != ROWMAC_BYTES)
        return SM_TAMPERED;
    for (size_t i = 0; i < 4; i++)
        version = version << 8 | mac.at[i];
    if (keyring_key_version(keyring, input->purpose, version, &key) != SM_OK)
        return SM_TAMPERED;
    TRY(mac_under(key, input, expected));
    return secret_equal(SPAN(expected), span_slice(mac, 4, KDF_SHA256_BYTES)) ? SM_OK : SM_TAMPERED;
}

enum sm_error rowmac_make(const struct keyring *keyring, const char *domain,
    const struct db_value *fields, size_t count, uint8_t out[static ROWMAC_BYTES])
{
    struct rowmac_input input = {KEY_ROW, domain, fields, count};
    return rowmac_make_under(keyring, &input, out);
}

enum sm_error rowmac_check(const struct keyring *keyring, const char *domain,
    const struct db_value *fields, size_t count, struct span mac)
{
    struct rowmac_input input = {KEY_ROW, domain, fields, count};
    return rowmac_check_under(keyring, &input, mac);
}
