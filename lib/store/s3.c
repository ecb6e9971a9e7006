/*
 * The only user of libcurl in the store. libcurl 7.88 (Debian 12) signs what it sends, with three
 * things to know: the parameters of a query must stand in their order, the hash of the body must be
 * given as a header by ourselves, and every header must have a value. (curl issue 9717; its
 * documentation of CURLOPT_AWS_SIGV4.)
 */
#include "store/s3.h"

#include "base/curl_setting.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/metric.h"
#include "base/secret.h"
#include "envelope/kdf.h"
#include "store/s3_refusal.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/banned.h"

enum {
    CONNECT_MS = 3000,
    REQUEST_MS = 8 * 1000,
    ATTEMPTS = 3, /* with the pauses, less than a service has to stop in, or a client waits */
    PAUSE_MS = 200,
    URL_BYTES_MAX = 1024,
    HEADER_BYTES_MAX = 256,
    REFUSAL_BYTES_MAX = 4096,        /* of an error's answer */
    LISTING_BYTES_MAX = 1024 * 1024, /* 1000 entries of some 400 bytes */
    IDLE_MAX = 32,                   /* connections that are kept */
};

struct s3 {
    char *endpoint, *region, *bucket, *key_id, *ca_file;
    struct secret *secret; /* with a NUL */
    pthread_mutex_t lock;
    CURL *idle[IDLE_MAX]; /* connections that nobody uses */
    size_t idle_count;
    bool is_library_up;
};

struct request {
    const char *method;
    const char *key;   /* "": the bucket */
    const char *query; /* parameters in their order, escaped; "": none */
    struct span body;
    const char *range;  /* "from-to"; NULL: all */
    struct buffer *out; /* of a good answer's body; NULL: it is read over */
    struct buffer refusal;
    int tries_max; /* 0: ATTEMPTS */
    bool is_quiet; /* what it is refused for is nothing to tell */
    CURL *curl;
    long status;
    CURLcode code;
};

/* --- connections --- */

static CURL *take_connection(struct s3 *s3)
{
    CURL *curl = NULL;
    (void)pthread_mutex_lock(&s3->lock);
    if (s3->idle_count > 0)
        curl = s3->idle[--s3->idle_count];
    (void)pthread_mutex_unlock(&s3->lock);
    return curl ? curl : curl_easy_init();
}

static void give_connection(struct s3 *s3, CURL *curl)
{
    (void)pthread_mutex_lock(&s3->lock);
    bool is_kept = s3->idle_count < IDLE_MAX;
    if (is_kept)
        s3->idle[s3->idle_count++] = curl;
    (void)pthread_mutex_unlock(&s3->lock);
    if (!is_kept)
        curl_easy_cleanup(curl);
}

static void close_idle(struct s3 *s3)
{
    while (s3->idle_count > 0)
        curl_easy_cleanup(s3->idle[--s3->idle_count]);
}

/* --- one attempt --- */

/* A good answer goes where the caller has room for it, a refusal where its code is looked for. */
static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct request *request = context;
    struct span piece = span_of(bytes, size * count);
    long status = 0;
    (void)curl_easy_getinfo(request->curl, CURLINFO_RESPONSE_CODE, &status);
    struct buffer *to = status / 100 == 2 ? request->out : &request->refusal;
    if (!to)
        return piece.size;
    if (to == &request->refusal) /* its beginning is enough */
        piece = span_slice(piece, 0, to->size_max - to->size);
    return buffer_append(to, piece) == SM_OK ? size * count : 0;
}

