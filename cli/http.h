/*
 * HTTP through libcurl, the only user of it in the command line. https with the system's
 * authorities, or plain http to this machine alone; no redirects, no proxies of the environment
 * beyond curl's own, no other scheme. Bodies are bounded.
 */
#ifndef SM_CLI_HTTP_H
#define SM_CLI_HTTP_H

#include "base/buffer.h"

struct http;

/* `base`: "https://host[:port]". SM_BAD_VALUE for anything but https, or http to loopback. */
SM_MUST_USE enum sm_error http_open(const char *base, struct http **out);
void http_close(struct http **http);

enum { HTTP_HEADERS_MAX = 6, HTTP_HEADER_BYTES_MAX = 700 };

/* Takes the body as it comes; an error ends the transfer and is http_run's error. */
typedef enum sm_error http_sink(void *context, struct span bytes);

struct http_request {
    const char *method;                    /* "GET", "POST", "HEAD", "PATCH" */
    const char *path;                      /* "/api/v1/..." */
    const char *headers[HTTP_HEADERS_MAX]; /* "Name: value"; unused: NULL */
    struct span body;
    uint64_t receive_limit; /* bytes a second; 0: none */
    http_sink *sink;        /* NULL: the body goes to the response */
    void *sink_context;
    size_t body_bytes_max; /* of the response's body; 0: 1 MiB */
};

/* Free with http_response_free. */
struct http_response {
    long status;
    struct buffer body;
    bool is_octets;     /* Content-Type is application/octet-stream */
    char location[128]; /* Location */
    char cookie[640];   /* name=value of the session cookie that was set; "" if none */
    uint64_t upload_offset, retry_after_s;
};
void http_response_free(struct http_response *response);

/*
 * SM_OK when there was an answer, whatever its status. SM_UNAVAILABLE when the server cannot be
 * reached or the connection broke, SM_TAMPERED when its certificate is not good.
 */
SM_MUST_USE enum sm_error http_run(
    struct http *http, const struct http_request *request, struct http_response *response);

#endif
