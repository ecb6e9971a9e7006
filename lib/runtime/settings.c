/*
 * The configuration table and its reader. A fault is told in one line that names the variable, the
 * reason and the remedy; all faults are told before the program stops, so that one start shows
 * them.
 */
#include "runtime/settings.h"

#include "base/buffer.h"
#include "base/memory.h"
#include "runtime/settings_table.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { VALUE_BYTES_MAX = 4096, NAME_BYTES_MAX = 64, LINE_BYTES_MAX = 1024 };

struct settings {
    enum peer self;
    char *texts[SETTING_COUNT]; /* owned; NULL: this service does not use it, or it is forgotten */
    int64_t numbers[SETTING_COUNT];
};

/* One line; a value that it quotes can neither end it nor move the terminal. */
static void fault(const char *name, const char *reason, const char *remedy)
{
    char line[LINE_BYTES_MAX];
    (void)snprintf(line, sizeof line, "configuration: %s %s. %s", name, reason, remedy);
    for (char *letter = line; *letter; letter++)
        if ((unsigned char)*letter < 0x20 || *letter == 0x7f)
            *letter = '?';
    (void)fprintf(stderr, "%s\n", line);
}

static void forget(char **text)
{
    if (*text)
        explicit_bzero(*text, strlen(*text));
    memory_free(text);
}

/* --- where a value comes from --- */

/* The value out of NAME_FILE: its first line, without the newline. */
static enum sm_error read_file(const char *name, const char *path, char **out)
{
    int file DEFER(settings_close) = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) {
        fault(name, strerror(errno), "Give the path of a file that this service may read");
        return SM_CONFIG;
    }
    char text[VALUE_BYTES_MAX + 1] = {0};
    ssize_t size = read(file, text, VALUE_BYTES_MAX);
    size_t line = size > 0 ? strcspn(text, "\r\n") : 0;
    enum sm_error error = SM_OK;
    if (line == 0 || (size_t)size == VALUE_BYTES_MAX || memchr(text, '\0', (size_t)size)) {
        fault(name, "names a file that holds no value of one line",
            "Put the value into the file, on its first line");
        error = SM_CONFIG;
    } else {
        text[line] = '\0';
        *out = strdup(text);
        error = *out ? SM_OK : SM_NO_MEMORY;
    }
    explicit_bzero(text, sizeof text);
    return error;
}

void settings_close(int *file)
{
    if (*file >= 0)
        (void)close(*file);
    *file = -1;
}

/* Takes a variable out of the environment: a secret must not stand in /proc for the whole run. */
static void take_from_environment(const char *name, const char *value)
{
    size_t size = strlen(value);
    char *place = getenv(name);
    if (place)
        explicit_bzero(place, size);
    (void)unsetenv(name);
}

/* The text of one variable: from the environment, from NAME_FILE, or the default; NULL if none. */
static enum sm_error find_text(const struct setting_row *row, char **out)
{
    char file_name[NAME_BYTES_MAX];
    (void)snprintf(file_name, sizeof file_name, "%s_FILE", row->name);
    const char *value = getenv(row->name);
    const char *path = row->may_be_file ? getenv(file_name) : NULL;
    if (value && path) {
        fault(row->name, "and its _FILE are both set", "Set one of them");
        return SM_CONFIG;
    }
    if (path)
        return read_file(file_name, path, out);
    const char *chosen = value ? value : row->preset;
    if (!chosen)
        return SM_OK;
    *out = strdup(chosen);
    if (!*out)
        return SM_NO_MEMORY;
    if (value && row->is_secret)
        take_from_environment(row->name, *out);
    return SM_OK;
}

/* --- whether it is understood --- */

static enum sm_error check_number(const struct setting_row *row, const char *text, int64_t *out)
{
    char reason[160];
    char *end = NULL;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    bool is_digits =
        *text && strspn(text + (*text == '-'), "0123456789") == strlen(text + (*text == '-'));
    if (is_digits && !*end && errno == 0 && number >= row->least && number <= row->most) {
        *out = number;
        return SM_OK;
    }
    (void)snprintf(reason, sizeof reason, "is \"%.40s\", not a whole number from %lld to %lld",
        text, (long long)row->least, (long long)row->most);
    fault(row->name, reason, row->meaning);
    return SM_CONFIG;
}

