/*
 * Databases for tests, through tests/support/cluster and psql: the programs under test have
 * lib/db, and what stands here must not depend on it. SQL goes through a pipe, so that a quote in
 * it needs no care.
 */
#include "tests/support/database.h"

#include "base/buffer.h"
#include "base/memory.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { OUTPUT_BYTES_MAX = 64 * 1024 };

struct database {
    char name[48];
    char socket[128];
};

/* --- one child process: text in, text out --- */

static enum sm_error finish(pid_t child)
{
    int status;
    if (waitpid(child, &status, 0) != child)
        return SM_IO;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? SM_OK : SM_DATABASE;
}

static enum sm_error collect(int from, struct buffer *out)
{
    uint8_t bytes[4096];
    for (ssize_t got; (got = read(from, bytes, sizeof bytes)) > 0;)
        TRY(buffer_append(out, span_of(bytes, (size_t)got)));
    return SM_OK;
}

/* Runs `command` with `input` (a few kilobytes: it fits the pipe) as its standard input. */
static enum sm_error run(const char *const command[], const char *input, struct buffer *out)
{
    int in[2];
    int back[2];
    if (pipe2(in, O_CLOEXEC) || pipe2(back, O_CLOEXEC))
        return SM_IO;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, back[1], STDOUT_FILENO);
    pid_t child;
    char *const *arguments = (char *const *)(uintptr_t)command;
    int spawned = posix_spawnp(&child, command[0], &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    (void)close(in[0]);
    (void)close(back[1]);
    size_t size = strlen(input);
    bool is_written = !spawned && write(in[1], input, size) == (ssize_t)size;
    (void)close(in[1]);
    enum sm_error error = spawned ? SM_IO : collect(back[0], out);
    (void)close(back[0]);
    if (spawned)
        return SM_IO;
    TRY(finish(child));
    return is_written ? error : SM_IO;
}

/* --- the database --- */

static enum sm_error cluster(const char *verb, const char *name, struct buffer *out)
{
    return run((const char *const[]){"tests/support/cluster", verb, name, NULL}, "", out);
}

enum sm_error database_new(struct database **out)
{
    struct database *database DEFER(memory_free) = calloc(1, sizeof *database);
    struct buffer output DEFER(buffer_free) = BUFFER(OUTPUT_BYTES_MAX);
    if (!database)
        return SM_NO_MEMORY;
    (void)snprintf(database->name, sizeof database->name, "test_%ld_%lx", (long)getpid(),
        (unsigned long)(uintptr_t)database & 0xffffffff);
    TRY(cluster("create", database->name, &output));
    if (output.size < 2 || output.size > sizeof database->socket)
        return SM_BAD_FORMAT;
    memcpy(database->socket, output.bytes, output.size - 1); /* without the line's end */
    *out = TAKE(database);
    return SM_OK;
}

void database_free(struct database **database)
{
    if (!*database)
        return;
    struct buffer output DEFER(buffer_free) = BUFFER(OUTPUT_BYTES_MAX);
    if (cluster("drop", (*database)->name, &output) != SM_OK)
        (void)fprintf(stderr, "database %s is left behind\n", (*database)->name);
    free(*database);
    *database = NULL;
}

struct database_conninfo database_conninfo(const struct database *database, const char *role)
{
    struct database_conninfo conninfo;
    (void)snprintf(conninfo.text, sizeof conninfo.text, "host=%s dbname=%s user=%s",
        database->socket, database->name, role);
    return conninfo;
}

static enum sm_error query(const struct database *database, const char *sql, struct buffer *out)
{
    struct database_conninfo conninfo = database_conninfo(database, "postgres");
    return run((const char *const[]){"psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1",
                   conninfo.text, NULL},
        sql, out);
}

enum sm_error database_run(const struct database *database, const char *sql)
{
    struct buffer output DEFER(buffer_free) = BUFFER(OUTPUT_BYTES_MAX);
    return query(database, sql, &output);
}

enum sm_error database_number(const struct database *database, const char *sql, int64_t *out)
{
    struct buffer output DEFER(buffer_free) = BUFFER(OUTPUT_BYTES_MAX);
    const char *text;
    TRY(query(database, sql, &output));
    TRY(buffer_text(&output, &text));
    *out = strtoll(text, NULL, 10);
    return SM_OK;
}

enum sm_error database_clock_shift(const struct database *database, int64_t seconds)
{
    char sql[256];
    (void)snprintf(sql, sizeof sql,
        "CREATE OR REPLACE FUNCTION clock.now() RETURNS timestamptz LANGUAGE sql STABLE AS "
        "'SELECT clock_timestamp() + make_interval(secs => %lld)'",
        (long long)seconds);
    return database_run(database, sql);
}
