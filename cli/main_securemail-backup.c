/*
 * securemail-backup: seals the parts of a backup to a public key, and opens them with the private
 * one, from standard input to standard output; and reads a journal of erasures. What goes into a
 * backup and how it is put back: deploy/bin/backup and deploy/bin/restore, which call this.
 */
#include "base/memory.h"
#include "base/process.h"
#include "base/secret.h"
#include "cli/backup_journal.h"
#include "cli/backup_seal.h"
#include "cli/cli.h"
#include "cli/key_file.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

/* --- keys --- */

static const struct cli_option make_options[] = {
    {"--public", "FILE", "what backups are sealed with: on the machine that makes them"},
    {"--secret", "FILE", "what opens them: kept elsewhere, offline, with the master key"},
    CLI_OPTIONS_END,
};

static enum sm_error unwritten(struct cli *cli, enum sm_error error, const char *path)
{
    return cli_problem(cli, error, "Name a file in a folder that you may write to", "%.200s: %s",
        path, strerror(errno));
}

static enum sm_error make_key(struct cli *cli)
{
    struct p256_key *key DEFER(p256_free) = NULL;
    struct secret *scalar DEFER(secret_free) = NULL;
    const char *public_path;
    const char *secret_path;
    TRY(cli_need(cli, "--public", &public_path));
    TRY(cli_need(cli, "--secret", &secret_path));
    if (access(public_path, F_OK) == 0 || access(secret_path, F_OK) == 0)
        return cli_problem(cli, SM_CONFLICT,
            "Backups that were sealed with it open with its other half alone: name new files",
            "There is a key already");
    TRY(p256_generate(&key));
    TRY(p256_export(key, &scalar));
    enum sm_error error = key_file_write(secret_path, 0600, secret_span(scalar));
    if (error != SM_OK)
        return unwritten(cli, error, secret_path);
    error = key_file_write(public_path, 0644, span_of(p256_public(key), P256_PUBLIC_BYTES));
    if (error != SM_OK)
        return unwritten(cli, error, public_path);
    cli_say(
        cli, "Made %s, which seals backups, and %s, which opens them.", public_path, secret_path);
    cli_say(cli, "Keep the second one elsewhere: without it no backup can be restored.");
    return SM_OK;
}

/* --- parts --- */

#define PART_OPTIONS                                         \
    {"--backup", "ID", "of the backup; none: its manifest"}, \
    {                                                        \
        "--part", "NAME", "of the part"                      \
    }
static const struct cli_option seal_options[] = {
    {"--to", "FILE", "the public key of backups"}, PART_OPTIONS, CLI_OPTIONS_END};
static const struct cli_option open_options[] = {
    {"--key", "FILE", "the private key of backups"}, PART_OPTIONS, CLI_OPTIONS_END};

static enum sm_error part_of(struct cli *cli, struct backup_part *out)
{
    const char *name;
    const char *backup = cli_value(cli, "--backup");
    TRY(cli_need(cli, "--part", &name));
    *out = (struct backup_part){.name = span_text(name)};
    if (backup && id_parse(span_text(backup), &out->backup) != SM_OK)
        return cli_problem(cli, SM_BAD_VALUE, "The manifest of the backup tells it",
            "--backup: an id has 32 hexadecimal digits");
    return SM_OK;
}

static enum sm_error read_key(struct cli *cli, const char *option, uint8_t *out, size_t size)
{
    const char *path;
    TRY(cli_need(cli, option, &path));
    enum sm_error error = key_file_read(path, out, size);
    if (error == SM_IO)
        return cli_problem(
            cli, error, "Name a file that you may read", "%.200s: %s", path, strerror(errno));
    if (error != SM_OK)
        return cli_problem(cli, error, "Make a pair with: securemail-backup key make",
            "%.200s does not hold this half of a key of backups", path);
    return SM_OK;
}

static enum sm_error of_stream(struct cli *cli, enum sm_error error)
{
    if (error == SM_IO || error == SM_DISK_FULL)
        return cli_problem(
            cli, error, "Make room, or look at the disk", "The stream broke: %s", strerror(errno));
    if (error == SM_BAD_FORMAT)
        return cli_problem(
            cli, error, "Name a folder that deploy/bin/backup made", "This is no part of a backup");
    if (error == SM_TAMPERED)
        return cli_problem(cli, error, "Take the key of this backup, or another backup",
            "The part does not open: another key, another backup or part, changed, or cut off");
    return error;
}

static enum sm_error seal(struct cli *cli)
{
    uint8_t receiver[P256_PUBLIC_BYTES];
    struct backup_part part;
    TRY(part_of(cli, &part));
    TRY(read_key(cli, "--to", receiver, sizeof receiver));
    return of_stream(cli, backup_seal(SPAN(receiver), &part, STDIN_FILENO, STDOUT_FILENO));
}

static enum sm_error open_to(struct cli *cli, int out)
{
    uint8_t scalar[P256_PRIVATE_BYTES] = {0};
    DEFER_WIPE(scalar);
    struct p256_key *key DEFER(p256_free) = NULL;
    struct backup_part part;
    TRY(part_of(cli, &part));
    TRY(read_key(cli, "--key", scalar, sizeof scalar));
    TRY(p256_import(SPAN(scalar), &key));
    return of_stream(cli, backup_open(key, &part, STDIN_FILENO, out));
}

static enum sm_error open_part(struct cli *cli)
{
    return open_to(cli, STDOUT_FILENO);
}

static enum sm_error check_part(struct cli *cli)
{
    return open_to(cli, -1);
}

/* --- the journal --- */

static void close_stream(FILE **file)
{
    if (*file)
        (void)fclose(*file);
    *file = NULL;
}

static enum sm_error read_journal(struct cli *cli)
{
    const char *path = cli->positionals[0];
    struct journal_counts counts;
    FILE *file DEFER(close_stream) = fopen(path, "re");
    if (!file)
        return cli_problem(cli, SM_IO, "Name the file erasures.journal as it was kept",
            "%.200s: %s", path, strerror(errno));
    TRY(of_stream(cli, backup_journal(file, stdout, &counts)));
    if (counts.bad) {
        char what[160];
        (void)snprintf(what, sizeof what,
            "%" PRIu64 " lines are none of a journal, the first is line %" PRIu64
            ": cut by a crash, or changed. They were passed over",
            counts.bad, counts.first_bad);
        cli_warn(cli, what, path);
    }
    return SM_OK;
}

/* clang-format off */
static const struct cli_command commands[] = {
    {"key make", "", 0, make_options, make_key,
     "Make the pair of keys of backups.",
     "securemail-backup key make --public backup.pub --secret backup.key"},
    {"seal", "", 0, seal_options, seal, "Seal a part, from standard input to standard output.", NULL},
    {"open", "", 0, open_options, open_part, "Open a part, the same way: use it only after exit code 0.", NULL},
    {"check", "", 0, open_options, check_part, "Whether a part opens and is whole.", NULL},
    {"journal", "FILE", 1, no_options, read_journal, "Print a journal of erasures as rows for a restore.", NULL},
};
/* clang-format on */

int main(int count, char **arguments)
{
    static const struct cli_program program = {"securemail-backup",
        "seals and opens the parts of backups", commands, sizeof commands / sizeof commands[0]};
    if (process_forbid_dumps() != SM_OK)
        return CLI_EXIT_FAILED;
    return cli_main(&program, count, arguments);
}
