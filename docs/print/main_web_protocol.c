/*
 * Prints web/protocol/protocol.ts: what the pages need of the tables in proto/, so that nothing of
 * the protocol is written by hand twice. Names stay as they are on the wire.
 */
#include "envelope/manifest.h"
#include "proto/audit.h"
#include "proto/crypto.h"
#include "proto/limits.h"
#include "proto/sealed.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>

enum { PRINTED_MAX = 128 };

struct printed {
    const struct fields *tables[PRINTED_MAX];
    size_t count;
};

/* --- limits and words --- */

struct number {
    const char *name;
    uint64_t value;
};
#define NUMBER(name) \
    {                \
#name, name  \
    }
static const struct number limits[] = {
    NUMBER(ATTACHMENT_BYTES_MAX),
    NUMBER(ATTACHMENTS_MAX),
    NUMBER(PARTS_MAX),
    NUMBER(RECIPIENTS_MAX),
    NUMBER(SUBJECT_BYTES_MAX),
    NUMBER(BODY_BYTES_MAX),
    NUMBER(HEADER_PART_BYTES_MAX),
    NUMBER(FILE_NAME_BYTES_MAX),
    NUMBER(MEDIA_TYPE_BYTES_MAX),
    NUMBER(PERSON_NAME_BYTES_MAX),
    NUMBER(ORGANISATION_NAME_BYTES_MAX),
    NUMBER(ADDRESS_BYTES_LIMIT),
    NUMBER(SUBJECT_SEALED_BYTES_MAX),
    NUMBER(PASSWORD_BYTES_MIN),
    NUMBER(PASSWORD_BYTES_MAX),
    NUMBER(CODE_DIGITS),
    NUMBER(CODE_LIFETIME_S),
    NUMBER(CODE_RESEND_AFTER_S),
    NUMBER(FAILURES_BEFORE_LOCK),
    NUMBER(LOCK_S),
    NUMBER(FAILURES_BEFORE_FREEZE),
    NUMBER(VERIFIED_SESSION_S),
    NUMBER(USER_SESSION_S),
    NUMBER(COOKIE_S),
    NUMBER(CAPABILITY_S),
    NUMBER(UPLOAD_CAPABILITY_S),
    NUMBER(TIME_TOKEN_S),
    NUMBER(SEALED_REQUEST_BYTES_MAX),
    NUMBER(SEALED_AAD_BYTES_MAX),
    NUMBER(HPKE_KID_BYTES),
    NUMBER(PUBLIC_KEY_BYTES),
    NUMBER(SIGNATURE_BYTES),
    NUMBER(KEY_BYTES),
    NUMBER(LINK_SECRET_BYTES),
    NUMBER(SHA256_BYTES),
    NUMBER(COMMITMENT_BYTES),
    NUMBER(PAGE_ROWS_MAX),
    NUMBER(FIELD_DEPTH_MAX),
    NUMBER(FIELD_ELEMENTS_MAX),
};
static const struct number methods[] = {
    NUMBER(METHOD_PASSWORD), NUMBER(METHOD_CODE), NUMBER(METHOD_PASSWORD_AND_CODE)};
static const struct number roles[] = {
    NUMBER(ROLE_SENDER), NUMBER(ROLE_ADMIN), NUMBER(ROLE_AUDITOR)};
static const struct number directions[] = {NUMBER(DIRECTION_MESSAGE), NUMBER(DIRECTION_REPLY)};

static void print_numbers(const char *name, const struct number *rows, size_t count)
{
    (void)printf("export const %s = {\n", name);
    for (size_t i = 0; i < count; i++)
        (void)printf("  %s: %" PRIu64 ",\n", rows[i].name, rows[i].value);
    (void)puts("} as const;\n");
}
#define PRINT_NUMBERS(name, rows) print_numbers(name, rows, sizeof(rows) / sizeof(rows)[0])

static void print_errors(void)
{
    (void)puts("/** Words of what can go wrong; a reply's first byte is an index of this list. */\n"
               "export const ERRORS = [");
    for (unsigned error = 0; error < SM_ERROR_COUNT; error++)
        (void)printf("  '%s',\n", error_name((enum sm_error)error));
    (void)puts("] as const;\nexport type ErrorWord = (typeof ERRORS)[number];\n");
}

/* log-started is the log's own, and not in the catalogue of what services report. */
static void print_events(void)
{
    (void)puts("/** Words of what the log has entries of. */\n"
               "export const EVENTS = [\n"
               "  'log-started',");
    for (unsigned kind = EVENT_NONE + 1; kind < EVENT_KIND_COUNT; kind++)
        (void)printf("  '%s',\n", event_rules[kind].name);
    (void)puts("] as const;\nexport type EventWord = (typeof EVENTS)[number];\n");
}

/* --- tables --- */

/* login_request -> LoginRequest */
static void print_type_name(const struct fields *fields)
{
    int is_start = 1;
    for (const char *at = fields->name; *at; at++) {
        if (*at != '_')
            (void)putchar(is_start ? toupper((unsigned char)*at) : *at);
        is_start = *at == '_';
    }
}

