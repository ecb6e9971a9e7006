/* The server makes the proof; of a checkpoint that was kept only its size is asked for. */
#include "cli/audit_proof.h"

#include "base/memory.h"
#include "cli/file.h"
#include "cli/log_reader.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PATH_BYTES = 128, LINE_BYTES = 1024, SIZE_DIGITS_MAX = 15 };

static const char origin[] = "securemail/";
enum { ORIGIN_DIGITS = 32 };

const struct cli_option audit_prove_options[] = {
    {"--checkpoint", "FILE",
        "prove it under this checkpoint that was kept (default: the log's head now)"},
    {"--output", "FILE", "write it there (default: standard output)"},
    CLI_OPTIONS_END,
};
const struct cli_option audit_consistency_options[] = {
    {"--output", "FILE", "write it there (default: standard output)"},
    CLI_OPTIONS_END,
};

/* A number from 1, of digits alone. */
static bool read_number(const char *text, uint64_t *out)
{
    size_t digits = strspn(text, "0123456789");
    *out = 0;
    if (digits == 0 || digits > SIZE_DIGITS_MAX || text[digits] != '\0')
        return false;
    for (; *text; text++)
        *out = *out * 10 + (uint64_t)(*text - '0');
    return *out > 0;
}

static bool is_origin(const char *line)
{
    return strncmp(line, origin, sizeof origin - 1) == 0 &&
           strspn(line + sizeof origin - 1, "0123456789abcdef") == ORIGIN_DIGITS &&
           line[sizeof origin - 1 + ORIGIN_DIGITS] == '\0';
}

static bool next_line(FILE *file, char line[static LINE_BYTES])
{
    if (!fgets(line, LINE_BYTES, file))
        return false;
    line[strcspn(line, "\r\n")] = '\0';
    return true;
}

static void close_stream(FILE **file)
{
    if (*file)
        (void)fclose(*file);
}

/* Of the note by itself, or of the mail that brought it: the line behind its origin. */
static enum sm_error read_size(struct cli *cli, const char *path, uint64_t *out)
{
    char line[LINE_BYTES];
    FILE *file DEFER(close_stream) = fopen(path, "re");
    if (!file)
        return cli_problem(
            cli, SM_IO, "Name a file that you may read", "%.200s: %s", path, strerror(errno));
    while (next_line(file, line))
        if (is_origin(line) && next_line(file, line) && read_number(line, out))
            return SM_OK;
    return cli_problem(cli, SM_BAD_FORMAT,
        "Name the file that audit checkpoint wrote, or the mail as it was saved",
        "There is no checkpoint in %.200s", path);
}

/* What else may be wrong the server says better. */
static enum sm_error words(struct cli *cli, enum sm_error error, const char *what)
{
    return error == SM_NOT_FOUND ? cli_problem(cli, error, "See the entries: audit list",
                                       "The log has no such %s", what)
                                 : error;
}

static enum sm_error save(struct cli *cli, const char *path, const char *what)
{
    struct log_reader reader DEFER(log_reader_close) = {0};
    bool is_saved;
    TRY(log_reader_open(cli, &reader));
    enum sm_error error = log_reader_save(cli, &reader, path, &is_saved);
    if (error != SM_OK)
        return words(cli, error, what);
    if (is_saved)
        cli_say(cli, "Proven in %s. Check it: securemail-verify --proof %s",
            cli_value(cli, "--output"), cli_value(cli, "--output"));
    return SM_OK;
}

enum sm_error audit_prove(struct cli *cli)
{
    char path[PATH_BYTES];
    uint64_t entry;
    uint64_t size = 0;
    const char *kept = cli_value(cli, "--checkpoint");
    TRY(log_reader_check_output(cli));
    if (!read_number(cli->positionals[0], &entry))
        return cli_problem(cli, SM_BAD_VALUE, "Take it from: audit list",
            "An entry has a number from 1, not %.32s", cli->positionals[0]);
    if (kept)
        TRY(read_size(cli, kept, &size));
    int written = snprintf(path, sizeof path, "/api/v1/audit/proof?entry=%" PRIu64, entry);
    if (size)
        (void)snprintf(path + written, sizeof path - (size_t)written, "&size=%" PRIu64, size);
    return save(cli, path, "entry, or no such checkpoint");
}

enum sm_error audit_consistency(struct cli *cli)
{
    char path[PATH_BYTES];
    uint64_t size = 0;
    TRY(log_reader_check_output(cli));
    TRY(read_size(cli, cli->positionals[0], &size));
    (void)snprintf(path, sizeof path, "/api/v1/audit/consistency?size=%" PRIu64, size);
    return save(cli, path, "checkpoint");
}
