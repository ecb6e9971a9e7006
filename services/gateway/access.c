/* Who may ask: headers first, then signature and revocation. */
#include "services/gateway/access.h"

#include "base/log.h"
#include "services/gateway/asking.h"
#include "services/gateway/capability_key.h"

#include <assert.h>
#include <string.h>

#include "proto/limits.h"

static const char cookie_secure[] = "__Host-securemail";
static const char cookie_local[] = "securemail-session";

static const enum capability_kind kinds[NEEDS_COUNT] = {
    [NEEDS_COOKIE] = CAPABILITY_SESSION,
    [NEEDS_UPLOAD] = CAPABILITY_UPLOAD,
    [NEEDS_DOWNLOAD] = CAPABILITY_DOWNLOAD,
    [NEEDS_AUDIT] = CAPABILITY_AUDIT,
};

/* --- cookies --- */

static struct span trimmed(struct span text)
{
    while (text.size && text.at[0] == ' ')
        text = span_slice(text, 1, text.size);
    while (text.size && text.at[text.size - 1] == ' ')
        text = span_slice(text, 0, text.size - 1);
    return text;
}

struct span cookie_value(struct span header, const char *name)
{
    struct span found = {0};
    size_t name_size = strlen(name);
    while (header.size) {
        const uint8_t *end = memchr(header.at, ';', header.size);
        size_t size = end ? (size_t)(end - header.at) : header.size;
        struct span pair = trimmed(span_slice(header, 0, size));
        header = span_slice(header, size + 1, header.size);
        if (pair.size <= name_size || pair.at[name_size] != '=' ||
            memcmp(pair.at, name, name_size) != 0)
            continue;
        if (found.size)
            return (struct span){0};
        found = span_slice(pair, name_size + 1, pair.size);
    }
    return found;
}

/*
 * A proxy on the same machine may say that it asks 127.0.0.1, whatever the browser asked: so where
 * a browser says that its page came over https, it is believed.
 */
static bool is_of_https(const struct exchange *exchange)
{
    static const char scheme[] = "https://";
    struct span origin = exchange_header(exchange, HEADER_ORIGIN);
    return span_equals_text(span_slice(origin, 0, sizeof scheme - 1), scheme);
}

bool cookie_is_local(const struct exchange *exchange, bool is_tls)
{
    static const char *const hosts[] = {"localhost", "127.0.0.1", "[::1]"};
    struct span host = exchange_header(exchange, HEADER_HOST);
    if (is_of_https(exchange))
        return false;
    for (size_t i = 0; !is_tls && i < sizeof hosts / sizeof hosts[0]; i++) {
        size_t size = strlen(hosts[i]);
        if (span_equals_text(span_slice(host, 0, size), hosts[i]) &&
            (host.size == size || host.at[size] == ':'))
            return true;
    }
    return false;
}

static struct span session_cookie(const struct exchange *exchange, bool is_tls)
{
    struct span header = exchange_header(exchange, HEADER_COOKIE);
    struct span value = cookie_value(header, cookie_secure);
    if (value.size == 0 && cookie_is_local(exchange, is_tls))
        value = cookie_value(header, cookie_local);
    return value;
}

enum sm_error cookie_set(struct exchange *exchange, bool is_tls, struct span value)
{
    bool is_local = cookie_is_local(exchange, is_tls);
    bool is_removal = span_equals_text(value, "-");
    return answer_header(exchange, "Set-Cookie",
        "%s=%.*s; Path=/; HttpOnly; SameSite=Strict%s; Max-Age=%d",
        is_local ? cookie_local : cookie_secure, is_removal ? 0 : (int)value.size,
        (const char *)value.at, is_local ? "" : "; Secure", is_removal ? 0 : (int)COOKIE_S);
}

/* --- headers --- */

static struct span presented(const struct exchange *exchange, bool is_tls)
{
    return exchange->route->needs == NEEDS_COOKIE ? session_cookie(exchange, is_tls)
                                                  : exchange_header(exchange, HEADER_CAPABILITY);
}

