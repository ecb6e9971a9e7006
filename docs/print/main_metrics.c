/* Prints docs/metrics.md from the table of metrics. */
#include "base/metric.h"
#include "docs/print/print.h"

#include <stdio.h>

static void print_row(const struct metric_row *row)
{
    const char *label = metric_label_name(row->label);
    (void)printf(
        "| `%s%s%s%s` |", row->name, label ? "{" : "", label ? label : "", label ? "}" : "");
    print_cell(metric_kind_name(row->kind));
    print_cell(row->services);
    print_cell(row->help);
    (void)putchar('\n');
}

int main(void)
{
    (void)puts(
        "# Metrics\n\n"
        "Printed from `lib/base/metric.c` by `make docs`; do not edit.\n\n"
        "Each service tells its own at `http://ADDRESS/metrics`, in Prometheus' text format, where\n"
        "`SECURE_MAIL_ADMIN_LISTEN` says (`/livez` and `/readyz` are there too). No value and no\n"
        "label holds an address, a name, an id or a secret. `outcome` is an error's word of\n"
        "[protocol.md](protocol.md), `status` the class of an HTTP status, `peer` a service,\n"
        "`part` one of [the cage](cage.md). What a look into the database finds (ages, lengths of\n"
        "queues, sizes of logs) is left out until the first look.\n\n"
        "| metric | kind | services | meaning |\n|---|---|---|---|");
    for (size_t i = 0; i < METRIC_COUNT; i++)
        print_row(&metric_table[i]);
    return 0;
}
