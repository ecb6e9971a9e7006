/* Prints docs/configuration.md from the configuration table. */
#include "docs/print/print.h"
#include "runtime/settings_table.h"

#include <stdio.h>

static void print_users(unsigned users)
{
    static const enum peer services[] = {
        PEER_GATEWAY, PEER_CRYPTO, PEER_NOTIFIER, PEER_RETENTION, PEER_AUDIT};
    const char *between = " ";
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++)
        if (users & (unsigned)services[i]) {
            (void)printf("%s%s", between, peer_name(services[i]));
            between = ", ";
        }
    (void)fputs(" |", stdout);
}

static void print_values(const struct setting_row *row)
{
    if (row->kind == SETTING_IS_NUMBER)
        (void)printf(" %lld to %lld |", (long long)row->least, (long long)row->most);
    else
        print_cell(row->kind == SETTING_IS_WORD ? row->words : "text");
}

static void print_row(const struct setting_row *row)
{
    (void)printf("| `%s`%s |", row->name, row->may_be_file ? " (or `_FILE`)" : "");
    print_users(row->users);
    print_values(row);
    if (row->preset)
        print_cell(*row->preset ? row->preset : "(empty)");
    else
        print_cell(row->is_required ? "**required**" : "(none)");
    print_cell(row->meaning);
    (void)putchar('\n');
}

int main(void)
{
    (void)puts(
        "# Configuration\n\n"
        "Printed from `lib/runtime/settings_table.c` by `make docs`; do not edit.\n\n"
        "Every value comes from the environment. A value that is missing where it is required,\n"
        "or not understood, stops the program with its name, the reason and the remedy. Where\n"
        "`_FILE` is offered, `NAME_FILE` names a file that holds the value on its first line.\n"
        "Each service is given what it uses and nothing else; the master key goes to crypto\n"
        "alone.\n\n"
        "| variable | read by | values | default | meaning |\n|---|---|---|---|---|");
    for (size_t i = 0; i < settings_table_count; i++)
        print_row(&settings_table[i]);
    return 0;
}
