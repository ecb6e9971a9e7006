/* Staff, messages and recipients for tests of the vault. */
#include "tests/support/clinic.h"

#include "base/random.h"
#include "envelope/box.h"
#include "envelope/chunked.h"
#include "envelope/link.h"
#include "proto/notify.h"
#include "services/crypto/account.h"
#include "services/crypto/hpke_keys.h"
#include "tests/support/check.h"

#include <stdlib.h>
#include <string.h>

enum { CALL_MS = 60 * 1000, LIFETIME_DAYS = 7 };

/* --- the house --- */

static struct settings *load_settings(void)
{
    struct settings *settings = NULL;
    assert_int_equal(setenv("SECURE_MAIL_MASTER_KEY", VAULT_MASTER_KEY, 1), 0);
    assert_int_equal(setenv("SECURE_MAIL_DATABASE", "not used", 1), 0);
    assert_int_equal(setenv("SECURE_MAIL_LISTEN", "not used", 1), 0);
    assert_int_equal(setenv("SECURE_MAIL_NOTIFIER", "not used", 1), 0);
    assert_int_equal(setenv("SECURE_MAIL_AUDIT", "not used", 1), 0);
    assert_int_equal(setenv("SECURE_MAIL_BASE_URL", "https://mail.example.org", 1), 0);
    assert_ok(settings_load(PEER_CRYPTO, &settings));
    return settings;
}

/* Real argon2, as cheap as it can be. */
static struct password_pool *open_passwords(const struct vault *vault)
{
    struct password_pool *pool = NULL;
    const struct password_options options = {
        .keyring = vault->crypto.keyring, .kib = 8, .passes = 1, .workers = 2, .queue_max = 64};
    assert_ok(password_pool_new(&options, &pool));
    return pool;
}

static void hire(const struct clinic *clinic, const char *email, const char *name, uint64_t roles)
{
    struct buffer verifier DEFER(buffer_free) = BUFFER(PASSWORD_HASH_BYTES_MAX);
    struct account account = {.organisation = clinic->organisation,
        .email = span_text(email),
        .name = span_text(name),
        .roles = roles,
        .state = ACCOUNT_ACTIVE};
    assert_ok(id_random(&account.account));
    assert_ok(password_hash(clinic->vault.crypto.passwords, span_text(CLINIC_PASSWORD), &verifier));
    account.verifier = buffer_span(&verifier);
    assert_ok(account_insert(&clinic->vault.worker, &account));
}

int clinic_set_up(void **state)
{
    static struct clinic clinic;
    struct vault *vault = &clinic.vault;
    *state = &clinic;
    clinic.call_ms = CALL_MS;
    assert_ok(vault_open(vault));
    assert_ok(vault_organisation(vault, &clinic.organisation));
    assert_ok(p256_generate(&clinic.letter_key));
    memcpy(vault->crypto.letter_public, p256_public(clinic.letter_key),
        sizeof vault->crypto.letter_public);
    vault->crypto.settings = load_settings();
    vault->crypto.passwords = open_passwords(vault);
    assert_ok(audit_edge_start(vault));
    hire(&clinic, "anna@example.org", "Anna de Vries", ROLE_SENDER);
    hire(&clinic, "bert@example.org", "Bert Bakker", ROLE_SENDER);
    hire(&clinic, "carla@example.org", "Carla Smit", ROLE_ADMIN);
    return 0;
}

int clinic_tear_down(void **state)
{
    struct clinic *clinic = *state;
    union {
        const struct settings *shared;
        struct settings *own;
    } settings = {.shared = clinic->vault.crypto.settings};
    audit_edge_stop(&clinic->vault);
    password_pool_free(&clinic->vault.crypto.passwords);
    settings_free(&settings.own);
    p256_free(&clinic->letter_key);
    vault_close(&clinic->vault);
    return 0;
}

static struct page sign_in(struct clinic *clinic, const char *email)
{
    struct answer answer DEFER(answer_free) = ANSWER;
    struct login_request request = {
        .email = span_text(email), .password = span_text(CLINIC_PASSWORD)};
    struct ask ask = {.operation = "login", .message = &request, .call_ms = clinic->call_ms};
    struct page page;
    assert_error(ask_crypto(&clinic->vault, &ask, &answer), SM_OK);
    const struct login_reply *reply = answer.reply;
    page.user = reply->user;
    page.session = reply->session.session;
    memcpy(page.secret, reply->session.secret.at, sizeof page.secret);
    return page;
}

static void sign_in_all(struct clinic *clinic)
{
    clinic->anna = sign_in(clinic, "anna@example.org");
    clinic->bert = sign_in(clinic, "bert@example.org");
    clinic->carla = sign_in(clinic, "carla@example.org");
}

int clinic_begin(void **state)
{
    struct clinic *clinic = *state;
    clinic->call_ms = CALL_MS;
    audit_edge_meanwhile(EVENT_NONE, NULL, NULL);
    audit_edge_set_down(false);
    clinic_wait(clinic, 0);
    audit_edge_settle(&clinic->vault);
    audit_edge_forget();
    return 0;
}

