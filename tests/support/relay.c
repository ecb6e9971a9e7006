/* The development SMTP server as a child process, spoken to in JSON lines. */
#include "tests/support/relay.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/memory.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { LINE_BYTES_MAX = 64 * 1024, START_TIMEOUT_MS = 60000, ANSWER_TIMEOUT_MS = 30000 };

struct test_relay {
    pid_t child;
    int to, from;
    char folder[64];
    char url[64], ca_file[128];
    struct buffer password, waiting, line, content;
};

/* --- lines --- */

/* Moves the first whole line of what came into `line`. */
static bool take_line(struct test_relay *relay)
{
    struct span came = buffer_span(&relay->waiting);
    const uint8_t *end = came.size ? memchr(came.at, '\n', came.size) : NULL;
    if (!end)
        return false;
    size_t size = (size_t)(end - came.at);
    struct buffer rest = BUFFER(LINE_BYTES_MAX);
    buffer_clear(&relay->line);
    if (buffer_append(&relay->line, span_slice(came, 0, size)) != SM_OK ||
        buffer_append(&rest, span_slice(came, size + 1, came.size)) != SM_OK)
        return false;
    buffer_free(&relay->waiting);
    relay->waiting = rest;
    return true;
}

static enum sm_error next_line(struct test_relay *relay, int timeout_ms, const char **line)
{
    int64_t end = clock_monotonic_ms() + timeout_ms;
    while (!take_line(relay)) {
        uint8_t bytes[4096];
        struct pollfd from = {.fd = relay->from, .events = POLLIN};
        int64_t left = end - clock_monotonic_ms();
        if (left <= 0 || poll(&from, 1, (int)left) == 0)
            return SM_TIMEOUT;
        ssize_t got = read(relay->from, bytes, sizeof bytes);
        if (got <= 0)
            return SM_IO;
        TRY(buffer_append(&relay->waiting, span_of(bytes, (size_t)got)));
    }
    return buffer_text(&relay->line, line);
}

/* The next line whose event is `event`; others are passed over. */
static enum sm_error next_event(
    struct test_relay *relay, const char *event, int timeout_ms, const char **line)
{
    int64_t end = clock_monotonic_ms() + timeout_ms;
    for (;;) {
        int64_t left = end - clock_monotonic_ms();
        TRY(next_line(relay, left > 0 ? (int)left : 0, line));
        if (span_equals_text(test_relay_member(*line, "event"), event))
            return SM_OK;
    }
}

struct span test_relay_member(const char *line, const char *name)
{
    char key[64];
    (void)snprintf(key, sizeof key, "\"%s\":\"", name);
    const char *at = strstr(line, key);
    if (!at)
        return span_of(NULL, 0);
    at += strlen(key);
    return span_of(at, strcspn(at, "\""));
}

/* --- files --- */

static enum sm_error read_file(const char *path, struct buffer *out)
{
    uint8_t bytes[4096];
    FILE *file = fopen(path, "r");
    if (!file)
        return SM_IO;
    size_t got;
    enum sm_error error = SM_OK;
    while (error == SM_OK && (got = fread(bytes, 1, sizeof bytes, file)) > 0)
        error = buffer_append(out, span_of(bytes, got));
    (void)fclose(file);
    return error;
}

static enum sm_error read_facts(struct test_relay *relay, const char *listening)
{
    char path[128];
    const char *port = strstr(listening, "\"port\":");
    if (!port)
        return SM_IO;
    (void)snprintf(relay->url, sizeof relay->url, "smtp://127.0.0.1:%ld",
        strtol(port + strlen("\"port\":"), NULL, 10));
    (void)snprintf(relay->ca_file, sizeof relay->ca_file, "%s/keys/smtp-ca.pem", relay->folder);
    (void)snprintf(path, sizeof path, "%s/keys/smtp-password", relay->folder);
    TRY(read_file(path, &relay->password));
    buffer_truncate(&relay->password, relay->password.size - 1); /* the end of the line */
    return SM_OK;
}

/* --- the process --- */

