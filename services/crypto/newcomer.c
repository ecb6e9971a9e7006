/* Checking and hashing; nothing is written here. */
#include "services/crypto/newcomer.h"

#include "base/random.h"
#include "base/secret.h"
#include "proto/limits.h"
#include "services/crypto/keep.h"

/* Of random bytes that are forgotten at once: the form of every verifier, and nobody's password. */
static enum sm_error make_verifier(
    const struct worker *worker, struct arena *arena, struct span password, struct span *out)
{
    struct buffer stored DEFER(buffer_free) = BUFFER(PASSWORD_HASH_BYTES_MAX);
    uint8_t nobody[32] = {0};
    DEFER_WIPE(nobody);
    TRY(random_bytes(nobody, sizeof nobody));
    struct span hashed = password.size ? password : SPAN(nobody);
    TRY(password_hash(worker->crypto->passwords, hashed, &stored));
    return keep_span(arena, buffer_span(&stored), out);
}

enum sm_error newcomer_account(const struct worker *worker, struct arena *arena,
    const struct newcomer *newcomer, struct account *out)
{
    struct account fresh = {.organisation = newcomer->organisation,
        .name = newcomer->name,
        .roles = newcomer->roles,
        .state = ACCOUNT_ACTIVE};
    if (newcomer->password.size && newcomer->password.size < PASSWORD_BYTES_MIN)
        return SM_BAD_VALUE;
    TRY(account_address(arena, newcomer->email, &fresh.email));
    TRY(id_random(&fresh.account));
    TRY(make_verifier(worker, arena, newcomer->password, &fresh.verifier));
    *out = fresh;
    return SM_OK;
}
