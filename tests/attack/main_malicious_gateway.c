/*
 * A gateway that was taken over, as far as the bus is concerned: it has the stolen keys of one
 * peer and says whatever its standard input tells it to. Also a stranger with keys of his own, and
 * somebody without any. The tests of tests/attack think; this only has the mouth.
 *
 *     malicious_gateway KEYS-FOLDER gateway|crypto|...|stranger|keyless SERVICE=ENDPOINT ...
 *
 *     knock SERVICE                                  accepted | refused | pending
 *     ask SERVICE OPERATION IDEMPOTENCY FIELDS       ok BYTES | error WORD | silence
 *     say SERVICE FRAME FRAME ...                    the same, of frames made by hand
 *     throw SERVICE OPERATION IDEMPOTENCY FIELDS N   thrown: asked N times at once, heard by nobody
 *
 * OPERATION is a number; IDEMPOTENCY, FIELDS, frames and BYTES are base64url, or "=" for none. A
 * line that begins with "?" is this program's own complaint.
 */
#include "base/clock.h"
#include "base/encode.h"
#include "base/memory.h"
#include "bus/keyring.h"
#include "proto/header.h"
#include "proto/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SERVICES_MAX = 6,
    WORDS_MAX = 8,
    LINE_BYTES_MAX = 8 * 1024 * 1024,
    CONNECT_MS = 3000,
    ANSWER_MS = 25 * 1000, /* longer than a handler waits for the log */
    SILENCE_MS = 1500,     /* of frames that no service answers */
    STEP_MS = 20,
};

struct target {
    enum peer service;
    const char *endpoint;
    struct wire *wire;
};

struct mouth {
    struct bus_keys *keys;
    struct wire_options identity;
    uint8_t own_public[WIRE_KEY_BYTES], own_secret[WIRE_KEY_BYTES]; /* a stranger's */
    struct target targets[SERVICES_MAX];
    size_t targets_count;
};

/* --- who it is, and whom it can reach --- */

static enum sm_error become(struct mouth *mouth, const char *folder, const char *who)
{
    bool is_stranger = strcmp(who, "stranger") == 0;
    bool is_keyless = strcmp(who, "keyless") == 0;
    enum peer peer = is_stranger || is_keyless ? PEER_GATEWAY : peer_from_name(span_text(who));
    TRY(bus_keys_load(folder, peer, &mouth->keys));
    mouth->identity = bus_keys_options(mouth->keys, WIRE_DEALER);
    if (is_keyless)
        mouth->identity.public_key = mouth->identity.secret_key = NULL;
    if (!is_stranger)
        return SM_OK;
    mouth->identity.public_key = mouth->own_public;
    mouth->identity.secret_key = mouth->own_secret;
    return wire_key_pair(mouth->own_public, mouth->own_secret);
}

static bool add_target(struct mouth *mouth, char *argument)
{
    char *equals = strchr(argument, '=');
    if (!equals || mouth->targets_count == SERVICES_MAX)
        return false;
    *equals = '\0';
    mouth->targets[mouth->targets_count++] =
        (struct target){.service = peer_from_name(span_text(argument)), .endpoint = equals + 1};
    return true;
}

static struct target *target_of(struct mouth *mouth, const char *name)
{
    enum peer service = peer_from_name(span_text(name));
    for (size_t i = 0; i < mouth->targets_count; i++)
        if (mouth->targets[i].service == service)
            return &mouth->targets[i];
    return NULL;
}

static struct wire_options options_for(const struct mouth *mouth, const struct target *target)
{
    struct wire_options options = mouth->identity;
    if (options.public_key)
        options.server_key = bus_keys_public(mouth->keys, target->service);
    return options;
}

/* SM_UNAVAILABLE: nobody lets it in. */
static enum sm_error reach(struct mouth *mouth, struct target *target)
{
    struct wire_options options = options_for(mouth, target);
    if (!target->wire) {
        TRY(wire_open(bus_keys_clients(mouth->keys), &options, &target->wire));
        TRY(wire_connect(target->wire, target->endpoint));
    }
    for (int64_t end = clock_monotonic_ms() + CONNECT_MS; clock_monotonic_ms() < end;) {
        if (wire_can_send(target->wire))
            return SM_OK;
        wire_poll(&target->wire, 1, -1, STEP_MS);
    }
    return SM_UNAVAILABLE;
}

/* --- saying and hearing --- */

static void print_bytes(const char *word, struct span bytes)
{
    struct buffer text DEFER(buffer_free) = BUFFER(LINE_BYTES_MAX);
    if (base64url_encode(bytes, &text) != SM_OK)
        return;
    printf("%s %.*s\n", word, text.size ? (int)text.size : 1, text.size ? (char *)text.bytes : "=");
}

static void print_answer(struct wire_message *answer)
{
    struct header header;
    if (header_read(wire_frame(answer, 0), &header) != SM_OK)
        print_bytes("unreadable", wire_frame(answer, 0));
    else if (header.error != SM_OK)
        printf("error %s\n", error_name(header.error));
    else
        print_bytes("ok", wire_frame(answer, 1));
}

static void hear(struct target *target, int64_t patience_ms)
{
    for (int64_t end = clock_monotonic_ms() + patience_ms; clock_monotonic_ms() < end;) {
        struct wire_message *answer DEFER(wire_message_free) = NULL;
        if (wire_receive(target->wire, &answer) == SM_OK) {
            print_answer(answer);
            return;
        }
        wire_poll(&target->wire, 1, -1, STEP_MS);
    }
    puts("silence");
}

static void converse(struct mouth *mouth, struct target *target, const struct span *frames,
    size_t count, int64_t patience_ms)
{
    enum sm_error error = reach(mouth, target);
    if (error == SM_OK)
        error = wire_send(target->wire, frames, count);
    if (error == SM_OK)
        hear(target, patience_ms);
    else
        printf("unreached %s\n", error_name(error));
}

