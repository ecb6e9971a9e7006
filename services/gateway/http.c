/* The web server begins and ends. Read on in http_pending.h. */
#include "services/gateway/http_pending.h"

#include "base/condition.h"
#include "base/log.h"
#include "base/memory.h"
#include "services/gateway/listen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void on_panic(void *context, const char *file, unsigned line, const char *reason)
{
    (void)context;
    (void)line;
    log_line(LOG_ERROR, "http-panic", "file", file, "reason", reason ? reason : "", NULL);
    abort();
}

static enum MHD_Result on_knock(void *context, const struct sockaddr *from, socklen_t size)
{
    struct http *http = context;
    (void)size;
    return visitors_may_connect(http->visitors, from) ? MHD_YES : MHD_NO;
}

static void on_connection(void *context, struct MHD_Connection *connection, void **visit,
    enum MHD_ConnectionNotificationCode code)
{
    struct http *http = context;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED)
        visit_end((struct visit **)visit);
    else
        *visit = visit_begin(http->visitors,
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr,
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd);
}

static void on_message(void *context, const char *format, va_list arguments)
{
    (void)context;
    (void)arguments; /* they may hold what a client sent */
    log_line(LOG_DEBUG, "http", "message", format, NULL);
}

static enum sm_error start_daemon(
    struct http *http, const struct http_options *options, struct listen_facts *facts)
{
    bool is_tls = facts->certificate.size > 0;
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
                     (is_tls ? (unsigned)MHD_USE_TLS : 0U) |
                     (facts->is_ipv6 ? (unsigned)MHD_USE_IPv6 : 0U);
    const char *certificate = NULL;
    const char *key = NULL;
    if (is_tls) {
        TRY(buffer_text(&facts->certificate, &certificate));
        TRY(buffer_text(&facts->key, &key));
    }
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)certificate},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)key},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t) "NORMAL:-VERS-ALL:+VERS-TLS1.3"},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem pool[] = {
        {MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)options->threads, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    MHD_set_panic_func(on_panic, NULL);
    http->daemon = MHD_start_daemon(flags, 0, on_knock, http, http_on_access, http,
        MHD_OPTION_EXTERNAL_LOGGER, on_message, NULL, MHD_OPTION_SOCK_ADDR, &facts->address.any,
        MHD_OPTION_NOTIFY_COMPLETED, http_on_completed, http, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)HTTP_CONNECTIONS_MAX, MHD_OPTION_NOTIFY_CONNECTION, on_connection, http,
        MHD_OPTION_URI_LOG_CALLBACK, http_on_uri, NULL, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)HTTP_IDLE_TIMEOUT_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)HTTP_CONNECTION_BYTES, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_ARRAY,
        options->threads > 1 ? pool : &pool[1], MHD_OPTION_ARRAY, is_tls ? tls : &tls[3],
        MHD_OPTION_END);
    return http->daemon ? SM_OK : SM_CONFIG;
}

enum sm_error http_start(const struct http_options *options, struct http **out)
{
    struct listen_facts facts DEFER(listen_facts_free) = LISTEN_FACTS;
    TRY(listen_read(options->listen, options->certificate, options->key, &facts));
    struct http *http DEFER(http_stop) = calloc(1, sizeof *http);
    if (!http)
        return SM_NO_MEMORY;
    http->gateway = options->gateway;
    http->calls = options->calls;
    http->transfers = options->transfers;
    http->visitors = options->visitors;
    http->listener = -1;
    (void)pthread_mutex_init(&http->lock, NULL);
    condition_make(&http->stopping);
    TRY(http_watch_start(http));
    if (start_daemon(http, options, &facts) != SM_OK) {
        log_line(LOG_ERROR, "http-listen", "address", options->listen, "cause",
            errno == EADDRINUSE ? "the port is in use: stop what uses it or choose another in"
                                  " SECURE_MAIL_HTTP_LISTEN"
                                : strerror(errno),
            NULL);
        return SM_CONFIG;
    }
    *out = TAKE(http);
    return SM_OK;
}

void http_quiesce(struct http *http)
{
    http->listener = MHD_quiesce_daemon(http->daemon);
}

void http_stop(struct http **http)
{
    struct http *it = *http;
    if (!it)
        return;
    if (it->daemon)
        MHD_stop_daemon(it->daemon);
    if (it->listener >= 0)
        (void)close(it->listener);
    http_watch_stop(it);
    (void)pthread_cond_destroy(&it->stopping);
    (void)pthread_mutex_destroy(&it->lock);
    free(it);
    *http = NULL;
}
