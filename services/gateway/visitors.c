/* A list of visits under one lock; their number is the web server's limit of connections. */
#include "services/gateway/visitors.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/rate.h"

#include <pthread.h>
#include <string.h>

enum { PROXIES_MAX = 32, TOLD_PER_MINUTE = 1 };

struct visit {
    struct visitors *visitors;
    struct ip from;
    bool is_counted; /* by address: neither a proxy's nor of this machine */
    int socket;
    int64_t until_ms;  /* this and what follows: under the lock */
    bool is_listening; /* for the head of a request, since: */
    int64_t since_ms;
    struct visit *previous, *next;
};

struct visitors {
    struct network proxies[PROXIES_MAX];
    size_t proxies_count;
    uint32_t connections_max, visits_max;
    struct rate *requests, *proofs; /* NULL: no limit */
    struct rate *told;              /* one line a minute for each address */
    pthread_mutex_t lock;
    struct visit *first;
    size_t count;
};

/* --- beginning and end --- */

static bool is_between(uint8_t letter)
{
    return letter == ',' || letter == ' ';
}

static enum sm_error read_proxies(struct visitors *visitors, struct span text)
{
    while (text.size) {
        size_t size = 0;
        while (size < text.size && !is_between(text.at[size]))
            size++;
        if (size) {
            if (visitors->proxies_count == PROXIES_MAX)
                return SM_TOO_LARGE;
            TRY(network_read(
                span_slice(text, 0, size), &visitors->proxies[visitors->proxies_count++]));
        }
        text = span_slice(text, size + 1, text.size);
    }
    return SM_OK;
}

static enum sm_error make_rate(uint32_t per_minute, struct rate **out)
{
    return per_minute ? rate_new(per_minute, out) : SM_OK;
}

enum sm_error visitors_new(const struct visitors_options *options, struct visitors **out)
{
    void *memory;
    TRY(memory_zeroed(1, sizeof(struct visitors), &memory));
    struct visitors *visitors DEFER(visitors_free) = memory;
    (void)pthread_mutex_init(&visitors->lock, NULL);
    visitors->connections_max = options->connections_max;
    visitors->visits_max = options->visits_max;
    if (read_proxies(visitors, span_text(options->trusted_proxies)) != SM_OK) {
        log_line(LOG_ERROR, "trusted-proxies", "value", options->trusted_proxies, "cause",
            "SECURE_MAIL_TRUSTED_PROXIES is a list of at most 32 addresses or networks, e.g."
            " 10.0.0.0/8, 2001:db8::1",
            NULL);
        return SM_CONFIG;
    }
    TRY(make_rate(options->requests_per_minute, &visitors->requests));
    TRY(make_rate(options->proofs_per_minute, &visitors->proofs));
    TRY(rate_new(TOLD_PER_MINUTE, &visitors->told));
    *out = TAKE(visitors);
    return SM_OK;
}

void visitors_free(struct visitors **visitors)
{
    if (!*visitors)
        return;
    rate_free(&(*visitors)->requests);
    rate_free(&(*visitors)->proofs);
    rate_free(&(*visitors)->told);
    (void)pthread_mutex_destroy(&(*visitors)->lock);
    memory_free(visitors);
}

/* --- who it is --- */

static bool is_proxy(const struct visitors *visitors, const struct ip *ip)
{
    for (size_t i = 0; i < visitors->proxies_count; i++)
        if (network_has(&visitors->proxies[i], ip))
            return true;
    return false;
}

/* Cuts the last name off a list of them: what the nearest proxy wrote. */
static struct span take_last(struct span *list)
{
    size_t end = list->size;
    while (end > 0 && is_between(list->at[end - 1]))
        end--;
    size_t begin = end;
    while (begin > 0 && !is_between(list->at[begin - 1]))
        begin--;
    struct span last = span_slice(*list, begin, end - begin);
    *list = span_slice(*list, 0, begin);
    return last;
}

/* False: it is a proxy or this machine, and no client is named. */
static bool client_of(const struct visit *visit, struct span forwarded_for, struct ip *out)
{
    struct ip ip = visit->from;
    while (is_proxy(visit->visitors, &ip)) {
        struct span name = take_last(&forwarded_for);
        if (name.size == 0 || ip_read(name, &ip) != SM_OK)
            return false;
    }
    *out = ip_of_client(ip);
    return !ip_is_loopback(&ip);
}

/* --- connections --- */

static void tell(struct visitors *visitors, const struct ip *client, const char *what)
{
    char text[IP_TEXT_BYTES];
    int64_t wait_ms;
    if (rate_take(visitors->told, SPAN(client->bytes), clock_monotonic_ms(), &wait_ms) != SM_OK)
        return;
    ip_write(client, text);
    log_line(LOG_WARNING, "address-limited", "address", text, "what", what, NULL);
}

static bool is_of(const struct visit *visit, const struct ip *client)
{
    struct ip ip = ip_of_client(visit->from);
    return visit->is_counted && memcmp(ip.bytes, client->bytes, sizeof ip.bytes) == 0;
}

