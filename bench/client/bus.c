#include "bench/client/bus.h"

#include "base/clock.h"
#include "base/memory.h"
#include "bench/client/talk.h"
#include "bus/keyring.h"
#include "proto/header.h"
#include "proto/limits.h"

#include <stdlib.h>

enum {
    LINES_MAX = 16,
    IN_FLIGHT_OF_LINE = 8,
    READY_MS = 5000,
    CALL_MS = 30000,
    TIMES_MAX = 1 << 18
};

struct lines {
    struct wire *at[LINES_MAX];
    size_t count;
};

static void must(enum sm_error error, const char *what)
{
    if (error != SM_OK)
        give_up(what, error_name(error));
}

static void lines_open(const struct bus_load *load, struct lines *lines)
{
    struct wire_options options = bus_keys_options(load->keys, WIRE_DEALER);
    options.server_key = bus_keys_public(load->keys, load->server);
    lines->count = (load->in_flight + IN_FLIGHT_OF_LINE - 1) / IN_FLIGHT_OF_LINE;
    for (size_t i = 0; i < lines->count; i++) {
        must(wire_open(bus_keys_clients(load->keys), &options, &lines->at[i]), "bus");
        must(wire_connect(lines->at[i], load->endpoint), "bus");
        for (int64_t end = clock_monotonic_ms() + READY_MS; !wire_can_send(lines->at[i]);)
            if (clock_monotonic_ms() > end)
                give_up("bus", "nobody is there");
    }
}

static void ask(const struct bus_load *load, struct wire *line, struct buffer *message)
{
    struct header header = {
        .operation = (uint16_t)load->operation, .deadline_ms = clock_wall_ms() + CALL_MS};
    uint8_t bytes[HEADER_BYTES];
    must(id_random(&header.request), "bus");
    must(id_random(&header.idempotency), "bus");
    header_write(&header, bytes);
    buffer_clear(message);
    load->next(load->context, message);
    const struct span frames[] = {SPAN(bytes), buffer_span(message)};
    must(wire_send(line, frames, 2), "bus");
}

/* Every answer is followed by the next request on its line. */
static size_t answer_all(const struct bus_load *load, struct wire *line, struct buffer *message)
{
    for (size_t count = 0;; count++) {
        struct wire_message *answer DEFER(wire_message_free) = NULL;
        struct header header;
        enum sm_error error = wire_receive(line, &answer);
        if (error == SM_TIMEOUT)
            return count;
        must(error, "bus");
        must(header_read(wire_frame(answer, 0), &header), "bus");
        must(header.error, "bus answer");
        ask(load, line, message);
    }
}

struct driven bus_load_run(const struct bus_load *load)
{
    struct lines lines = {0};
    struct buffer message DEFER(buffer_free) = BUFFER(BUS_MESSAGE_BYTES_MAX);
    struct driven out = {0};
    static float times[TIMES_MAX];
    lines_open(load, &lines);
    for (size_t i = 0; i < load->in_flight; i++)
        ask(load, lines.at[i % lines.count], &message);
    double begun = drive_now();
    double last = begun;
    while ((out.seconds = drive_now() - begun) < load->seconds) {
        wire_poll(lines.at, lines.count, -1, 1000);
        for (size_t i = 0; i < lines.count; i++)
            out.count += answer_all(load, lines.at[i], &message);
        if (load->in_flight == 1 && out.count > 0 && out.count <= TIMES_MAX)
            times[out.count - 1] = (float)((drive_now() - last) * 1e6);
        last = drive_now();
    }
    if (load->in_flight == 1)
        driven_quantiles(times, &out);
    for (size_t i = 0; i < lines.count; i++)
        wire_close(&lines.at[i]);
    return out;
}
