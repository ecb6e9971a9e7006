/*
 * The load client of `make bench`: reads commands from standard input, one a line, and answers each
 * with one line of JSON. So one process keeps what an earlier command made (sessions, messages),
 * and whoever drives it can measure something else in between.
 *
 *     mail PORT EMAIL PASSWORD-FILE CONNINFO MASTER-KEY-FILE code|password   signs in
 *     prepare THREADS COUNT      send THREADS SECONDS      codes      open THREADS SECONDS
 *     list PORT QUERY THREADS SECONDS   get PORT PATH THREADS SECONDS
 *     upload|download|both THREADS COUNT      raw-upload|raw-download PORT COUNT
 *     append KEYS ENDPOINT IN-FLIGHT SECONDS EVENTS-A-CALL ORGANISATION
 *     ping KEYS ENDPOINT IN-FLIGHT SECONDS
 *     nothing KEYS ENDPOINT IN-FLIGHT SECONDS      of a service of its own that listens there
 */
#include "bench/client/bus.h"
#include "bench/client/mail.h"
#include "bench/client/nothing.h"
#include "envelope/chunked.h"
#include "proto/audit.h"
#include "proto/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 8, LINE_BYTES = 2048 };

struct command {
    char *words[WORDS_MAX];
    size_t count;
    struct mail **mail;
};

static const char *word(const struct command *command, size_t i)
{
    if (i >= command->count)
        give_up(command->words[0], "a word is missing");
    return command->words[i];
}

static size_t whole(const struct command *command, size_t i)
{
    return strtoul(word(command, i), NULL, 10);
}

static double seconds(const struct command *command, size_t i)
{
    return strtod(word(command, i), NULL);
}

static struct mail *its_mail(const struct command *command)
{
    if (!*command->mail)
        give_up(command->words[0], "sign in first");
    return *command->mail;
}

/* --- mail --- */

static char *file_line(const char *name)
{
    static char text[256];
    FILE *file = fopen(name, "re");
    if (!file || !fgets(text, sizeof text, file))
        give_up("file", name);
    (void)fclose(file);
    text[strcspn(text, "\n")] = '\0';
    return text;
}

static struct driven on_mail(const struct command *command)
{
    char database[512];
    (void)snprintf(database, sizeof database, "%s", word(command, 4));
    for (char *at = database; *at; at++) /* words are divided by blanks, and so is a conninfo */
        if (*at == ',')
            *at = ' ';
    const struct mail_options options = {.port = (int)whole(command, 1),
        .email = strdup(word(command, 2)),
        .password = strdup(file_line(word(command, 3))),
        .database = strdup(database),
        .master_key_file = strdup(word(command, 5)),
        .is_checked_by_password = strcmp(word(command, 6), "password") == 0};
    if (*command->mail)
        mail_close(*command->mail);
    *command->mail = mail_open(&options);
    return (struct driven){0};
}

static struct driven on_prepare(const struct command *command)
{
    return mail_prepare(its_mail(command), whole(command, 1), whole(command, 2));
}

static struct driven on_send(const struct command *command)
{
    return mail_send(its_mail(command), whole(command, 1), seconds(command, 2));
}

static struct driven on_codes(const struct command *command)
{
    mail_issue_codes(its_mail(command));
    return (struct driven){0};
}

static struct driven on_open(const struct command *command)
{
    return mail_open_links(its_mail(command), whole(command, 1), seconds(command, 2));
}

static struct driven on_transfer(const struct command *command)
{
    const char *name = command->words[0];
    enum transfer_kind kind = strcmp(name, "upload") == 0     ? TRANSFER_UPLOAD
                              : strcmp(name, "download") == 0 ? TRANSFER_DOWNLOAD
                                                              : TRANSFER_BOTH;
    return mail_transfer(its_mail(command), kind, whole(command, 1), whole(command, 2));
}

/* --- plain GET --- */

struct getting {
    int port;
    struct ask ask;
    bool is_dropped; /* the body is not kept */
    size_t left;     /* 0: by time */
};
struct get_hand {
    const struct getting *getting;
    struct talk talk;
    size_t left;
};

