/*
 * The only user of libcurl in this service. curl runs the conversation; its debug callback tells
 * how far it got, because the class of an outcome depends on the step that a reply answers. Nothing
 * of the conversation is logged but reply code and step: replies quote addresses.
 */
#include "services/notifier/smtp.h"

#include "base/curl_setting.h"
#include "base/buffer.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

enum { CONNECTION_AGE_S = 20, CONNECT_TIMEOUT_MS_MAX = 10000, URL_TEXT_BYTES_MAX = 1024 };

struct smtp {
    const struct smtp_options *options; /* outlives it */
    CURL *curl;
    struct buffer url; /* with the EHLO name */
    struct buffer password;
    char reason[CURL_ERROR_SIZE];
    /* of the mail under way */
    const char *stage;
    int reply;
    bool is_leaving;  /* curl says QUIT: what is answered to that does not count */
    struct span left; /* content not yet given to curl */
};

enum sm_error smtp_library_start(void)
{
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? SM_OK : SM_NO_MEMORY;
}

void smtp_library_stop(void)
{
    curl_global_cleanup();
}

/* --- options --- */

static void url_free(CURLU **url)
{
    curl_url_cleanup(*url);
    *url = NULL;
}

static void text_free(char **text)
{
    curl_free(*text);
    *text = NULL;
}