bool visitors_may_connect(struct visitors *visitors, const struct sockaddr *from)
{
    struct ip ip;
    uint32_t count = 0;
    if (ip_of(from, &ip) != SM_OK || ip_is_loopback(&ip) || is_proxy(visitors, &ip))
        return true;
    ip = ip_of_client(ip);
    (void)pthread_mutex_lock(&visitors->lock);
    for (const struct visit *each = visitors->first; each; each = each->next)
        count += is_of(each, &ip);
    (void)pthread_mutex_unlock(&visitors->lock);
    if (count >= visitors->connections_max)
        tell(visitors, &ip, "connections");
    return count < visitors->connections_max;
}

static void shut_down(struct visit *visit)
{
    (void)shutdown(visit->socket, SHUT_RDWR);
    visit->until_ms = INT64_MAX;
    visit->is_listening = false;
}

static void listen_from(struct visit *visit, int64_t now_ms)
{
    visit->is_listening = true;
    visit->since_ms = now_ms;
    visit->until_ms = now_ms + VISIT_HEAD_MS;
}

/*
 * Whoever asks has asked within milliseconds: of those who have not, the one who is here longest
 * goes. So few addresses with many connections that say nothing keep nobody out. False: nobody had
 * to go.
 */
static bool make_room(struct visitors *visitors, const struct visit *newcomer, struct ip *gone)
{
    struct visit *longest = NULL;
    if (!visitors->visits_max || visitors->count <= visitors->visits_max)
        return false;
    for (struct visit *each = visitors->first; each; each = each->next)
        if (each != newcomer && each->is_listening &&
            (!longest || each->since_ms <= longest->since_ms))
            longest = each;
    if (!longest)
        return false;
    *gone = ip_of_client(longest->from);
    shut_down(longest);
    return true;
}

struct visit *visit_begin(struct visitors *visitors, const struct sockaddr *from, int socket)
{
    void *memory;
    struct ip gone;
    if (memory_zeroed(1, sizeof(struct visit), &memory) != SM_OK)
        return NULL;
    struct visit *visit = memory;
    visit->visitors = visitors;
    visit->socket = socket;
    listen_from(visit, clock_monotonic_ms());
    visit->is_counted = ip_of(from, &visit->from) == SM_OK && !ip_is_loopback(&visit->from) &&
                        !is_proxy(visitors, &visit->from);
    (void)pthread_mutex_lock(&visitors->lock);
    visit->next = visitors->first;
    if (visit->next)
        visit->next->previous = visit;
    visitors->first = visit;
    visitors->count++;
    bool has_gone = make_room(visitors, visit, &gone);
    (void)pthread_mutex_unlock(&visitors->lock);
    if (has_gone)
        tell(visitors, &gone, "room for others");
    return visit;
}

void visit_end(struct visit **visit)
{
    struct visit *it = *visit;
    if (!it)
        return;
    struct visitors *visitors = it->visitors;
    (void)pthread_mutex_lock(&visitors->lock);
    if (it->previous)
        it->previous->next = it->next;
    else
        visitors->first = it->next;
    if (it->next)
        it->next->previous = it->previous;
    visitors->count--;
    (void)pthread_mutex_unlock(&visitors->lock);
    memory_free(visit);
}

/* --- how often --- */

static enum sm_error take(struct visitors *visitors, struct rate *rate, const struct ip *client,
    const char *what, uint64_t *wait_s)
{
    int64_t wait_ms = 0;
    if (!rate)
        return SM_OK;
    enum sm_error error = rate_take(rate, SPAN(client->bytes), clock_monotonic_ms(), &wait_ms);
    if (error == SM_RATE_LIMITED) {
        *wait_s = (uint64_t)(wait_ms + 999) / 1000;
        tell(visitors, client, what);
    }
    return error;
}

enum sm_error visit_admit(
    struct visit *visit, struct span forwarded_for, bool is_proof, uint64_t *wait_s)
{
    struct ip client;
    if (!visit || !client_of(visit, forwarded_for, &client))
        return SM_OK;
    struct visitors *visitors = visit->visitors;
    TRY(take(visitors, visitors->requests, &client, "requests", wait_s));
    return is_proof ? take(visitors, visitors->proofs, &client, "proofs", wait_s) : SM_OK;
}

/* --- how long --- */

void visit_until(struct visit *visit, int64_t until_ms)
{
    if (!visit)
        return;
    (void)pthread_mutex_lock(&visit->visitors->lock);
    visit->until_ms = until_ms;
    visit->is_listening = false;
    (void)pthread_mutex_unlock(&visit->visitors->lock);
}

void visit_listens(struct visit *visit)
{
    if (!visit)
        return;
    (void)pthread_mutex_lock(&visit->visitors->lock);
    listen_from(visit, clock_monotonic_ms());
    (void)pthread_mutex_unlock(&visit->visitors->lock);
}

int64_t visit_patience_ms(uint64_t size)
{
    return VISIT_GRACE_MS + (int64_t)(size / VISIT_BYTES_PER_S_MIN) * 1000;
}

void visitors_end_late(struct visitors *visitors, int64_t now_ms)
{
    (void)pthread_mutex_lock(&visitors->lock);
    for (struct visit *each = visitors->first; each; each = each->next)
        if (now_ms > each->until_ms)
            shut_down(each);
    (void)pthread_mutex_unlock(&visitors->lock);
}
