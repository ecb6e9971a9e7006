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

enum { VARIABLES_MAX = 64, TEXT_BYTES_MAX = 4096 };

static void demand(bool is_true)
{
    if (!is_true)
        abort();
}

/* A _FILE would read whatever file the input names: left out. */
static void set_one(const char *text)
{
    char name[128];
    const char *value = strchr(text, '=');
    size_t size = value ? (size_t)(value - text) : 0;
    if (size == 0 || size > 64 || (size > 5 && strncmp(value - 5, "_FILE", 5) == 0))
        return;
    (void)snprintf(name, sizeof name, "SECURE_MAIL_%.*s", (int)size, text);
    (void)setenv(name, value + 1, 1);
}

static void set_environment(const uint8_t *data, size_t size)
{
    char text[TEXT_BYTES_MAX + 1];
    (void)clearenv();
    for (int i = 0; i < VARIABLES_MAX && size > 0; i++) {
        size_t used = strnlen((const char *)data, size < TEXT_BYTES_MAX ? size : TEXT_BYTES_MAX);
        memcpy(text, data, used);
        text[used] = '\0';
        set_one(text);
        used += used < size;
        data += used;
        size -= used;
    }
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
    struct settings *settings = NULL;
    char *told = NULL;
    size_t told_size = 0;
    if (size == 0)
        return 0;
    enum peer self = peers[data[0] % 5];
    set_environment(data + 1, size - 1);
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
