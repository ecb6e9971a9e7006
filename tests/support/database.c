/*
 * Databases for tests, through tests/support/cluster and psql: the programs under test have
 * lib/db, and what stands here must not depend on it. SQL goes through a pipe, so that a quote in
 * it needs no care.
 */
#include "tests/support/database.h"

#include "base/buffer.h"
#include "base/memory.h"

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { OUTPUT_BYTES_MAX = 64 * 1024 };

struct child {
    pid_t process; /* 0: none */
    int socket;    /* its standard input and output */
};

struct database {
    char name[48];
    char socket[128];
    struct child psql; /* started by the first SQL, gone after an error */
};

/* --- child processes --- */

/* Starts `command` with `socket` as its standard input and output. */
static enum sm_error start(const char *const command[], int socket, pid_t *out)
{
    posix_spawn_file_actions_t actions;
    char *const *arguments = (char *const *)(uintptr_t)command;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, socket, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, socket, STDOUT_FILENO);
    int error = posix_spawnp(out, command[0], &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    return error ? SM_IO : SM_OK;
}

static enum sm_error start_connected(const char *const command[], struct child *out)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
        return SM_IO;
    enum sm_error error = start(command, ends[1], &out->process);
    (void)close(ends[1]);
    if (error == SM_OK)
        out->socket = ends[0];
    else
        (void)close(ends[0]);
    return error;
}

static enum sm_error finish(struct child *child)
{
    int status;
    (void)close(child->socket);
    pid_t process = child->process;
    *child = (struct child){0};
    if (waitpid(process, &status, 0) != process)
        return SM_IO;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? SM_OK : SM_DATABASE;
}

/* Reads until `ending` is the end of what came (it is cut off), or the child's output ends. */
static enum sm_error read_until(struct child *child, const char *ending, struct buffer *out)
{
    uint8_t bytes[4096];
    size_t size = strlen(ending);
    for (ssize_t got; (got = read(child->socket, bytes, sizeof bytes)) > 0;) {
        TRY(buffer_append(out, span_of(bytes, (size_t)got)));
        struct span tail = span_slice(buffer_span(out), out->size - size, size);
        if (size && out->size >= size && span_equals_text(tail, ending)) {
            buffer_truncate(out, out->size - size);
            return SM_OK;
        }
    }
    return size ? SM_IO : SM_OK;
}

/* --- the cluster --- */

static enum sm_error cluster(const char *verb, const char *name, struct buffer *out)
{
    struct child child = {0};
    TRY(start_connected((const char *const[]){"tests/support/cluster", verb, name, NULL}, &child));
    TRY(read_until(&child, "", out));
    return finish(&child);
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
    if ((*database)->psql.process)
        (void)finish(&(*database)->psql);
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

/* --- SQL --- */

static enum sm_error start_psql(struct database *database)
{
    struct database_conninfo conninfo = database_conninfo(database, "postgres");
    return start_connected((const char *const[]){"psql", "-X", "-q", "-A", "-t", "-v",
                               "ON_ERROR_STOP=1", conninfo.text, NULL},
        &database->psql);
}

/* One psql serves all; it ends at an error, which is how an error is noticed. The mark comes by a
 * query, because psql flushes after queries. */
static enum sm_error query(struct database *database, const char *sql, struct buffer *out)
{
    struct buffer input DEFER(buffer_free) = BUFFER(OUTPUT_BYTES_MAX);
    if (!database->psql.process)
        TRY(start_psql(database));
    TRY(buffer_format(&input, "%s\n;\nSELECT 'that is all';\n", sql));
    ssize_t sent = send(database->psql.socket, input.bytes, input.size, MSG_NOSIGNAL);
    if (sent == (ssize_t)input.size && read_until(&database->psql, "that is all\n", out) == SM_OK)
        return SM_OK;
    (void)finish(&database->psql);
    return SM_DATABASE;
}

enum sm_error database_run(struct database *database, const char *sql)
{
    struct buffer output DEFER(buffer_free) = BUFFER(OUTPUT_BYTES_MAX);
    return query(database, sql, &output);
}

enum sm_error database_number(struct database *database, const char *sql, int64_t *out)
{
    struct buffer output DEFER(buffer_free) = BUFFER(OUTPUT_BYTES_MAX);
    const char *text;
    TRY(query(database, sql, &output));
    TRY(buffer_text(&output, &text));
    *out = strtoll(text, NULL, 10);
    return SM_OK;
}

enum sm_error database_clock_shift(struct database *database, int64_t seconds)
{
    char sql[256];
    (void)snprintf(sql, sizeof sql,
        "CREATE OR REPLACE FUNCTION clock.now() RETURNS timestamptz LANGUAGE sql STABLE AS "
        "'SELECT clock_timestamp() + make_interval(secs => %lld)'",
        (long long)seconds);
    return database_run(database, sql);
}