static bool is_our_own_page(const struct exchange *exchange)
{
    struct span site = exchange_header(exchange, HEADER_FETCH_SITE);
    bool is_near =
        site.size == 0 || span_equals_text(site, "same-origin") || span_equals_text(site, "none");
    return is_near && span_equals_text(exchange_header(exchange, HEADER_REQUESTED), "1");
}

enum sm_error access_present(struct exchange *exchange, bool is_tls)
{
    enum route_needs needs = exchange->route->needs;
    if (needs == NEEDS_NOTHING)
        return SM_OK;
    if (needs == NEEDS_COOKIE && !is_our_own_page(exchange))
        return exchange_refuse(exchange, SM_NOT_ALLOWED,
            "Requests with a cookie come from our own page or program: send Secure-Mail-Request: 1.");
    struct span text = presented(exchange, is_tls);
    if (text.size > CAPABILITY_BYTES_MAX)
        return SM_BAD_FORMAT;
    if (text.size == 0 && needs == NEEDS_COOKIE)
        return exchange_refuse(exchange, SM_NOT_SIGNED_IN, "Sign in first.");
    if (text.size == 0)
        return exchange_refuse(exchange, SM_NOT_SIGNED_IN,
            "This needs a Secure-Mail-Capability header of kind %s.", route_needs_name(needs));
    return SM_OK;
}

/* --- proof --- */

/* A session is named by its own capability's token, and in the place of a message by one for the
 * log. */
static const struct statement read_clock = {"gateway_access",
    "SELECT clock.now_ms(), EXISTS (SELECT FROM mail.ended_session WHERE session IN ($1, $2))"};

void asking_add(struct asking *asking, const struct statement *statement,
    const struct db_value *values, size_t count)
{
    assert(asking->count < ASKED_MAX && count <= QUESTION_VALUES_MAX);
    struct question *question = &asking->questions[asking->count++];
    question->statement = statement;
    question->count = count;
    for (size_t i = 0; i < count; i++)
        question->values[i] = values[i];
}

/* `access` first, and what the route reads behind it. */
static enum sm_error ask(
    struct worker *worker, struct exchange *exchange, const struct db_query *access)
{
    struct asking asking = {.count = 0};
    struct db_query queries[1 + ASKED_MAX] = {*access};
    struct db *db = NULL;
    if (exchange->route->ask)
        TRY(exchange->route->ask(worker, exchange, &asking));
    for (size_t i = 0; i < asking.count; i++) {
        const struct question *question = &asking.questions[i];
        queries[1 + i] = (struct db_query){
            question->statement, question->values, question->count, &exchange->asked[i]};
    }
    TRY(worker_db(worker, &db));
    return asking.count ? db_run_all(db, queries, 1 + asking.count)
                        : db_run(db, access->statement, access->values, access->count, access->out);
}

static enum sm_error check_end(struct worker *worker, struct exchange *exchange)
{
    const struct db_value values[] = {
        db_id(&exchange->proven.token), db_id(&exchange->proven.message)};
    struct db_rows *rows DEFER(db_rows_free) = NULL;
    bool is_ended = false;
    TRY(ask(worker, exchange, &(struct db_query){&read_clock, values, 2, &rows}));
    TRY(db_one(rows));
    TRY(db_read_i64(rows, 0, 0, &exchange->now_ms));
    TRY(db_read_bool(rows, 0, 1, &is_ended));
    bool is_over =
        exchange->now_ms < 0 || exchange->proven.expires_ms <= (uint64_t)exchange->now_ms;
    return is_ended || is_over ? SM_NOT_SIGNED_IN : SM_OK;
}

enum sm_error access_prove(struct worker *worker, struct exchange *exchange)
{
    enum route_needs needs = exchange->route->needs;
    if (needs == NEEDS_NOTHING)
        return SM_OK;
    enum sm_error error = capability_key_verify(
        worker, presented(exchange, worker->gateway->is_tls), kinds[needs], &exchange->proven);
    if (error == SM_OK)
        error = check_end(worker, exchange);
    if (error == SM_TAMPERED)
        log_line(LOG_WARNING, "capability-not-genuine", "route", exchange->route->path, NULL);
    if (error == SM_BAD_FORMAT || error == SM_TAMPERED)
        return SM_NOT_SIGNED_IN;
    return error;
}