void clinic_wait(struct clinic *clinic, int64_t seconds)
{
    assert_ok(database_clock_shift(clinic->vault.database, seconds));
    sign_in_all(clinic);
}

struct clinic clinic_replica(struct clinic *clinic)
{
    struct clinic replica = *clinic;
    replica.vault.worker = (struct worker){.crypto = &clinic->vault.crypto};
    assert_ok(db_open(
        database_conninfo(clinic->vault.database, "sm_crypto").text, &replica.vault.worker.db));
    return replica;
}

void clinic_replica_close(struct clinic *replica)
{
    db_close(&replica->vault.worker.db);
}

/* --- a message --- */

struct list clinic_parts(void)
{
    static const uint8_t commitment[COMMITMENT_BYTES] = {1};
    static struct part_facts parts[CLINIC_PARTS];
    for (size_t i = 0; i < CLINIC_PARTS; i++)
        parts[i] = (struct part_facts){i, chunked_ciphertext_size(1000 + i), SPAN(commitment)};
    return (struct list){parts, CLINIC_PARTS};
}

void clinic_fill_send(
    struct clinic *clinic, struct parcel *parcel, enum method method, struct sending_form *form)
{
    assert_ok(id_random(&parcel->message));
    assert_ok(random_bytes(parcel->key, sizeof parcel->key));
    *form = (struct sending_form){.subject = "as if it were sealed"};
    form->recipient = (struct recipient){.address = span_text(CLINIC_RECIPIENT),
        .name = span_text("Rosa"),
        .method = method,
        .password = span_text(method == METHOD_CODE ? "" : CLINIC_PASSWORD)};
    form->request =
        (struct send_request){.session = {clinic->anna.session, SPAN(clinic->anna.secret)},
            .message = parcel->message,
            .key = SPAN(parcel->key),
            .lifetime_days = LIFETIME_DAYS,
            .language = span_text("en"),
            .subject_sealed = SPAN(form->subject),
            .recipients = {&form->recipient, 1},
            .parts = clinic_parts()};
}

enum sm_error clinic_ask_send(
    struct clinic *clinic, const struct sending_form *form, struct answer *answer)
{
    struct ask ask = {.operation = "send",
        .message = &form->request,
        .clear = {form->request.message, form->request.parts.count},
        .call_ms = clinic->call_ms};
    return ask_crypto(&clinic->vault, &ask, answer);
}

struct parcel clinic_send(struct clinic *clinic, enum method method)
{
    struct answer answer DEFER(answer_free) = ANSWER;
    struct sending_form form;
    struct parcel parcel;
    clinic_fill_send(clinic, &parcel, method, &form);
    assert_error(clinic_ask_send(clinic, &form, &answer), SM_OK);
    const struct send_reply *reply = answer.reply;
    parcel.link = LIST_AT(struct link_facts, reply->links, 0)->link;
    assert_ok(link_secret(
        keyring_key(clinic->vault.crypto.keyring, KEY_LINK), parcel.link, 1, parcel.secret));
    return parcel;
}

/* --- calls --- */

enum sm_error clinic_by_link(struct clinic *clinic, const char *operation,
    const struct parcel *parcel, struct answer *answer)
{
    struct link_only_request request = {.link = {parcel->link, SPAN(parcel->secret)}};
    struct ask ask = {.operation = operation, .message = &request, .call_ms = clinic->call_ms};
    return ask_crypto(&clinic->vault, &ask, answer);
}

static enum sm_error prove(struct clinic *clinic, const char *operation,
    const struct parcel *parcel, const char *password, const char *code, struct answer *answer)
{
    struct verify_request request = {.link = {parcel->link, SPAN(parcel->secret)},
        .password = span_text(password),
        .code = span_text(code)};
    struct ask ask = {.operation = operation, .message = &request, .call_ms = clinic->call_ms};
    return ask_crypto(&clinic->vault, &ask, answer);
}

enum sm_error clinic_verify(struct clinic *clinic, const struct parcel *parcel,
    const char *password, const char *code, struct answer *answer)
{
    return prove(clinic, "verify", parcel, password, code, answer);
}

enum sm_error clinic_verify_open(struct clinic *clinic, const struct parcel *parcel,
    const char *password, const char *code, struct answer *answer)
{
    return prove(clinic, "verify_open", parcel, password, code, answer);
}

enum sm_error clinic_with_session(
    struct clinic *clinic, const char *operation, const struct page *page, struct answer *answer)
{
    struct session_request request = {.session = {page->session, SPAN(page->secret)}};
    struct ask ask = {.operation = operation, .message = &request, .call_ms = clinic->call_ms};
    return ask_crypto(&clinic->vault, &ask, answer);
}