static void print_type(const struct field *field)
{
    static const char *const names[] = {
        [FIELD_U64] = "number",
        [FIELD_BOOL] = "boolean",
        [FIELD_TEXT] = "string",
        [FIELD_LINE] = "string",
        [FIELD_BYTES] = "Uint8Array",
        [FIELD_ID] = "Id",
    };
    if (!field->item)
        (void)fputs(names[field->kind], stdout);
    else
        print_type_name(field->item);
    if (field->kind == FIELD_LIST)
        (void)fputs("[]", stdout);
}

static void print_interface(const struct fields *fields)
{
    (void)fputs("export interface ", stdout);
    print_type_name(fields);
    if (fields->count == 0) {
        (void)puts(" {}");
        return;
    }
    (void)puts(" {");
    for (size_t i = 0; i < fields->count; i++) {
        (void)printf("  /** %s */\n  %s: ", fields->at[i].meaning, fields->at[i].name);
        print_type(&fields->at[i]);
        (void)puts(";");
    }
    (void)puts("}");
}

/* Numbers beyond what a page can hold exactly are refused there: the limit is its own. */
static void print_limit(uint64_t limit)
{
    if (limit >= INT64_MAX)
        (void)fputs("Number.MAX_SAFE_INTEGER", stdout);
    else
        (void)printf("%" PRIu64, limit);
}

static void print_row(const struct field *field)
{
    static const char *const kinds[] = {
        [FIELD_U64] = "u64",
        [FIELD_BOOL] = "bool",
        [FIELD_TEXT] = "text",
        [FIELD_LINE] = "line",
        [FIELD_BYTES] = "bytes",
        [FIELD_ID] = "id",
        [FIELD_LIST] = "list",
        [FIELD_MAP] = "map",
    };
    (void)printf("    { name: '%s', kind: '%s', min: %" PRIu64 ", max: ", field->name,
        kinds[field->kind], field->min);
    print_limit(field->max);
    if (field->item)
        (void)printf(", item: %s", field->item->name);
    (void)puts(" },");
}

/* Items first: a constant must stand before it is used. The depth is that of the tables. */
static void print_fields(const struct fields *fields, struct printed *printed)
{
    for (size_t i = 0; i < printed->count; i++)
        if (printed->tables[i] == fields)
            return;
    if (printed->count < PRINTED_MAX)
        printed->tables[printed->count++] = fields;
    for (size_t i = 0; i < fields->count; i++)
        if (fields->at[i].item)
            print_fields(fields->at[i].item, printed);
    print_interface(fields);
    (void)printf("export const %s: Fields<", fields->name);
    print_type_name(fields);
    (void)printf("> = {\n  name: '%s',\n  at: [\n", fields->name);
    for (size_t i = 0; i < fields->count; i++)
        print_row(&fields->at[i]);
    (void)puts("  ],\n};\n");
}

static void print_operations(void)
{
    (void)puts("export interface Operations {");
    for (size_t i = 0; i < sealed_operations_count; i++) {
        (void)printf("  /** %s */\n  %s: { request: ", sealed_operations[i].sentence,
            sealed_operations[i].name);
        print_type_name(sealed_operations[i].request);
        (void)fputs("; reply: ", stdout);
        print_type_name(sealed_operations[i].reply);
        (void)puts(" };");
    }
    (void)puts("}\nexport type OperationName = keyof Operations;\n\n"
               "export const OPERATIONS: {\n"
               "  readonly [Name in OperationName]: {\n"
               "    readonly request: Fields<Operations[Name]['request']>;\n"
               "    readonly reply: Fields<Operations[Name]['reply']>;\n"
               "    readonly carries_parts: boolean;\n"
               "  };\n"
               "} = {");
    for (size_t i = 0; i < sealed_operations_count; i++)
        (void)printf("  %s: { request: %s, reply: %s, carries_parts: %s },\n",
            sealed_operations[i].name, sealed_operations[i].request->name,
            sealed_operations[i].reply->name,
            sealed_operations[i].carries_parts ? "true" : "false");
    (void)puts("};");
}

int main(void)
{
    struct printed printed = {0};
    (void)puts("// Printed from proto/ and lib/envelope/ by `make docs`; do not edit.\n\n"
               "import type { Fields } from './fields';\n\n"
               "/** 32 hexadecimal digits; '' where a table allows none. */\n"
               "export type Id = string;\n");
    PRINT_NUMBERS("LIMITS", limits);
    PRINT_NUMBERS("METHODS", methods);
    PRINT_NUMBERS("ROLES", roles);
    PRINT_NUMBERS("DIRECTIONS", directions);
    print_errors();
    print_events();
    print_fields(&keys_reply, &printed);
    print_fields(&sealed_aad, &printed);
    print_fields(&failure, &printed);
    print_fields(&manifest_fields, &printed);
    for (size_t i = 0; i < sealed_operations_count; i++) {
        print_fields(sealed_operations[i].request, &printed);
        print_fields(sealed_operations[i].reply, &printed);
    }
    print_operations();
    return 0;
}
