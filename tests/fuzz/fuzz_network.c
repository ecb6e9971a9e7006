/*
 * Hostile text as the address of a client (X-Forwarded-For) and as the list of trusted proxies:
 * what is read is written as people write it and read again as the same, and a network holds its
 * own address.
 */
#include "services/gateway/visitors.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_true)
{
    if (!is_true)
        abort();
}

static void check_address(struct span text)
{
    char written[IP_TEXT_BYTES];
    struct ip ip;
    struct ip again;
    if (ip_read(text, &ip) != SM_OK)
        return;
    ip_write(&ip, written);
    demand(ip_read(span_text(written), &again) == SM_OK);
    demand(memcmp(&ip, &again, sizeof ip) == 0);
    struct ip client = ip_of_client(ip);
    again = ip_of_client(client);
    demand(memcmp(&client, &again, sizeof client) == 0);
}

static void check_network(struct span text)
{
    struct network network;
    if (network_read(text, &network) != SM_OK)
        return;
    demand(network.bits <= 128 && network_has(&network, &network.ip));
    struct ip other = network.ip;
    other.bytes[0] ^= 0x80;
    demand(network.bits == 0 || !network_has(&network, &other));
}

/* The whole header, as it comes through a proxy that is trusted; once a process. */
static struct visit *visit_by_a_proxy(void)
{
    static struct visitors *visitors;
    static struct visit *visit;
    const struct visitors_options options = {
        .trusted_proxies = "127.0.0.1, 10.0.0.0/8, 2001:db8::/32",
        .connections_max = 10,
        .requests_per_minute = 1000 * 1000,
        .proofs_per_minute = 1000 * 1000};
    struct sockaddr_in proxy = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x0a000001)};
    if (visit)
        return visit;
    demand(visitors_new(&options, &visitors) == SM_OK);
    visit = visit_begin(visitors, (struct sockaddr *)&proxy, -1);
    demand(visit != NULL);
    return visit;
}

static void check_header(struct span text)
{
    uint64_t wait_s = 0;
    enum sm_error error = visit_admit(visit_by_a_proxy(), text, text.size % 2, &wait_s);
    demand(error == SM_OK || (error == SM_RATE_LIMITED && wait_s > 0 && wait_s <= 60));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = span_of(data, size);
    check_address(text);
    check_network(text);
    check_header(text);
    return 0;
}
