/*
 * The life of a process. Signals are blocked before the first thread exists, so that every thread
 * inherits that and only sigwait in the main thread sees them; no handler runs anywhere.
 */
#include "runtime/life.h"

#include "base/log.h"
#include "base/process.h"
#include "db/connection.h"
#include "envelope/key_heap.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SERVERS_MAX = 4 };

static const char *const level_words[] = {"debug", "info", "warning", "error"};

/* Before the settings are read: a wrong word is told by settings_load, "info" until then. */
static enum log_level level_wanted(void)
{
    const char *word = getenv("SECURE_MAIL_LOG_LEVEL");
    for (size_t i = 0; word && i < sizeof level_words / sizeof level_words[0]; i++)
        if (strcmp(word, level_words[i]) == 0)
            return (enum log_level)i;
    return LOG_INFO;
}

static void signals_of_the_end(sigset_t *out)
{
    (void)sigemptyset(out);
    (void)sigaddset(out, SIGTERM);
    (void)sigaddset(out, SIGINT);
    (void)sigaddset(out, SIGUSR1); /* from a server that had to stop by itself */
}

enum sm_error life_start(enum peer self)
{
    sigset_t ends;
    log_start(peer_name(self), level_wanted());
    if (process_forbid_dumps() != SM_OK)
        return log_failure("start", SM_IO, "core dumps cannot be switched off");
    if (key_heap_start() != SM_OK)
        return log_failure("start", SM_NO_MEMORY, "there is no memory for private keys");
    signals_of_the_end(&ends);
    (void)signal(SIGPIPE, SIG_IGN);
    return pthread_sigmask(SIG_BLOCK, &ends, NULL) == 0 ? SM_OK : SM_IO;
}

struct running {
    struct bus_server *server;
    pthread_t thread;
    enum sm_error error;
};

static void *serve(void *context)
{
    struct running *running = context;
    running->error = bus_server_run(running->server);
    if (running->error != SM_OK)
        (void)kill(getpid(), SIGUSR1);
    return NULL;
}

static void wait_for_the_end(void)
{
    sigset_t ends;
    int number = 0;
    signals_of_the_end(&ends);
    (void)sigwait(&ends, &number);
    log_line(LOG_INFO, "stopping", "signal", strsignal(number), NULL);
    db_connect_no_more();
}

enum sm_error life_wait(struct bus_server *const *servers, size_t count)
{
    struct running running[SERVERS_MAX] = {0};
    size_t started = 0;
    enum sm_error error = count <= SERVERS_MAX ? SM_OK : SM_TOO_LARGE;
    for (; error == SM_OK && started < count; started++) {
        running[started].server = servers[started];
        if (pthread_create(&running[started].thread, NULL, serve, &running[started]) != 0) {
            error = SM_NO_MEMORY;
            break;
        }
    }
    if (error == SM_OK) {
        log_line(LOG_INFO, "ready", NULL);
        wait_for_the_end();
    }
    for (size_t i = 0; i < started; i++)
        bus_server_stop(running[i].server);
    for (size_t i = 0; i < started; i++) {
        (void)pthread_join(running[i].thread, NULL);
        if (error == SM_OK)
            error = running[i].error;
    }
    return error;
}

int life_end(enum sm_error error)
{
    if (error == SM_OK) {
        log_line(LOG_INFO, "stopped", NULL);
        return 0;
    }
    log_line(LOG_ERROR, "stopped", "error", error_name(error), NULL);
    return 1;
}
