/*
 * A hostile environment as configuration: it is taken or refused, a number that was taken is in its
 * range, and what is told on standard error is lines of printable letters: no value ends one or
 * moves a terminal.
 *
 * Input: a byte for the service, then NAME=VALUE, parted by NUL; SECURE_MAIL_ stands before each.
 */
#include "runtime/settings.h"
#include "runtime/settings_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern char **environ;

enum {
    VARIABLES_MAX = 64,
    NAME_BYTES_MAX = 64,
    TEXT_BYTES_MAX = 4096,
    ENVIRONMENT_BYTES = VARIABLES_MAX * (TEXT_BYTES_MAX + 16),
};

static void demand(bool is_true)
{
    if (!is_true)
        abort();
}

/* setenv() would keep every value that there ever was. */
struct environment {
    char *variables[VARIABLES_MAX + 1];
    char text[ENVIRONMENT_BYTES];
    size_t count, used;
};

/* A _FILE would read whatever file the input names: left out. */
static bool is_taken(struct span text)
{
    const uint8_t *value = text.size ? memchr(text.at, '=', text.size) : NULL;
    size_t size = value ? (size_t)(value - text.at) : 0;
    return size > 0 && size <= NAME_BYTES_MAX &&
           (size <= 5 || memcmp(text.at + size - 5, "_FILE", 5) != 0);
}

static void add(struct environment *environment, struct span text)
{
    char *at = environment->text + environment->used;
    size_t room = sizeof environment->text - environment->used;
    size_t used = (size_t)snprintf(at, room, "SECURE_MAIL_%.*s", SPAN_PRINT(text)) + 1;
    demand(used <= room);
    environment->variables[environment->count++] = at;
    environment->used += used;
}

static void set_environment(struct span input, struct environment *environment)
{
    environment->count = environment->used = 0;
    while (input.size > 0 && environment->count < VARIABLES_MAX) {
        size_t size = strnlen((const char *)input.at, input.size);
        struct span text = span_slice(input, 0, size);
        if (text.size <= TEXT_BYTES_MAX && is_taken(text))
            add(environment, text);
        input = span_slice(input, size < input.size ? size + 1 : size, input.size);
    }
    environment->variables[environment->count] = NULL;
    environ = environment->variables;
}

static void check_told(const char *told)
{
    demand(!*told || told[strlen(told) - 1] == '\n');
    for (const char *at = told; *at; at++)
        demand(*at == '\n' || ((unsigned char)*at >= 0x20 && *at != 0x7f));
}

static void check_numbers(const struct settings *settings, enum peer self)
{
    for (size_t i = 0; i < settings_table_count; i++) {
        const struct setting_row *row = &settings_table[i];
        if (!(row->users & (unsigned)self) || row->kind != SETTING_IS_NUMBER)
            continue;
        int64_t number = settings_number(settings, row->setting);
        demand(number >= row->least && number <= row->most);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum peer peers[] = {
        PEER_GATEWAY, PEER_CRYPTO, PEER_NOTIFIER, PEER_RETENTION, PEER_AUDIT};
    static struct environment environment;
    struct settings *settings = NULL;
    char *told = NULL;
    size_t told_size = 0;
    if (size == 0)
        return 0;
    enum peer self = peers[data[0] % 5];
    set_environment(span_of(data + 1, size - 1), &environment);
    FILE *before = stderr;
    stderr = open_memstream(&told, &told_size);
    demand(stderr != NULL);
    enum sm_error error = settings_load(self, &settings);
    (void)fclose(stderr);
    stderr = before;
    check_told(told);
    demand(error == SM_OK || told_size > 0);
    if (error == SM_OK)
        check_numbers(settings, self);
    settings_free(&settings);
    free(told);
    return 0;
}
