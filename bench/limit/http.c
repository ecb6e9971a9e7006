/*
 * Bare libmicrohttpd, as the gateway starts it (epoll, a pool of two threads): a page of so many
 * bytes at /m, 50 MB from a callback at /large, and POST /large, read and dropped. Prints its port
 * and serves until its input ends.
 * Usage: http PAGE-BYTES LARGE-BYTES
 */
#include "bench/limit/limit.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <string.h>

enum { BLOCK = 256 * 1024, THREADS = 2 };

struct sizes {
    size_t page, large;
    char *bytes; /* of the page, or a block */
};

static ssize_t read_large(void *context, uint64_t at, char *out, size_t max)
{
    (void)context;
    (void)at;
    memset(out, 'x', max);
    return (ssize_t)max;
}

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *data, size_t *size, void **state)
{
    static const char seen;
    struct sizes *sizes = context;
    (void)version;
    (void)data;
    if (!*state) { /* an answer on the first call costs three times as much */
        memcpy(state, &(const void *){&seen}, sizeof *state);
        return MHD_YES;
    }
    if (*size) {
        *size = 0;
        return MHD_YES;
    }
    bool is_large = strcmp(url, "/large") == 0 && strcmp(method, "GET") == 0;
    bool is_taken = strcmp(method, "POST") == 0;
    struct MHD_Response *response =
        is_large ? MHD_create_response_from_callback(sizes->large, BLOCK, read_large, NULL, NULL)
                 : MHD_create_response_from_buffer(
                       is_taken ? 0 : sizes->page, sizes->bytes, MHD_RESPMEM_PERSISTENT);
    enum MHD_Result result = MHD_queue_response(connection, 200, response);
    MHD_destroy_response(response);
    return result;
}

int main(int argc, char **argv)
{
    struct sizes sizes = {0};
    if (argc != 3)
        limit_fail("usage: http PAGE-BYTES LARGE-BYTES");
    sizes.page = strtoul(argv[1], NULL, 10);
    sizes.large = strtoul(argv[2], NULL, 10);
    sizes.bytes = calloc(1, sizes.page + 1);
    if (!sizes.bytes)
        limit_fail("no memory");
    struct MHD_Daemon *daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL,
        answer, &sizes, MHD_OPTION_THREAD_POOL_SIZE, (unsigned)THREADS,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)BLOCK, MHD_OPTION_END);
    if (!daemon)
        limit_fail("libmicrohttpd does not start");
    (void)printf("{\"port\":%u}\n", MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    (void)fflush(stdout);
    while (getchar() != EOF)
        continue;
    MHD_stop_daemon(daemon);
    free(sizes.bytes);
    return 0;
}