static enum sm_error set_transport(const struct s3 *s3, CURL *curl)
{
    struct curl_setting setting = {curl, CURLE_OK};
    SET(&setting, CURLOPT_PROTOCOLS_STR,
        "http,https"); /* which of them, s3_options.c has decided */
    SET(&setting, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(&setting, CURLOPT_PROXY, ""); /* not even one from the environment */
    SET(&setting, CURLOPT_NOSIGNAL, 1L);
    SET(&setting, CURLOPT_TIMEOUT_MS, (long)REQUEST_MS);
    SET(&setting, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    SET(&setting, CURLOPT_MAXCONNECTS, 1L);
    SET(&setting, CURLOPT_TCP_NODELAY, 1L);
    SET(&setting, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(&setting, CURLOPT_SSL_VERIFYPEER, 1L);
    SET(&setting, CURLOPT_SSL_VERIFYHOST, 2L);
    if (s3->ca_file[0]) {
        SET(&setting, CURLOPT_CAINFO, s3->ca_file);
        SET(&setting, CURLOPT_CAPATH, NULL); /* this authority and no other */
    }
    return curl_setting_result(&setting, "s3-option");
}

static enum sm_error set_signature(const struct s3 *s3, CURL *curl)
{
    struct curl_setting setting = {curl, CURLE_OK};
    char provider[HEADER_BYTES_MAX];
    (void)snprintf(provider, sizeof provider, "aws:amz:%s:s3", s3->region);
    SET(&setting, CURLOPT_AWS_SIGV4, provider);
    SET(&setting, CURLOPT_USERNAME, s3->key_id);
    SET(&setting, CURLOPT_PASSWORD, (const char *)secret_bytes(s3->secret));
    return curl_setting_result(&setting, "s3-option");
}

static enum sm_error set_request(
    const struct s3 *s3, struct request *request, struct curl_slist *headers)
{
    struct curl_setting setting = {request->curl, CURLE_OK};
    char url[URL_BYTES_MAX];
    int size = snprintf(url, sizeof url, "%s/%s%s%s%s%s", s3->endpoint, s3->bucket,
        *request->key ? "/" : "", request->key, *request->query ? "?" : "", request->query);
    if (size < 0 || (size_t)size >= sizeof url)
        return SM_TOO_LARGE;
    SET(&setting, CURLOPT_URL, url);
    SET(&setting, CURLOPT_HTTPHEADER, headers);
    SET(&setting, CURLOPT_WRITEFUNCTION, on_body);
    SET(&setting, CURLOPT_WRITEDATA, request);
    SET(&setting, CURLOPT_RANGE, request->range);
    if (request->body.size > 0) {
        SET(&setting, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.size);
        SET(&setting, CURLOPT_POSTFIELDS, (const char *)request->body.at);
    }
    SET(&setting, CURLOPT_CUSTOMREQUEST, request->method);
    return curl_setting_result(&setting, "s3-option");
}

static void slist_free(struct curl_slist **list)
{
    curl_slist_free_all(*list);
    *list = NULL;
}

static enum sm_error add_header(struct curl_slist **list, const char *header)
{
    struct curl_slist *longer = curl_slist_append(*list, header);
    if (!longer)
        return SM_NO_MEMORY;
    *list = longer;
    return SM_OK;
}

static enum sm_error make_headers(struct span body, struct curl_slist **list)
{
    uint8_t digest[KDF_SHA256_BYTES];
    char digits[2 * KDF_SHA256_BYTES + 1], header[HEADER_BYTES_MAX];
    TRY(kdf_sha256(body, digest));
    hex_encode(span_of(digest, sizeof digest), digits);
    (void)snprintf(header, sizeof header, "x-amz-content-sha256: %s", digits);
    TRY(add_header(list, header));
    return body.size > 0 ? add_header(list, "Content-Type: application/octet-stream") : SM_OK;
}

static enum sm_error attempt(const struct s3 *s3, struct request *request)
{
    struct curl_slist *headers DEFER(slist_free) = NULL;
    curl_easy_reset(request->curl); /* keeps its connection */
    buffer_clear(&request->refusal);
    if (request->out)
        buffer_clear(request->out);
    TRY(make_headers(request->body, &headers));
    TRY(set_transport(s3, request->curl));
    TRY(set_signature(s3, request->curl));
    TRY(set_request(s3, request, headers));
    request->status = 0;
    request->code = curl_easy_perform(request->curl);
    (void)curl_easy_getinfo(request->curl, CURLINFO_RESPONSE_CODE, &request->status);
    (void)curl_easy_setopt(request->curl, CURLOPT_HTTPHEADER, NULL); /* freed here */
    return SM_OK;
}

/* --- what became of it --- */

/* clang-format off */
static const struct { CURLcode code; const char *cause; } causes[] = {
    {CURLE_COULDNT_RESOLVE_HOST, "the host's name is not known"},
    {CURLE_COULDNT_CONNECT, "no connection"},
    {CURLE_OPERATION_TIMEDOUT, "no answer in time"},
    {CURLE_SSL_CONNECT_ERROR, "TLS failed"},
    {CURLE_PEER_FAILED_VERIFICATION, "its certificate is not one of the authorities' (SECURE_MAIL_S3_CA_FILE)"},
    {CURLE_SSL_CACERT_BADFILE, "SECURE_MAIL_S3_CA_FILE cannot be read as PEM"},
};
/* clang-format on */

static bool is_worth_repeating(const struct request *request)
{
    if (request->code != CURLE_OK)
        return request->code != CURLE_WRITE_ERROR &&
               request->code != CURLE_PEER_FAILED_VERIFICATION &&
               request->code != CURLE_SSL_CACERT_BADFILE;
    return request->status == 429 || request->status >= 500;
}

static enum sm_error no_answer(const struct request *request)
{
    if (request->code == CURLE_WRITE_ERROR) /* on_body had no room */
        return log_failure("s3-answer", SM_IO, "more than was asked for");
    for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++)
        if (causes[i].code == request->code)
            return log_failure("s3-unreachable", SM_UNAVAILABLE, causes[i].cause);
    return log_failure("s3-unreachable", SM_UNAVAILABLE, "the connection broke");
}

static enum sm_error refused(const struct s3_refusal *refusal, const struct request *request)
{
    char number[16];
    (void)snprintf(number, sizeof number, "%ld", request->status);
    log_line(request->is_quiet ? LOG_DEBUG : LOG_ERROR, "s3-refused", "status", number, "cause",
        refusal ? refusal->cause : "not said in words that are known", "remedy",
        refusal && refusal->remedy ? refusal->remedy : "-", NULL);
    return refusal ? refusal->error : SM_UNAVAILABLE;
}

/* A 404 without a code of the protocol is a proxy's: no proof that the key is not there. */
static enum sm_error outcome(const struct request *request)
{
    if (request->code != CURLE_OK)
        return no_answer(request);
    if (request->status / 100 == 2)
        return SM_OK;
    const struct s3_refusal *refusal = s3_refusal_of(buffer_span(&request->refusal));
    if (refusal && refusal->error == SM_NOT_FOUND)
        return SM_NOT_FOUND;
    if (request->status == 507)
        return log_failure("s3-refused", SM_DISK_FULL, "the server has no room");
    return refused(refusal, request);
}

static void pause_for(int64_t ms)
{
    struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000L};
    (void)nanosleep(&pause, NULL);
}

static enum sm_error try_often(struct s3 *s3, struct request *request)
{
    const int tries_max = request->tries_max ? request->tries_max : ATTEMPTS;
    for (int tries = 1;; tries++) {
        TRY(attempt(s3, request));
        if (tries == tries_max || !is_worth_repeating(request))
            return outcome(request);
        pause_for((int64_t)PAUSE_MS * tries * tries);
    }
}

/* Returns SM_CONFIG where the server refuses what the settings say; for s3_check alone. */
static enum sm_error ask(struct s3 *s3, struct request *request)
{
    struct buffer *refusal DEFER(buffer_release) = &request->refusal;
    int64_t begun_ms = clock_monotonic_ms();
    *refusal = BUFFER(REFUSAL_BYTES_MAX);
    request->curl = take_connection(s3);
    if (!request->curl)
        return SM_NO_MEMORY;
    enum sm_error error = try_often(s3, request);
    give_connection(s3, request->curl);
    metric_count(METRIC_STORE_REQUESTS, (unsigned)error);
    metric_observe_ms(METRIC_STORE_SECONDS, clock_monotonic_ms() - begun_ms);
    return error;
}

/* While it serves, a refusal is one more way not to be there: a person may mend it meanwhile. */
static enum sm_error ask_serving(struct s3 *s3, struct request *request)
{
    enum sm_error error = ask(s3, request);
    return error == SM_CONFIG ? SM_UNAVAILABLE : error;
}

/* --- objects --- */

enum sm_error s3_put(struct s3 *s3, const char *key, struct span bytes)
{
    struct request request = {.method = "PUT", .key = key, .query = "", .body = bytes};
    return ask_serving(s3, &request);
}

enum sm_error s3_get(struct s3 *s3, const char *key, struct buffer *out)
{
    struct request request = {.method = "GET", .key = key, .query = "", .out = out};
    return ask_serving(s3, &request);
}

enum sm_error s3_get_range(
    struct s3 *s3, const char *key, uint64_t offset, uint8_t *bytes, size_t size)
{
    struct buffer part DEFER(buffer_free) = BUFFER(size);
    char range[64];
    struct request request = {
        .method = "GET", .key = key, .query = "", .range = range, .out = &part};
    (void)snprintf(range, sizeof range, "%" PRIu64 "-%" PRIu64, offset, offset + size - 1);
    TRY(ask_serving(s3, &request));
    if (request.status != 206 || part.size != size)
        return log_failure("s3-answer", SM_IO, "another range than was asked for");
    memcpy(bytes, part.bytes, size);
    return SM_OK;
}

enum sm_error s3_delete(struct s3 *s3, const char *key)
{
    struct request request = {.method = "DELETE", .key = key, .query = ""};
    enum sm_error error = ask_serving(s3, &request);
    return error == SM_NOT_FOUND ? SM_OK : error;
}

/* --- the bucket --- */

/* "/" is the only letter of a key that a query escapes. */
static enum sm_error add_key(struct buffer *query, const char *parameter, const char *value)
{
    TRY(buffer_append_text(query, parameter));
    for (; *value; value++)
        TRY(*value == '/' ? buffer_append_text(query, "%2F")
                          : buffer_append_u8(query, (uint8_t)*value));
    return SM_OK;
}

static enum sm_error ask_listing(
    struct s3 *s3, const struct s3_listing *listing, int keys_max, struct buffer *answer)
{
    struct buffer query DEFER(buffer_free) = BUFFER(URL_BYTES_MAX);
    const char *text = NULL;
    TRY(add_key(&query, "marker=", listing->after));
    TRY(buffer_format(&query, "&max-keys=%d", keys_max));
    TRY(add_key(&query, "&prefix=", listing->prefix));
    TRY(buffer_text(&query, &text));
    struct request request = {.method = "GET", .key = "", .query = text, .out = answer};
    request.tries_max = keys_max == 1 ? 1 : ATTEMPTS; /* who only looks, asks again by itself */
    return ask(s3, &request);
}

enum sm_error s3_list(struct s3 *s3, const struct s3_listing *listing, bool *is_more)
{
    struct buffer answer DEFER(buffer_free) = BUFFER(LISTING_BYTES_MAX);
    enum sm_error error = ask_listing(s3, listing, S3_KEYS_MAX, &answer);
    if (error == SM_CONFIG)
        return SM_UNAVAILABLE;
    TRY(error);
    error = s3_answer_list(buffer_span(&answer), span_text(listing->prefix), listing->visit,
        listing->context, is_more);
    return error == SM_BAD_FORMAT ? log_failure("s3-answer", SM_IO, "not a listing of our keys")
                                  : error;
}

static enum sm_error see_entry(void *context, struct span key, uint64_t size)
{
    (void)context;
    (void)key;
    (void)size;
    return SM_OK;
}

enum sm_error s3_check(struct s3 *s3)
{
    struct buffer answer DEFER(buffer_free) = BUFFER(LISTING_BYTES_MAX);
    const struct s3_listing listing = {.prefix = "", .after = "", .visit = see_entry};
    bool is_more = false;
    TRY(ask_listing(s3, &listing, 1, &answer));
    enum sm_error error =
        s3_answer_list(buffer_span(&answer), span_text(""), listing.visit, NULL, &is_more);
    if (error != SM_OK)
        return log_failure("s3-answer", SM_CONFIG,
            "SECURE_MAIL_S3_ENDPOINT does not answer as an S3 server, or the bucket holds what is "
            "not Secure Mail's");
    return SM_OK;
}

enum sm_error s3_check_versions(struct s3 *s3)
{
    struct buffer answer DEFER(buffer_free) = BUFFER(LISTING_BYTES_MAX);
    struct request request = {.method = "GET",
        .key = "",
        .query = "versioning=",
        .out = &answer,
        .tries_max = 1,
        .is_quiet = true};
    enum sm_error error = ask(s3, &request);
    if (error != SM_OK || !s3_answer_keeps_versions(buffer_span(&answer)))
        return error == SM_UNAVAILABLE && request.code != CURLE_OK ? error : SM_OK;
    log_line(LOG_ERROR, "s3-keeps-versions", "setting", "SECURE_MAIL_S3_BUCKET", "cause",
        "the bucket keeps versions of what is deleted, so nothing would be erased", "remedy",
        "name a bucket that was made without versioning", NULL);
    return SM_CONFIG;
}

/* --- life --- */

static enum sm_error copy_text(const char *text, char **out)
{
    *out = strdup(text);
    return *out ? SM_OK : SM_NO_MEMORY;
}

static enum sm_error copy_options(const struct s3_options *options, struct s3 *s3)
{
    size_t size = strlen(options->endpoint);
    TRY(copy_text(options->endpoint, &s3->endpoint));
    if (s3->endpoint[size - 1] == '/')
        s3->endpoint[size - 1] = '\0';
    TRY(copy_text(options->region, &s3->region));
    TRY(copy_text(options->bucket, &s3->bucket));
    TRY(copy_text(options->key_id, &s3->key_id));
    TRY(copy_text(options->ca_file, &s3->ca_file));
    TRY(secret_new(options->secret.size + 1, &s3->secret));
    memcpy(secret_bytes(s3->secret), options->secret.at, options->secret.size);
    return SM_OK;
}

enum sm_error s3_open(const struct s3_options *options, struct s3 **out)
{
    TRY(s3_options_check(options));
    struct s3 *s3 DEFER(s3_close) = calloc(1, sizeof *s3);
    if (!s3)
        return SM_NO_MEMORY;
    (void)pthread_mutex_init(&s3->lock, NULL);
    TRY(copy_options(options, s3));
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return SM_NO_MEMORY;
    s3->is_library_up = true;
    *out = TAKE(s3);
    return SM_OK;
}

void s3_close(struct s3 **s3)
{
    struct s3 *closed = *s3;
    if (!closed)
        return;
    close_idle(closed);
    if (closed->is_library_up)
        curl_global_cleanup();
    secret_free(&closed->secret);
    free(closed->endpoint);
    free(closed->region);
    free(closed->bucket);
    free(closed->key_id);
    free(closed->ca_file);
    (void)pthread_mutex_destroy(&closed->lock);
    memory_free(s3);
}