static void *get_open(void *context, size_t thread)
{
    const struct getting *getting = context;
    struct get_hand *hand = malloc(sizeof *hand);
    (void)thread;
    if (!hand)
        give_up("get", "no memory");
    *hand = (struct get_hand){getting, talk_open(getting->port), getting->left};
    return hand;
}

static bool get_once(void *state)
{
    struct get_hand *hand = state;
    if (hand->getting->left && hand->left-- == 0)
        return false;
    if (hand->getting->is_dropped)
        (void)talk_ask_and_drop(&hand->talk, &hand->getting->ask);
    else
        talk_ask(&hand->talk, &hand->getting->ask);
    talk_expect(&hand->talk, 200, hand->getting->ask.path);
    return true;
}

static void get_close(void *state)
{
    struct get_hand *hand = state;
    talk_close(&hand->talk);
    free(hand);
}

static struct driven get(struct getting *getting, size_t threads, double time)
{
    return drive(&(struct drive){.threads = threads,
        .seconds = time,
        .context = getting,
        .open = get_open,
        .once = get_once,
        .close = get_close});
}

static struct driven on_get(const struct command *command)
{
    struct getting getting = {
        .port = (int)whole(command, 1), .ask = {.method = "GET", .path = word(command, 2)}};
    return get(&getting, whole(command, 3), seconds(command, 4));
}

static struct driven on_list(const struct command *command)
{
    char path[LINE_BYTES];
    (void)snprintf(path, sizeof path, "/api/v1/messages?%s", word(command, 2));
    struct getting getting = {.port = (int)whole(command, 1),
        .ask = {.method = "GET", .path = path, .headers = mail_cookie(its_mail(command))}};
    return get(&getting, whole(command, 3), seconds(command, 4));
}

/* The same bytes to and from a bare server. */
static struct driven on_raw(const struct command *command)
{
    size_t size = chunked_ciphertext_size(50 * 1000 * 1000);
    bool is_upload = strcmp(command->words[0], "raw-upload") == 0;
    uint8_t *bytes = malloc(size);
    if (!bytes)
        give_up("raw", "no memory");
    memset(bytes, 'x', size);
    struct getting getting = {.port = (int)whole(command, 1),
        .ask = {.method = is_upload ? "POST" : "GET", .path = "/large"},
        .is_dropped = !is_upload,
        .left = whole(command, 2)};
    if (is_upload)
        getting.ask.body = span_of(bytes, size);
    struct driven out = get(&getting, 1, 0);
    free(bytes);
    return out;
}

/* --- the bus --- */

static void next_ping(void *context, struct buffer *message)
{
    const struct operation_rule *rule = catalog_find(OP_PING);
    static const struct ping_request nothing;
    (void)context;
    if (fields_encode(rule->request, &nothing, message) != SM_OK)
        give_up("ping", "cannot be encoded");
}

/* What an append holds. */
struct appending {
    struct id organisation;
    size_t events; /* of one call */
};

/*
 * What events are about. Each message has ten on average, while it is one of the latest (which is
 * some weeks' mail of a hospital), and each has another recipient, in no order.
 */
enum { LATEST = 16 * 1024, EVENTS_OF_EACH = 10, ADDRESS_BYTES = 64 };
struct mailed {
    struct id message, link;
    char address[ADDRESS_BYTES];
};

static void mail_another(struct mailed *mailed)
{
    static uint32_t number;
    if (id_new(&mailed->message) != SM_OK || id_new(&mailed->link) != SM_OK)
        give_up("append", "no random bytes");
    (void)snprintf(mailed->address, sizeof mailed->address, "%08x-patient@example.org",
        (unsigned)(number++ * UINT32_C(2654435761))); /* Knuth, TAOCP 3, 6.4 */
}

static const struct mailed *one_of_the_latest(void)
{
    static struct mailed latest[LATEST];
    static unsigned begun, random = 1;
    random = random * 1664525 + 1013904223; /* Numerical Recipes: which one does not matter */
    struct mailed *one = &latest[(random >> 8) % LATEST];
    if (id_is_none(one->message) || begun++ % EVENTS_OF_EACH == 0)
        mail_another(one);
    return one;
}