static enum sm_error spawn_server(struct test_relay *relay)
{
    int in[2], out[2];
    char mail[128], keys[128];
    (void)snprintf(mail, sizeof mail, "%s/mail", relay->folder);
    (void)snprintf(keys, sizeof keys, "%s/keys", relay->folder);
    const char *const command[] = {
        "node", "dev/smtp-server.mjs", "--port", "0", "--mail", mail, "--keys", keys, NULL};
    if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
        return SM_IO;
    posix_spawn_file_actions_t actions;
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    (void)posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    char *const *arguments = (char *const *)(uintptr_t)command;
    int failed = posix_spawnp(&relay->child, command[0], &actions, NULL, arguments, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)close(in[0]);
    (void)close(out[1]);
    relay->to = in[1];
    relay->from = out[0];
    return failed ? SM_IO : SM_OK;
}

enum sm_error test_relay_start(struct test_relay **out)
{
    const char *line;
    struct test_relay *relay DEFER(test_relay_stop) = calloc(1, sizeof *relay);
    if (!relay)
        return SM_NO_MEMORY;
    relay->to = relay->from = -1;
    relay->password = relay->waiting = relay->line = BUFFER(LINE_BYTES_MAX);
    relay->content = BUFFER(1024 * 1024);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)snprintf(relay->folder, sizeof relay->folder, "/tmp/securemail-relay-XXXXXX");
    if (!mkdtemp(relay->folder))
        return SM_IO;
    TRY(spawn_server(relay));
    if (next_event(relay, "listening", START_TIMEOUT_MS, &line) != SM_OK) {
        (void)fprintf(stderr, "dev/smtp-server.mjs does not start (npm ci?)\n");
        return SM_IO;
    }
    TRY(read_facts(relay, line));
    *out = TAKE(relay);
    return SM_OK;
}

static void remove_folder(const char *folder)
{
    pid_t child;
    const char *const command[] = {"rm", "-rf", folder, NULL};
    char *const *arguments = (char *const *)(uintptr_t)command;
    if (posix_spawnp(&child, command[0], NULL, NULL, arguments, environ) == 0)
        (void)waitpid(child, NULL, 0);
}

void test_relay_stop(struct test_relay **relay)
{
    struct test_relay *stopped = *relay;
    if (!stopped)
        return;
    if (stopped->to >= 0)
        (void)close(stopped->to); /* it ends with its input */
    if (stopped->child > 0)
        (void)waitpid(stopped->child, NULL, 0);
    if (stopped->from >= 0)
        (void)close(stopped->from);
    remove_folder(stopped->folder);
    buffer_free(&stopped->password);
    buffer_free(&stopped->waiting);
    buffer_free(&stopped->line);
    buffer_free(&stopped->content);
    free(stopped);
    *relay = NULL;
}

const char *test_relay_url(const struct test_relay *relay)
{
    return relay->url;
}

const char *test_relay_ca_file(const struct test_relay *relay)
{
    return relay->ca_file;
}

const char *test_relay_user(void)
{
    return "secure-mail";
}

struct span test_relay_password(const struct test_relay *relay)
{
    return buffer_span(&relay->password);
}

enum sm_error test_relay_behave(struct test_relay *relay, const char *name)
{
    char command[64];
    const char *line;
    int size = snprintf(command, sizeof command, "behave %s\n", name);
    if (write(relay->to, command, (size_t)size) != size)
        return SM_IO;
    return next_event(relay, "behaves", ANSWER_TIMEOUT_MS, &line);
}

enum sm_error test_relay_next_mail(struct test_relay *relay, int timeout_ms, const char **line)
{
    return next_event(relay, "mail", timeout_ms, line);
}

enum sm_error test_relay_content(struct test_relay *relay, const char *line, struct span *out)
{
    char path[256];
    struct span file = test_relay_member(line, "file");
    (void)snprintf(path, sizeof path, "%s/mail/%.*s", relay->folder, SPAN_PRINT(file));
    buffer_clear(&relay->content);
    TRY(read_file(path, &relay->content));
    *out = buffer_span(&relay->content);
    return SM_OK;
}
