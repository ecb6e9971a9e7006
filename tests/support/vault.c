/* The parts of crypto's main that need no bus. */
#include "tests/support/vault.h"

#include "proto/limits.h"
#include "proto/sealed.h"
#include "services/crypto/hpke_keys.h"
#include "services/crypto/organisation.h"
#include "tests/support/check.h"

enum sm_error vault_open(struct vault *out)
{
    *out = (struct vault){.crypto.base_url = "https://mail.example.org"};
    TRY(database_new(&out->database));
    TRY(db_open(database_conninfo(out->database, "sm_crypto").text, &out->worker.db));
    TRY(keyring_open(out->worker.db, &(struct master_keys){.current = span_text(VAULT_MASTER_KEY)},
        &out->crypto.keyring));
    TRY(hpke_keys_new(out->crypto.keyring, &out->crypto.hpke));
    out->worker.crypto = &out->crypto;
    return SM_OK;
}

void vault_close(struct vault *vault)
{
    hpke_keys_free(&vault->crypto.hpke);
    keyring_free(&vault->crypto.keyring);
    db_close(&vault->worker.db);
    database_free(&vault->database);
}

enum sm_error vault_organisation(const struct vault *vault, struct id *out)
{
    struct db_transaction tx DEFER(db_rollback) = {0};
    struct organisation clinic = {.name = span_text("Clinic"),
        .language = span_text("en"),
        .methods = METHODS_ALL,
        .lifetime_days_max = 30,
        .recipients_max = RECIPIENTS_MAX,
        .attachments_max = ATTACHMENTS_MAX,
        .total_bytes_max = 1000 * 1000 * 1000};
    TRY(id_random(&clinic.organisation));
    TRY(db_begin(vault->worker.db, &tx));
    TRY(organisation_insert(&vault->worker, &clinic));
    TRY(keyring_organisation_new(vault->crypto.keyring, vault->worker.db, clinic.organisation));
    TRY(db_commit(&tx));
    *out = clinic.organisation;
    return SM_OK;
}

int64_t vault_now_ms(const struct vault *vault)
{
    int64_t now_ms = 0;
    assert_ok(db_now_ms(vault->worker.db, &now_ms));
    return now_ms;
}