/* A message that is opened, as crypto reports it: the event's id is derived, so random. */
static void make_event(
    const struct appending *appending, struct audit_event *event, struct personal_field *personal)
{
    const struct mailed *mailed = one_of_the_latest();
    *personal = (struct personal_field){span_text("recipient"), span_text(mailed->address)};
    *event = (struct audit_event){.organisation = appending->organisation,
        .kind = EVENT_OPENED,
        .at_ms = 1700000000000,
        .actor_class = ACTOR_RECIPIENT,
        .actor = mailed->link,
        .message = mailed->message,
        .link = mailed->link,
        .personal = {personal, 1}};
    if (id_random(&event->event) != SM_OK)
        give_up("append", "no random bytes");
}

static void next_append(void *context, struct buffer *message)
{
    static struct audit_event events[AUDIT_BATCH_MAX];
    static struct personal_field personal[AUDIT_BATCH_MAX];
    const struct appending *appending = context;
    for (size_t i = 0; i < appending->events; i++)
        make_event(appending, &events[i], &personal[i]);
    const struct append_request request = {.events = {events, appending->events}};
    if (fields_encode(catalog_find(OP_APPEND)->request, &request, message) != SM_OK)
        give_up("append", "cannot be encoded");
}

static struct bus_keys *keys_of(const struct command *command, enum peer self)
{
    static struct bus_keys *loaded[PEERS_ALL + 1];
    struct bus_keys **own = &loaded[self];
    if (!*own && bus_keys_load(word(command, 1), self, own) != SM_OK)
        give_up("keys", word(command, 1));
    return *own;
}

static struct driven on_ping(const struct command *command)
{
    return bus_load_run(&(struct bus_load){.keys = keys_of(command, PEER_GATEWAY),
        .server = PEER_CRYPTO,
        .endpoint = word(command, 2),
        .operation = OP_PING,
        .next = next_ping,
        .in_flight = whole(command, 3),
        .seconds = seconds(command, 4)});
}

static struct driven on_nothing(const struct command *command)
{
    return nothing_run(keys_of(command, PEER_NOTIFIER), keys_of(command, PEER_CRYPTO),
        word(command, 2), whole(command, 3), seconds(command, 4));
}

/* Counts events, not calls. */
static struct driven on_append(const struct command *command)
{
    struct appending appending = {.events = whole(command, 5)};
    if (appending.events < 1 || appending.events > AUDIT_BATCH_MAX ||
        id_parse(span_text(word(command, 6)), &appending.organisation) != SM_OK)
        give_up("append", "1 to 256 events, and an organisation");
    struct driven driven = bus_load_run(&(struct bus_load){.keys = keys_of(command, PEER_CRYPTO),
        .server = PEER_AUDIT,
        .endpoint = word(command, 2),
        .operation = OP_APPEND,
        .next = next_append,
        .context = &appending,
        .in_flight = whole(command, 3),
        .seconds = seconds(command, 4)});
    driven.count *= appending.events;
    return driven;
}

/* --- the commands --- */

static const struct {
    const char *name;
    struct driven (*run)(const struct command *command);
} commands[] = {
    {"mail", on_mail},
    {"prepare", on_prepare},
    {"send", on_send},
    {"codes", on_codes},
    {"open", on_open},
    {"list", on_list},
    {"get", on_get},
    {"upload", on_transfer},
    {"download", on_transfer},
    {"both", on_transfer},
    {"raw-upload", on_raw},
    {"raw-download", on_raw},
    {"append", on_append},
    {"ping", on_ping},
    {"nothing", on_nothing},
};

static void obey(const struct command *command)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(command->words[0], commands[i].name) == 0) {
            struct driven driven = commands[i].run(command);
            driven_print(commands[i].name, &driven);
            return;
        }
    give_up(command->words[0], "no such command");
}

int main(void)
{
    char line[LINE_BYTES];
    struct mail *mail = NULL;
    while (fgets(line, sizeof line, stdin)) {
        struct command command = {.mail = &mail};
        char *rest = NULL;
        for (char *at = strtok_r(line, " \n", &rest); at && command.count < WORDS_MAX;
             at = strtok_r(NULL, " \n", &rest))
            command.words[command.count++] = at;
        if (command.count)
            obey(&command);
    }
    if (mail)
        mail_close(mail);
    return 0;
}
