/* Prints docs/cage.md from the tables of the cage. */
#include "cage/table.h"
#include "docs/print/print.h"
#include "runtime/settings_table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { ALL = PEER_GATEWAY | PEER_CRYPTO | PEER_NOTIFIER | PEER_RETENTION | PEER_AUDIT };

static const char *const when_words[] = {[CAGE_ALWAYS] = "always",
    [CAGE_UNTIL_READY] = "until it serves",
    [CAGE_WITH_FILES] = "where ciphertext lies in a folder",
    [CAGE_WITH_S3] = "where ciphertext lies in a bucket",
    [CAGE_WITH_NAMES] = "where a setting names a host by name",
    [CAGE_WITH_LOCAL_SOCKETS] = "where database or peer is a socket in a folder"};
static const char *const verdict_words[] = {[CAGE_ALLOWS] = "may",
    [CAGE_LACKS] = "is told that there is none",
    [CAGE_KILLS] = "**ends the process**"};
static const char *const right_words[] = {[CAGE_READS] = "read",
    [CAGE_KEEPS] = "read, write, make, remove",
    [CAGE_REMOVES] = "list, remove; open nothing",
    [CAGE_LISTENS] = "make and remove a socket",
    [CAGE_RUNS] = "read, run"};

static void print_services(unsigned services)
{
    static const enum peer peers[] = {
        PEER_GATEWAY, PEER_CRYPTO, PEER_NOTIFIER, PEER_RETENTION, PEER_AUDIT};
    char text[128] = "";
    for (size_t i = 0; i < sizeof peers / sizeof peers[0]; i++) {
        size_t size = strlen(text);
        if (services & (unsigned)peers[i])
            (void)snprintf(
                text + size, sizeof text - size, "%s%s", size ? " " : "", peer_name(peers[i]));
    }
    (void)putchar('|');
    print_cell(services == ALL ? "all" : text);
}

static void print_call(const struct cage_call *row)
{
    char condition[128] = "";
    for (size_t i = 0; i < CAGE_ARGUMENTS && row->arguments[i].mask; i++) {
        const struct cage_argument *argument = &row->arguments[i];
        size_t size = strlen(condition);
        if (argument->is_own_process)
            (void)snprintf(condition + size, sizeof condition - size, " argument %u is itself",
                argument->position);
        else if (argument->mask == UINT32_MAX || argument->mask == UINT64_MAX)
            (void)snprintf(condition + size, sizeof condition - size, " argument %u = 0x%" PRIx64,
                argument->position, argument->value);
        else
            (void)snprintf(condition + size, sizeof condition - size,
                " argument %u & 0x%" PRIx64 " = 0x%" PRIx64, argument->position, argument->mask,
                argument->value);
    }
    print_services(row->services);
    print_cell(row->names);
    print_cell(*condition ? condition + 1 : NULL);
    print_cell(verdict_words[row->verdict]);
    print_cell(when_words[row->when]);
    print_cell(row->reason);
    (void)putchar('\n');
}

static void print_file(const struct cage_file *row)
{
    print_services(row->services);
    print_cell(row->path ? row->path : settings_table[row->setting].name);
    print_cell(right_words[row->right]);
    print_cell(when_words[row->when]);
    print_cell(row->reason);
    (void)putchar('\n');
}

static void print_port(const struct cage_port *row)
{
    print_services(row->services);
    print_cell(settings_table[row->setting].name);
    print_cell(row->direction == CAGE_BINDS ? "listen" : "connect");
    print_cell(when_words[row->when]);
    print_cell(row->reason);
    (void)putchar('\n');
}

static void print_limit(const struct cage_limit *row)
{
    char most[32] = "as much as there is";
    if (row->most != CAGE_AS_MUCH_AS_THERE_IS)
        (void)snprintf(most, sizeof most, "%" PRId64, row->most);
    print_services(row->services);
    print_cell(row->name);
    print_cell(most);
    print_cell(row->reason);
    (void)putchar('\n');
}

int main(void)
{
    (void)puts(
        "# The cage\n\n"
        "Printed from `lib/cage/table.c` by `make docs`; do not edit. How it is closed:\n"
        "`lib/cage/cage.h`; why so: [0060](decisions/0060-the-cage.md).\n\n"
        "What each service may still do once it has its keys. What no row allows is refused.\n\n"
        "## System calls\n\n"
        "| service | calls | if | verdict | when | why |\n|---|---|---|---|---|---|");
    for (size_t i = 0; i < cage_calls_count; i++)
        print_call(&cage_calls[i]);
    (void)puts(
        "\n## Files and folders\n\n"
        "And the files that a service's own SECURE_MAIL_DATABASE names (certificates, keys,\n"
        "passwords): read.\n\n"
        "| service | path | may | when | why |\n|---|---|---|---|---|");
    for (size_t i = 0; i < cage_files_count; i++)
        print_file(&cage_files[i]);
    (void)puts("\n## TCP ports\n\n"
               "The ports of what the setting names; and 53, where a host is named by name.\n\n"
               "| service | setting | may | when | why |\n|---|---|---|---|---|");
    for (size_t i = 0; i < cage_ports_count; i++)
        print_port(&cage_ports[i]);
    (void)puts("\n## Limits\n\n| service | limit | at most | why |\n|---|---|---|---|");
    for (size_t i = 0; i < cage_limits_count; i++)
        print_limit(&cage_limits[i]);
    return 0;
}