static bool is_loopback(const char *host)
{
    struct in_addr v4;
    if (inet_pton(AF_INET, host, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    return strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0;
}

static enum sm_error url_fault(const char *cause)
{
    return log_failure("smtp-url", SM_CONFIG, cause);
}

static bool has_part(CURLU *url, CURLUPart part)
{
    char *text DEFER(text_free) = NULL;
    return curl_url_get(url, part, &text, 0) == CURLUE_OK;
}

enum sm_error smtp_options_check(const struct smtp_options *options)
{
    CURLU *url DEFER(url_free) = curl_url();
    char *scheme DEFER(text_free) = NULL, *host DEFER(text_free) = NULL;
    char *path DEFER(text_free) = NULL;
    if (!url)
        return SM_NO_MEMORY;
    if (curl_url_set(url, CURLUPART_URL, options->url, 0) != CURLUE_OK ||
        curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
        curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
        curl_url_get(url, CURLUPART_PATH, &path, 0) != CURLUE_OK)
        return url_fault("not smtp://host:port or smtps://host:port");
    if (strcmp(scheme, "smtp") != 0 && strcmp(scheme, "smtps") != 0)
        return url_fault("neither smtp:// nor smtps://");
    if (has_part(url, CURLUPART_USER) || has_part(url, CURLUPART_PASSWORD))
        return url_fault("user and password have settings of their own");
    if (strcmp(path, "/") != 0 || has_part(url, CURLUPART_QUERY) ||
        has_part(url, CURLUPART_FRAGMENT))
        return url_fault("more than host and port");
    if (!options->is_tls_required && !is_loopback(host))
        return url_fault("without TLS only a loopback relay may be used");
    return SM_OK;
}

/* --- what curl tells --- */

/* clang-format off */
static const struct { const char *command, *stage; } stages[] = {
    {"EHLO", "hello"}, {"HELO", "hello"}, {"STARTTLS", "starttls"}, {"AUTH", "auth"},
    {"MAIL", "sender"}, {"RCPT", "recipient"}, {"DATA", "data"},
};

static const struct { CURLcode code; const char *cause; } causes[] = {
    {CURLE_COULDNT_RESOLVE_HOST, "host-unknown"},
    {CURLE_COULDNT_CONNECT, "connection-refused"},
    {CURLE_OPERATION_TIMEDOUT, "timeout"},
    {CURLE_USE_SSL_FAILED, "no-starttls"},
    {CURLE_SSL_CONNECT_ERROR, "tls-failed"},
    {CURLE_PEER_FAILED_VERIFICATION, "certificate"},
    {CURLE_SSL_CACERT_BADFILE, "ca-file"},
    {CURLE_LOGIN_DENIED, "sign-in-refused"},
    {CURLE_ABORTED_BY_CALLBACK, "stopping"},
    {CURLE_GOT_NOTHING, "connection-lost"},
    {CURLE_RECV_ERROR, "connection-lost"},
};
/* clang-format on */

static bool begins_with(const char *text, size_t size, const char *with)
{
    size_t length = strlen(with);
    return size >= length && memcmp(text, with, length) == 0;
}

/* A command begins a step, without a reply so far. */
static void note_command(struct smtp *smtp, const char *text, size_t size)
{
    if (begins_with(text, size, "QUIT"))
        smtp->is_leaving = true;
    for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++)
        if (begins_with(text, size, stages[i].command)) {
            smtp->stage = stages[i].stage;
            smtp->reply = 0;
            smtp->is_leaving = false; /* it was an older connection's */
            return;
        }
}

static void note_reply(struct smtp *smtp, const char *text, size_t size)
{
    int reply = 0;
    if (smtp->is_leaving)
        return;
    for (size_t i = 0; i < 3; i++) {
        if (i >= size || text[i] < '0' || text[i] > '9')
            return;
        reply = 10 * reply + (text[i] - '0');
    }
    smtp->reply = reply;
    if (reply == 354) /* from here on nobody knows until the last reply */
        smtp->stage = "content";
}

static int on_debug(CURL *curl, curl_infotype type, char *text, size_t size, void *context)
{
    (void)curl;
    if (type == CURLINFO_HEADER_OUT)
        note_command(context, text, size);
    if (type == CURLINFO_HEADER_IN)
        note_reply(context, text, size);
    return 0;
}

static size_t on_read(char *out, size_t size, size_t count, void *context)
{
    struct smtp *smtp = context;
    struct span piece = span_slice(smtp->left, 0, size * count);
    if (piece.size > 0)
        memcpy(out, piece.at, piece.size);
    smtp->left = span_slice(smtp->left, piece.size, smtp->left.size);
    return piece.size;
}

static int on_progress(
    void *context, curl_off_t down_all, curl_off_t down, curl_off_t up_all, curl_off_t up)
{
    const struct smtp *smtp = context;
    (void)down_all;
    (void)down;
    (void)up_all;
    (void)up;
    return smtp->options->is_cancelled && smtp->options->is_cancelled(smtp->options->context);
}

/* --- opening --- */

static enum sm_error set_connection(struct smtp *smtp)
{
    const struct smtp_options *options = smtp->options;
    struct curl_setting setting = {smtp->curl, CURLE_OK};
    long timeout_ms = (long)options->timeout_ms;
    const char *url;
    TRY(buffer_text(&smtp->url, &url));
    SET(&setting, CURLOPT_URL, url);
    SET(&setting, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    SET(&setting, CURLOPT_PROXY, ""); /* not even one from the environment */
    SET(&setting, CURLOPT_NOSIGNAL, 1L);
    SET(&setting, CURLOPT_TIMEOUT_MS, timeout_ms);
    SET(&setting, CURLOPT_CONNECTTIMEOUT_MS,
        timeout_ms < CONNECT_TIMEOUT_MS_MAX ? timeout_ms : (long)CONNECT_TIMEOUT_MS_MAX);
    SET(&setting, CURLOPT_SERVER_RESPONSE_TIMEOUT, timeout_ms / 1000 + 1);
    SET(&setting, CURLOPT_MAXAGE_CONN, (long)CONNECTION_AGE_S);
    SET(&setting, CURLOPT_ERRORBUFFER, smtp->reason);
    return curl_setting_result(&setting, "smtp-option");
}

static enum sm_error set_security(struct smtp *smtp)
{
    const struct smtp_options *options = smtp->options;
    struct curl_setting setting = {smtp->curl, CURLE_OK};
    const char *password;
    SET(&setting, CURLOPT_USE_SSL,
        options->is_tls_required ? (long)CURLUSESSL_ALL : (long)CURLUSESSL_NONE);
    SET(&setting, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(&setting, CURLOPT_SSL_VERIFYPEER, 1L);
    SET(&setting, CURLOPT_SSL_VERIFYHOST, 2L);
    if (options->ca_file[0]) {
        SET(&setting, CURLOPT_CAINFO, options->ca_file);
        SET(&setting, CURLOPT_CAPATH, NULL); /* this authority and no other */
    }
    if (options->user[0]) {
        TRY(buffer_text(&smtp->password, &password));
        SET(&setting, CURLOPT_USERNAME, options->user);
        SET(&setting, CURLOPT_PASSWORD, password);
    }
    return curl_setting_result(&setting, "smtp-option");
}

static enum sm_error set_callbacks(struct smtp *smtp)
{
    struct curl_setting setting = {smtp->curl, CURLE_OK};
    SET(&setting, CURLOPT_VERBOSE, 1L); /* to the callback alone */
    SET(&setting, CURLOPT_DEBUGFUNCTION, on_debug);
    SET(&setting, CURLOPT_DEBUGDATA, smtp);
    SET(&setting, CURLOPT_READFUNCTION, on_read);
    SET(&setting, CURLOPT_READDATA, smtp);
    SET(&setting, CURLOPT_NOPROGRESS, 0L);
    SET(&setting, CURLOPT_XFERINFOFUNCTION, on_progress);
    SET(&setting, CURLOPT_XFERINFODATA, smtp);
    SET(&setting, CURLOPT_UPLOAD, 1L);
    return curl_setting_result(&setting, "smtp-option");
}

enum sm_error smtp_open(const struct smtp_options *options, struct smtp **out)
{
    TRY(smtp_options_check(options));
    struct smtp *smtp DEFER(smtp_close) = calloc(1, sizeof *smtp);
    if (!smtp)
        return SM_NO_MEMORY;
    smtp->options = options;
    smtp->url = BUFFER(URL_TEXT_BYTES_MAX);
    smtp->password = BUFFER(URL_TEXT_BYTES_MAX);
    size_t length = strlen(options->url);
    bool has_slash = length > 0 && options->url[length - 1] == '/';
    TRY(buffer_format(
        &smtp->url, "%s%s%s", options->url, has_slash ? "" : "/", options->hello_domain));
    TRY(buffer_append(&smtp->password, options->password));
    smtp->curl = curl_easy_init();
    if (!smtp->curl)
        return SM_NO_MEMORY;
    TRY(set_connection(smtp));
    TRY(set_security(smtp));
    TRY(set_callbacks(smtp));
    *out = TAKE(smtp);
    return SM_OK;
}

void smtp_close(struct smtp **smtp)
{
    if (!*smtp)
        return;
    curl_easy_cleanup((*smtp)->curl);
    buffer_free(&(*smtp)->url);
    buffer_free(&(*smtp)->password);
    free(*smtp);
    *smtp = NULL;
}

/* --- sending --- */

/* Replies that speak of our sign-in, at whatever step they come (RFC 4954 section 6). */
static bool is_about_sign_in(int reply)
{
    return reply == 530 || reply == 534 || reply == 535 || reply == 538;
}

/* A refusal says more than curl's code for it. */
static const char *cause_of(CURLcode code, int reply)
{
    if (reply >= 400)
        return is_about_sign_in(reply) ? "sign-in-refused" : "refused";
    for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++)
        if (causes[i].code == code)
            return causes[i].cause;
    return "connection-lost";
}

/* Refused for good is only what answers the recipient or the mail itself. */
static bool is_permanent(const struct smtp *smtp)
{
    static const char *const steps[] = {"recipient", "data", "content"};
    if (smtp->reply / 100 != 5 || is_about_sign_in(smtp->reply))
        return false;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        if (strcmp(smtp->stage, steps[i]) == 0)
            return true;
    return false;
}

static void slist_free(struct curl_slist **list)
{
    curl_slist_free_all(*list);
    *list = NULL;
}

static enum sm_error angle_address(struct span address, struct buffer *out, const char **text)
{
    if (!text_is_address(address))
        return SM_BAD_FORMAT;
    TRY(buffer_format(out, "<%.*s>", SPAN_PRINT(address)));
    return buffer_text(out, text);
}

static enum sm_error perform(struct smtp *smtp, const struct smtp_mail *mail, CURLcode *code)
{
    struct buffer from DEFER(buffer_free) = BUFFER(URL_TEXT_BYTES_MAX);
    struct buffer to DEFER(buffer_free) = BUFFER(URL_TEXT_BYTES_MAX);
    const char *from_text, *to_text;
    TRY(angle_address(mail->from, &from, &from_text));
    TRY(angle_address(mail->to, &to, &to_text));
    struct curl_slist *recipients DEFER(slist_free) = curl_slist_append(NULL, to_text);
    if (!recipients)
        return SM_NO_MEMORY;
    struct curl_setting setting = {smtp->curl, CURLE_OK};
    SET(&setting, CURLOPT_MAIL_FROM, from_text);
    SET(&setting, CURLOPT_MAIL_RCPT, recipients);
    SET(&setting, CURLOPT_INFILESIZE_LARGE, (curl_off_t)mail->content.size);
    TRY(curl_setting_result(&setting, "smtp-option"));
    *code = curl_easy_perform(smtp->curl);
    (void)curl_easy_setopt(smtp->curl, CURLOPT_MAIL_RCPT, NULL); /* the list is freed here */
    return SM_OK;
}

enum sm_error smtp_send(struct smtp *smtp, const struct smtp_mail *mail, struct smtp_outcome *out)
{
    CURLcode code;
    smtp->stage = "connect";
    smtp->reply = 0;
    smtp->is_leaving = false;
    smtp->left = mail->content;
    TRY(perform(smtp, mail, &code));
    bool is_accepted = code == CURLE_OK;
    *out = (struct smtp_outcome){
        .class = is_accepted          ? SMTP_ACCEPTED
                 : is_permanent(smtp) ? SMTP_PERMANENT
                                      : SMTP_TEMPORARY,
        .reply = smtp->reply,
        .stage = smtp->stage,
        .cause = is_accepted ? "accepted" : cause_of(code, smtp->reply),
    };
    return SM_OK;
}