enum sm_error clinic_with_message(struct clinic *clinic, const char *operation,
    const struct page *page, struct id message, struct answer *answer)
{
    struct message_request request = {
        .session = {page->session, SPAN(page->secret)}, .message = message};
    struct ask ask = {.operation = operation, .message = &request, .call_ms = clinic->call_ms};
    return ask_crypto(&clinic->vault, &ask, answer);
}

enum sm_error clinic_with_link(struct clinic *clinic, const char *operation,
    const struct page *page, const struct parcel *parcel, struct answer *answer)
{
    struct link_request request = {.session = {page->session, SPAN(page->secret)},
        .message = parcel->message,
        .link = parcel->link};
    struct ask ask = {.operation = operation, .message = &request, .call_ms = clinic->call_ms};
    return ask_crypto(&clinic->vault, &ask, answer);
}

enum sm_error clinic_reply(
    struct clinic *clinic, const struct page *page, struct id reply, struct answer *answer)
{
    static const uint8_t key[KEY_BYTES] = {7};
    struct reply_request request = {.session = {page->session, SPAN(page->secret)},
        .message = reply,
        .key = SPAN(key),
        .subject_sealed = span_text("as if it were sealed"),
        .parts = clinic_parts()};
    struct ask ask = {.operation = "reply",
        .message = &request,
        .clear = {reply, CLINIC_PARTS},
        .call_ms = clinic->call_ms};
    return ask_crypto(&clinic->vault, &ask, answer);
}

/* --- codes --- */

struct code_text clinic_mailed_code(struct clinic *clinic, const struct parcel *parcel)
{
    static const struct statement newest = {"clinic_newest_code",
        "SELECT job, sealed FROM vault.mail_job WHERE link = $1 AND kind = $2"
        " ORDER BY id DESC LIMIT 1"};
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    struct buffer plain DEFER(buffer_free) = BUFFER(MAIL_JOB_BYTES_MAX);
    struct arena arena DEFER(arena_free) = ARENA(65536);
    struct code_text code = {{0}};
    struct letter content;
    struct span sealed;
    struct id job;
    assert_ok(
        DB_RUN(clinic->vault.worker.db, &newest, &rows, db_id(&parcel->link), db_i64(LETTER_CODE)));
    assert_ok(db_one(rows));
    assert_ok(db_read_id(rows, 0, 0, &job));
    assert_ok(db_read_bytes(rows, 0, 1, MAIL_JOB_BYTES_MAX, &sealed));
    struct box_label label = {span_text("securemail/1 letter"), id_span(&job)};
    assert_ok(box_open(clinic->letter_key, &label, sealed, &plain));
    assert_ok(fields_decode(&letter, buffer_span(&plain), &arena, &content));
    assert_int_equal(content.code.size, CODE_DIGITS);
    memcpy(code.digits, content.code.at, CODE_DIGITS);
    return code;
}

struct code_text clinic_code(struct clinic *clinic, const struct parcel *parcel)
{
    struct answer answer DEFER(answer_free) = ANSWER;
    assert_error(clinic_by_link(clinic, "send_code", parcel, &answer), SM_OK);
    return clinic_mailed_code(clinic, parcel);
}

struct page clinic_page_of(const struct answer *verified)
{
    const struct verify_reply *reply = verified->reply;
    struct page page = {.session = reply->session.session};
    assert_int_equal(reply->session.secret.size, sizeof page.secret);
    memcpy(page.secret, reply->session.secret.at, sizeof page.secret);
    return page;
}

struct page clinic_verified(struct clinic *clinic, const struct parcel *parcel)
{
    struct answer answer DEFER(answer_free) = ANSWER;
    struct arena arena DEFER(arena_free) = ARENA(65536);
    uint64_t method = clinic_link(clinic, parcel, &arena).method;
    struct code_text code = {{0}};
    if (method != METHOD_PASSWORD)
        code = clinic_code(clinic, parcel);
    const char *password = method == METHOD_CODE ? "" : CLINIC_PASSWORD;
    assert_error(clinic_verify(clinic, parcel, password, code.digits, &answer), SM_OK);
    return clinic_page_of(&answer);
}

/* --- looking --- */

struct link clinic_link(struct clinic *clinic, const struct parcel *parcel, struct arena *arena)
{
    struct link link;
    assert_ok(link_load(&clinic->vault.worker, arena, parcel->link, &link));
    return link;
}

int64_t clinic_number(struct clinic *clinic, const char *sql)
{
    int64_t number;
    assert_ok(database_number(clinic->vault.database, sql, &number));
    return number;
}

void clinic_end(void *ending)
{
    struct clinic_ending *end = ending;
    struct answer answer DEFER(answer_free) = ANSWER;
    struct clinic *replica = &end->replica;
    replica->call_ms = 1;
    enum sm_error error =
        strcmp(end->operation, "delete") == 0
            ? clinic_with_message(replica, "delete", &replica->anna, end->parcel.message, &answer)
            : clinic_with_link(replica, "revoke", &replica->anna, &end->parcel, &answer);
    assert_error(error, SM_UNAVAILABLE);
}
