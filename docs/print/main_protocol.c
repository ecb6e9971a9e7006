/* Prints docs/protocol.md from the catalogue, the sealed operations and the catalogue of events. */
#include "docs/print/print.h"
#include "proto/audit.h"
#include "proto/catalog.h"
#include "proto/header.h"
#include "proto/limits.h"
#include "proto/sealed.h"

#include <inttypes.h>
#include <stdio.h>

enum { PRINTED_MAX = 256 };

/* Field tables that were printed as their own section, so that each is printed once. */
struct printed {
    const struct fields *tables[PRINTED_MAX];
    size_t count;
};

static void print_peers(unsigned peers)
{
    static const enum peer all[] = {
        PEER_GATEWAY, PEER_CRYPTO, PEER_NOTIFIER, PEER_RETENTION, PEER_AUDIT, PEER_OPERATOR};
    const char *between = "";
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (peers & (unsigned)all[i]) {
            (void)printf("%s%s", between, peer_name(all[i]));
            between = ", ";
        }
}

static const char *kind_name(enum field_kind kind)
{
    static const char *const names[] = {
        [FIELD_U64] = "unsigned",
        [FIELD_BOOL] = "boolean",
        [FIELD_TEXT] = "text",
        [FIELD_LINE] = "line",
        [FIELD_BYTES] = "bytes",
        [FIELD_ID] = "id",
        [FIELD_LIST] = "list",
        [FIELD_MAP] = "map",
    };
    return names[kind];
}

static void print_limits(const struct field *field)
{
    if (field->kind == FIELD_BOOL || field->kind == FIELD_MAP)
        (void)fputs(" - |", stdout);
    else if (field->kind == FIELD_ID)
        (void)fputs(field->min ? " required |" : " may be none |", stdout);
    else if (field->min == field->max)
        (void)printf(" %" PRIu64 " |", field->min);
    else if (field->max >= INT64_MAX)
        (void)printf(" from %" PRIu64 " |", field->min);
    else
        (void)printf(" %" PRIu64 " to %" PRIu64 " |", field->min, field->max);
}

static void print_fields(const struct fields *fields, struct printed *printed);

static void print_items(const struct fields *fields, struct printed *printed)
{
    for (size_t i = 0; i < fields->count; i++)
        if (fields->at[i].item)
            print_fields(fields->at[i].item, printed);
}

static void print_table(const struct fields *fields)
{
    (void)puts("| field | type | limits | meaning |\n|---|---|---|---|");
    for (size_t i = 0; i < fields->count; i++) {
        const struct field *field = &fields->at[i];
        (void)printf("| `%s` | %s%s%s |", field->name, kind_name(field->kind),
            field->item ? " of " : "", field->item ? field->item->name : "");
        print_limits(field);
        print_cell(field->meaning);
        (void)putchar('\n');
    }
    (void)putchar('\n');
}

/* The depth is that of the tables themselves: FIELD_DEPTH_MAX at most. */
static void print_fields(const struct fields *fields, struct printed *printed)
{
    for (size_t i = 0; i < printed->count; i++)
        if (printed->tables[i] == fields)
            return;
    if (printed->count < PRINTED_MAX)
        printed->tables[printed->count++] = fields;
    (void)printf("#### %s\n\n", fields->name);
    if (fields->count == 0)
        (void)puts("No fields: an empty map.\n");
    else
        print_table(fields);
    print_items(fields, printed);
}

static void print_head(void)
{
    (void)printf(
        "# Protocol\n\nPrinted from `proto/` by `make docs`; do not edit.\n\n"
        "## A message on the bus\n\n"
        "Two frames: a header of %d bytes (version %d; see `proto/header.h`) and one msgpack map with\n"
        "exactly the fields of its table, in the table's order. A request's number is even, its reply\n"
        "is that number + 1. A message over %d bytes is refused unread. Who may call what is decided by\n"
        "the CURVE-authenticated identity of the connection. Types: `id` is 16 bytes, `line` is UTF-8\n"
        "that can be shown on one line, limits of text and bytes are lengths in bytes, of a list its\n"
        "number of items; times are milliseconds since 1970 UTC.\n\n"
        "Legal conversations stand at the head of `proto/catalog.c`; nothing else is spoken.\n\n",
        HEADER_BYTES, HEADER_VERSION, BUS_MESSAGE_BYTES_MAX);
}

static void print_operations(struct printed *printed)
{
    (void)puts("## Operations\n\n| number | operation | served by | called by | bytes | asked "
               "twice | promise |\n|---|---|---|---|---|---|---|");
    for (size_t i = 0; i < catalog_count; i++) {
        (void)printf("| 0x%04x | `%s` | ", (unsigned)catalog[i].number, catalog[i].name);
        print_peers(catalog[i].servers);
        (void)fputs(" | ", stdout);
        print_peers(catalog[i].callers);
        (void)printf(" | %" PRIu32 " | %s |", catalog[i].bytes_max, repeat_name(catalog[i].repeat));
        print_cell(catalog[i].sentence);
        (void)putchar('\n');
    }
    for (size_t i = 0; i < catalog_count; i++) {
        (void)printf("\n### %s\n\n", catalog[i].name);
        print_fields(catalog[i].request, printed);
        print_fields(catalog[i].reply, printed);
    }
}

static void print_sealed(struct printed *printed)
{
    (void)puts(
        "## Sealed operations\n\n"
        "What a client says to crypto through the gateway (`lib/envelope/sealed.h`). The name is\n"
        "part of the HPKE info and of the path `/api/v1/sealed/NAME`. The reply's plaintext is one\n"
        "byte, an error number, then the reply's map (0) or `failure` (else).\n\n"
        "| operation | promise |\n|---|---|");
    for (size_t i = 0; i < sealed_operations_count; i++) {
        (void)printf("| `%s` |", sealed_operations[i].name);
        print_cell(sealed_operations[i].sentence);
        (void)putchar('\n');
    }
    (void)putchar('\n');
    print_fields(&sealed_aad, printed);
    print_fields(&failure, printed);
    for (size_t i = 0; i < sealed_operations_count; i++) {
        (void)printf("### %s\n\n", sealed_operations[i].name);
        print_fields(sealed_operations[i].request, printed);
        print_fields(sealed_operations[i].reply, printed);
    }
}

static void print_events(void)
{
    (void)puts("## Events of the audit log\n\n| number | event | reported by |\n|---|---|---|");
    for (size_t kind = 1; kind < EVENT_KIND_COUNT; kind++) {
        (void)printf("| %zu | `%s` | ", kind, event_rules[kind].name);
        print_peers(event_rules[kind].reporters);
        (void)puts(" |");
    }
}

static void print_errors(void)
{
    (void)puts("\n## Errors\n\n| number | word |\n|---|---|");
    for (unsigned error = 0; error < SM_ERROR_COUNT; error++)
        (void)printf("| %u | `%s` |\n", error, error_name((enum sm_error)error));
}

int main(void)
{
    struct printed printed = {0};
    print_head();
    print_operations(&printed);
    print_sealed(&printed);
    print_events();
    print_errors();
    return 0;
}
