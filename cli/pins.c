/* Files "server-<SHA-256 of the address>" of the profile. */
#include "cli/pins.h"

#include "base/encode.h"
#include "base/memory.h"
#include "cli/profile.h"
#include "envelope/kdf.h"

#include <stdio.h>
#include <string.h>

enum { NAME_BYTES = 80, PIN_TEXT_BYTES = 32 };

static enum sm_error name_of(const char *address, char out[static NAME_BYTES])
{
    uint8_t hash[KDF_SHA256_BYTES];
    char digits[2 * sizeof hash + 1];
    TRY(kdf_sha256(span_text(address), hash));
    hex_encode(SPAN(hash), digits);
    (void)snprintf(out, NAME_BYTES, "server-%s", digits);
    return SM_OK;
}

static enum sm_error unreadable(struct cli *cli, const char *address, const char *name)
{
    return cli_problem(cli, SM_BAD_FORMAT,
        "Ask your administrator for the server's identity; remove the file if you want to sign in "
        "as if for the first time",
        "What is remembered of the identity of %s (%s.json) cannot be read", address, name);
}

static enum sm_error changed(struct cli *cli, const char *address, const struct doc *known,
    const uint8_t pin[static IDENTITY_PIN_BYTES])
{
    struct buffer now DEFER(buffer_free) = BUFFER(PIN_TEXT_BYTES);
    TRY(base64url_encode(span_of(pin, IDENTITY_PIN_BYTES), &now));
    return cli_problem(cli, SM_TAMPERED,
        "Your password was not sent. Ask your administrator by phone which identity is right; if it "
        "is the new one, sign in with --accept-new-identity",
        "%s shows the identity %.*s, and not %.32s as when you first signed in: its operator "
        "replaced the key, or somebody else answers in its place",
        address, SPAN_PRINT(buffer_span(&now)), doc_text(known, "pin"));
}

enum sm_error pins_check(
    struct cli *cli, const char *address, const uint8_t pin[static IDENTITY_PIN_BYTES])
{
    struct doc *known DEFER(doc_free) = NULL;
    uint8_t before[IDENTITY_PIN_BYTES];
    char name[NAME_BYTES];
    TRY(name_of(address, name));
    enum sm_error error = profile_read(cli, name, &known);
    if (error == SM_NOT_FOUND)
        return SM_OK;
    if (error == SM_BAD_FORMAT ||
        (error == SM_OK && doc_exact(known, "pin", before, sizeof before) != SM_OK))
        return unreadable(cli, address, name);
    TRY(error);
    return memcmp(before, pin, sizeof before) == 0 ? SM_OK : changed(cli, address, known, pin);
}

enum sm_error pins_keep(
    struct cli *cli, const char *address, const uint8_t pin[static IDENTITY_PIN_BYTES])
{
    struct doc *doc DEFER(doc_free) = NULL;
    char name[NAME_BYTES];
    TRY(name_of(address, name));
    TRY(doc_object(&doc));
    TRY(doc_set_text(doc, "server", span_text(address)));
    TRY(doc_set_bytes(doc, "pin", span_of(pin, IDENTITY_PIN_BYTES)));
    return profile_write(cli, name, doc);
}