/* `words` is "one|two|three". */
static enum sm_error check_word(const struct setting_row *row, const char *text)
{
    char reason[160];
    size_t length = strlen(text);
    bool is_one_word = length && !strchr(text, '|');
    for (const char *word = row->words; *word; word += strcspn(word, "|"), word += *word == '|')
        if (is_one_word && strncmp(word, text, length) == 0 &&
            (word[length] == '|' || !word[length]))
            return SM_OK;
    (void)snprintf(reason, sizeof reason, "is \"%.40s\", not one of %s", text, row->words);
    fault(row->name, reason, row->meaning);
    return SM_CONFIG;
}

static enum sm_error load_row(const struct setting_row *row, struct settings *settings)
{
    size_t place = (size_t)row->setting;
    TRY(find_text(row, &settings->texts[place]));
    const char *text = settings->texts[place];
    if (!text || (row->is_required && !*text)) {
        if (!row->is_required)
            return SM_OK;
        fault(row->name, "is not set", row->remedy ? row->remedy : row->meaning);
        return SM_CONFIG;
    }
    if (row->kind == SETTING_IS_NUMBER)
        return check_number(row, text, &settings->numbers[place]);
    return row->kind == SETTING_IS_WORD ? check_word(row, text) : SM_OK;
}

/* A secret of another service that was given here by mistake does not stay in the environment. */
static void drop_foreign_secret(const struct setting_row *row)
{
    const char *value = row->is_secret ? getenv(row->name) : NULL;
    if (value)
        take_from_environment(row->name, value);
}

/* --- what nobody reads --- */

static bool is_name_of(const struct setting_row *row, const char *name, size_t size)
{
    static const char file[] = "_FILE";
    size_t own = strlen(row->name);
    bool begins = size >= own && strncmp(name, row->name, own) == 0;
    bool is_file = row->may_be_file && size == own + sizeof file - 1 &&
                   strncmp(name + own, file, sizeof file - 1) == 0;
    return begins && (size == own || is_file);
}

static bool is_known(const char *name, size_t size)
{
    for (size_t i = 0; i < settings_table_count; i++)
        if (is_name_of(&settings_table[i], name, size))
            return true;
    return false;
}

/* A misspelt name would leave its default in force unseen. It may be another program's: no fault.
 */
static void tell_unknown_names(void)
{
    static const char ours[] = "SECURE_MAIL_";
    for (char **entry = environ; entry && *entry; entry++) {
        size_t size = strspn(*entry, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
        if (strncmp(*entry, ours, sizeof ours - 1) != 0 || is_known(*entry, size))
            continue;
        char name[NAME_BYTES_MAX];
        (void)snprintf(
            name, sizeof name, "%.*s", (int)(size < sizeof name ? size : sizeof name), *entry);
        fault(name, "is not a setting and is not read",
            "If it is misspelt, docs/configuration.md has the names");
    }
}

enum sm_error settings_load(enum peer self, struct settings **out)
{
    struct settings *settings DEFER(settings_free) = calloc(1, sizeof *settings);
    if (!settings)
        return SM_NO_MEMORY;
    settings->self = self;
    tell_unknown_names();
    enum sm_error worst = SM_OK;
    for (size_t i = 0; i < settings_table_count; i++) {
        if (!(settings_table[i].users & (unsigned)self)) {
            drop_foreign_secret(&settings_table[i]);
            continue;
        }
        enum sm_error error = load_row(&settings_table[i], settings);
        if (error != SM_OK)
            worst = error;
    }
    TRY(worst);
    *out = TAKE(settings);
    return SM_OK;
}

void settings_free(struct settings **settings)
{
    if (!*settings)
        return;
    for (size_t i = 0; i < SETTING_COUNT; i++)
        forget(&(*settings)->texts[i]);
    memory_free(settings);
}

/* --- use --- */

static const struct setting_row *row_of(enum setting setting)
{
    const struct setting_row *row = &settings_table[setting];
    assert(row->setting == setting);
    return row;
}

const char *settings_text(const struct settings *settings, enum setting setting)
{
    assert(row_of(setting)->users & (unsigned)settings->self);
    return settings->texts[setting] ? settings->texts[setting] : "";
}

const char *settings_text_or(
    const struct settings *settings, enum setting setting, enum setting otherwise)
{
    const char *text = settings_text(settings, setting);
    return *text ? text : settings_text(settings, otherwise);
}

int64_t settings_number(const struct settings *settings, enum setting setting)
{
    assert(row_of(setting)->kind == SETTING_IS_NUMBER);
    assert(row_of(setting)->users & (unsigned)settings->self);
    return settings->numbers[setting];
}

struct span settings_secret(const struct settings *settings, enum setting setting)
{
    return span_text(settings_text(settings, setting));
}

void settings_forget(struct settings *settings, enum setting setting)
{
    forget(&settings->texts[setting]);
}