/* --- the verbs --- */

static enum sm_error spelt(const char *text, struct buffer *out)
{
    return strcmp(text, "=") == 0 ? SM_OK : base64url_decode(span_text(text), out);
}

static enum sm_error on_knock(struct mouth *mouth, struct target *target, char **words)
{
    static const char *const names[] = {"pending", "accepted", "refused"};
    struct wire_options options = options_for(mouth, target);
    struct wire *wire DEFER(wire_close) = NULL;
    enum handshake outcome = HANDSHAKE_PENDING;
    (void)words;
    TRY(wire_open(bus_keys_clients(mouth->keys), &options, &wire));
    TRY(wire_try_handshake(
        bus_keys_clients(mouth->keys), wire, target->endpoint, CONNECT_MS, &outcome));
    puts(names[outcome]);
    return SM_OK;
}

struct question {
    uint8_t header[HEADER_BYTES];
    struct buffer fields;
};

/* Of OPERATION, IDEMPOTENCY and FIELDS; each is a new request. */
static enum sm_error make_question(char **words, struct question *out)
{
    struct header header = {.operation = (uint16_t)strtoul(words[0], NULL, 0),
        .deadline_ms = clock_wall_ms() + ANSWER_MS};
    struct buffer key DEFER(buffer_free) = BUFFER(ID_BYTES);
    TRY(spelt(words[1], &key));
    TRY(spelt(words[2], &out->fields));
    TRY(id_random(&header.request));
    if (key.size)
        TRY(id_from_bytes(buffer_span(&key), &header.idempotency));
    header_write(&header, out->header);
    return SM_OK;
}

static enum sm_error on_ask(struct mouth *mouth, struct target *target, char **words)
{
    struct question question = {.fields = BUFFER(LINE_BYTES_MAX)};
    struct buffer *fields DEFER(buffer_release) = &question.fields;
    TRY(make_question(words, &question));
    const struct span frames[] = {SPAN(question.header), buffer_span(fields)};
    converse(mouth, target, frames, 2, ANSWER_MS);
    return SM_OK;
}

/* A full pipe is one that the service has not read yet. */
static enum sm_error throw_one(struct target *target, char **words)
{
    struct question question = {.fields = BUFFER(LINE_BYTES_MAX)};
    struct buffer *fields DEFER(buffer_release) = &question.fields;
    TRY(make_question(words, &question));
    const struct span frames[] = {SPAN(question.header), buffer_span(fields)};
    enum sm_error error = SM_BUSY;
    for (int64_t end = clock_monotonic_ms() + CONNECT_MS; clock_monotonic_ms() < end;) {
        error = wire_send(target->wire, frames, 2);
        if (error != SM_BUSY)
            break;
        wire_poll(&target->wire, 1, -1, STEP_MS);
    }
    return error;
}

static enum sm_error on_throw(struct mouth *mouth, struct target *target, char **words)
{
    TRY(reach(mouth, target));
    for (unsigned long left = strtoul(words[3], NULL, 0); left > 0; left--)
        TRY(throw_one(target, words));
    puts("thrown");
    return SM_OK;
}

static enum sm_error on_say(struct mouth *mouth, struct target *target, char **words)
{
    struct buffer made[WORDS_MAX];
    struct span frames[WORDS_MAX];
    size_t count = 0;
    enum sm_error error = SM_OK;
    for (; error == SM_OK && count < WORDS_MAX && words[count]; count++) {
        made[count] = BUFFER(LINE_BYTES_MAX);
        error = spelt(words[count], &made[count]);
        frames[count] = buffer_span(&made[count]);
    }
    if (error == SM_OK)
        converse(mouth, target, frames, count, SILENCE_MS);
    for (size_t i = 0; i < count; i++)
        buffer_free(&made[i]);
    return error;
}

static const struct {
    const char *name;
    size_t words_min;
    enum sm_error (*run)(struct mouth *mouth, struct target *target, char **words);
} verbs[] = {
    {"knock", 0, on_knock},
    {"ask", 3, on_ask},
    {"say", 1, on_say},
    {"throw", 4, on_throw},
};

static void obey(struct mouth *mouth, char *line)
{
    char *words[WORDS_MAX + 3] = {NULL};
    char *rest = NULL;
    size_t count = 0;
    for (char *word = strtok_r(line, " \n", &rest); word && count < WORDS_MAX + 2;
         word = strtok_r(NULL, " \n", &rest))
        words[count++] = word;
    struct target *target = count > 1 ? target_of(mouth, words[1]) : NULL;
    for (size_t i = 0; target && i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(words[0], verbs[i].name) != 0 || count < 2 + verbs[i].words_min)
            continue;
        enum sm_error error = verbs[i].run(mouth, target, &words[2]);
        if (error != SM_OK)
            printf("? %s\n", error_name(error));
        return;
    }
    puts("? not understood");
}

int main(int count, char **arguments)
{
    struct mouth mouth = {0};
    char *line = NULL;
    size_t room = 0;
    if (count < 3 || become(&mouth, arguments[1], arguments[2]) != SM_OK) {
        (void)fputs("usage: malicious_gateway KEYS-FOLDER IDENTITY SERVICE=ENDPOINT ...\n", stderr);
        return 2;
    }
    for (int i = 3; i < count; i++)
        if (!add_target(&mouth, arguments[i]))
            return 2;
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    while (getline(&line, &room, stdin) > 0)
        obey(&mouth, line);
    free(line);
    for (size_t i = 0; i < mouth.targets_count; i++)
        wire_close(&mouth.targets[i].wire);
    bus_keys_free(&mouth.keys);
    return 0;
}
