/* libcurl, one easy handle a program: connections are kept alive between requests. */
#include "cli/http.h"

#include "base/memory.h"
#include "envelope/link.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { CONNECT_TIMEOUT_MS = 10000, STALL_S = 60, BODY_BYTES = 1024 * 1024, URL_BYTES = 1024 };

struct http {
    CURL *curl;
    char *base;
    bool is_local; /* plain http, to this machine */
};

/* What the callbacks fill. */
struct transfer {
    const struct http_request *request;
    struct http_response *response;
    enum sm_error error;
};

enum sm_error http_open(const char *base, struct http **out)
{
    size_t length = strlen(base);
    while (length && base[length - 1] == '/')
        length--;
    if (!link_is_base(span_of(base, length)))
        return SM_BAD_VALUE;
    struct http *http DEFER(http_close) = calloc(1, sizeof *http);
    if (!http)
        return SM_NO_MEMORY;
    http->base = strndup(base, length);
    http->curl = curl_easy_init();
    if (!http->base || !http->curl)
        return SM_NO_MEMORY;
    http->is_local = strncmp(base, "http:", 5) == 0;
    *out = TAKE(http);
    return SM_OK;
}

void http_close(struct http **http)
{
    if (!*http)
        return;
    if ((*http)->curl)
        curl_easy_cleanup((*http)->curl);
    free((*http)->base);
    memory_free(http);
}

void http_response_free(struct http_response *response)
{
    buffer_free(&response->body);
}

/* --- callbacks --- */

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    struct span span = span_of(bytes, size * count);
    http_sink *sink = transfer->request->sink;
    transfer->error = sink && transfer->response->status < 300
                          ? sink(transfer->request->sink_context, span)
                          : buffer_append(&transfer->response->body, span);
    return transfer->error == SM_OK ? span.size : 0;
}

/* The value of a header line when it has this name; NULL otherwise. */
static const char *value_of(const char *line, const char *name)
{
    size_t length = strlen(name);
    if (strncasecmp(line, name, length) != 0 || line[length] != ':')
        return NULL;
    return line + length + 1 + strspn(line + length + 1, " ");
}

static void keep(const char *value, const char *end_set, char *out, size_t size)
{
    size_t length = strcspn(value, end_set);
    if (length >= size)
        return;
    memcpy(out, value, length);
    out[length] = '\0';
}

/* Whether a Content-Type's value is this type, with or without parameters. */
static bool is_media_type(const char *value, const char *type)
{
    size_t length = strlen(type);
    return strncasecmp(value, type, length) == 0 && strspn(value + length, " ;\r\n") > 0;
}

static void take_header(const char *line, struct http_response *response)
{
    const char *value = NULL;
    if ((value = value_of(line, "Content-Type")))
        response->is_octets = is_media_type(value, "application/octet-stream");
    else if ((value = value_of(line, "Location")))
        keep(value, "\r\n", response->location, sizeof response->location);
    else if ((value = value_of(line, "Set-Cookie")))
        keep(value, ";\r\n", response->cookie, sizeof response->cookie);
    else if ((value = value_of(line, "Upload-Offset")))
        response->upload_offset = strtoull(value, NULL, 10);
    else if ((value = value_of(line, "Retry-After")))
        response->retry_after_s = strtoull(value, NULL, 10);
}

static size_t on_header(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    char line[HTTP_HEADER_BYTES_MAX];
    size_t length = size * count;
    if (length >= 12 && strncmp(bytes, "HTTP/", 5) == 0)
        transfer->response->status = strtol(bytes + strcspn(bytes, " "), NULL, 10);
    if (length < sizeof line) {
        memcpy(line, bytes, length);
        line[length] = '\0';
        take_header(line, transfer->response);
    }
    return length;
}

/* --- a request --- */

static enum sm_error outcome_of(CURLcode code)
{
    switch ((int)code) {
    case CURLE_OK:
        return SM_OK;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
        return SM_TAMPERED;
    case CURLE_OUT_OF_MEMORY:
        return SM_NO_MEMORY;
    default:
        return SM_UNAVAILABLE;
    }
}

static struct curl_slist *headers_of(const struct http_request *request)
{
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    for (size_t i = 0; i < HTTP_HEADERS_MAX; i++)
        if (request->headers[i])
            list = curl_slist_append(list, request->headers[i]);
    return list;
}

static void set_body(CURL *curl, const struct http_request *request)
{
    bool has_body = strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0;
    if (!has_body) {
        (void)curl_easy_setopt(curl, CURLOPT_NOBODY, (long)(request->method[0] == 'H'));
        return;
    }
    const char *bytes = request->body.size ? (const char *)request->body.at : "";
    (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, bytes);
    (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.size);
    (void)curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
}

static void set_rules(CURL *curl)
{
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
    const char *authorities = getenv("SECUREMAIL_CA_FILE"); /* a site's own, or self-signed */
    if (authorities)
        (void)curl_easy_setopt(curl, CURLOPT_CAINFO, authorities);
    (void)curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    (void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    (void)curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)STALL_S);
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_USERAGENT, "securemail");
}

enum sm_error http_run(
    struct http *http, const struct http_request *request, struct http_response *response)
{
    char url[URL_BYTES];
    if (snprintf(url, sizeof url, "%s%s", http->base, request->path) >= (int)sizeof url)
        return SM_TOO_LARGE;
    *response = (struct http_response){
        .body = BUFFER(request->body_bytes_max ? request->body_bytes_max : BODY_BYTES)};
    struct transfer transfer = {.request = request, .response = response};
    struct curl_slist *headers = headers_of(request);
    curl_easy_reset(http->curl);
    set_rules(http->curl);
    set_body(http->curl, request);
    if (http->is_local) /* a proxy of the environment would take it across the network */
        (void)curl_easy_setopt(http->curl, CURLOPT_NOPROXY, "*");
    (void)curl_easy_setopt(http->curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, headers);
    (void)curl_easy_setopt(http->curl, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(http->curl, CURLOPT_WRITEDATA, &transfer);
    (void)curl_easy_setopt(http->curl, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl_easy_setopt(http->curl, CURLOPT_HEADERDATA, &transfer);
    (void)curl_easy_setopt(
        http->curl, CURLOPT_MAX_RECV_SPEED_LARGE, (curl_off_t)request->receive_limit);
    enum sm_error error = outcome_of(curl_easy_perform(http->curl));
    curl_slist_free_all(headers);
    return transfer.error != SM_OK ? transfer.error : error;
}
