/* The table, and matching a request to its row. Nothing is unescaped, folded or forgiven. */
#include "services/gateway/routes.h"

#include "base/text.h"
#include "services/gateway/handlers.h"
#include "services/gateway/pages.h"

#include <stdio.h>
#include <string.h>

#include "proto/limits.h"

enum { PART_BYTES = (int)CIPHERTEXT_BYTES(ATTACHMENT_BYTES_MAX) };

/* clang-format off */
const struct route routes[] = {
    /* method     path                     body           at most                   needs           lane           health  handler                asks before */
    {"GET",     "/livez",                  BODY_NONE,     0,                        NEEDS_NOTHING,  LANE_EVENT,    true,  on_livez,              NULL,
     "The process runs."},
    {"GET",     "/readyz",                 BODY_NONE,     0,                        NEEDS_NOTHING,  LANE_CALL,     true,  on_readyz,             NULL,
     "The process can reach its database and crypto."},
    {"GET",     "/",                       BODY_NONE,     0,                        NEEDS_NOTHING,  LANE_EVENT,    false, on_page,               NULL,
     "The page of the organisation's people: sign-in, then the list."},
    {"GET",     "/m",                      BODY_NONE,     0,                        NEEDS_NOTHING,  LANE_EVENT,    false, on_page,               NULL,
     "The page of a link; the link itself stays in the browser."},
    {"GET",     "/compose",                BODY_NONE,     0,                        NEEDS_NOTHING,  LANE_EVENT,    false, on_page,               NULL,
     "The same page, where a message is written."},
    {"GET",     "/message",                BODY_NONE,     0,                        NEEDS_NOTHING,  LANE_EVENT,    false, on_page,               NULL,
     "The same page, with one message; which one stays in the browser."},
    {"GET",     "/settings",               BODY_NONE,     0,                        NEEDS_NOTHING,  LANE_EVENT,    false, on_page,               NULL,
     "The same page, with a user's own settings."},
    {"GET",     "/admin",                  BODY_NONE,     0,                        NEEDS_NOTHING,  LANE_EVENT,    false, on_page,               NULL,
     "The same page, for administrators and auditors."},
    {"GET",     "/reset",                  BODY_NONE,     0,                        NEEDS_NOTHING,  LANE_EVENT,    false, on_page,               NULL,
     "The same page, where the holder of a one-time link sets a password; the link stays in the browser."},
    {"GET",     "/nta7516",                BODY_NONE,     0,                        NEEDS_NOTHING,  LANE_EVENT,    false, on_page,               NULL,
     "The declaration after NTA 7516, in Dutch; it needs no script."},
    {"GET",     "/nta7516/en",             BODY_NONE,     0,                        NEEDS_NOTHING,  LANE_EVENT,    false, on_page,               NULL,
     "The same in English."},
    {"GET",     "/api/v1/declaration",     BODY_NONE,     0,                        NEEDS_NOTHING,  LANE_CALL,     false, on_declaration,        NULL,
     "The same as a file that the server signs."},
    {"GET",     "/assets/{asset}",         BODY_NONE,     0,                        NEEDS_NOTHING,  LANE_EVENT,    false, on_asset,              NULL,
     "A script, style or image of the pages; its name changes with its content."},
    {"GET",     "/api/v1/keys",            BODY_NONE,     0,                        NEEDS_NOTHING,  LANE_CALL,     false, on_keys,               NULL,
     "Crypto's signed key and a time token."},
    {"GET",     "/api/v1/limits",          BODY_NONE,     0,                        NEEDS_NOTHING,  LANE_EVENT,    false, on_limits,             NULL,
     "What the server accepts."},
    {"POST",    "/api/v1/sealed/{operation}", BODY_WHOLE, SEALED_REQUEST_BYTES_MAX, NEEDS_NOTHING,  LANE_CALL,     false, on_sealed,             NULL,
     "Carries a sealed request to crypto and brings its sealed reply."},
    {"OPTIONS", "/api/v1/uploads",         BODY_NONE,     0,                        NEEDS_NOTHING,  LANE_EVENT,    false, on_upload_options,     NULL,
     "Which version and extensions of tus are spoken."},
    {"POST",    "/api/v1/uploads",         BODY_NONE,     0,                        NEEDS_UPLOAD,   LANE_TRANSFER, false, on_upload_create,      NULL,
     "Begins the upload of one part."},
    {"HEAD",    "/api/v1/uploads/{upload}", BODY_NONE,    0,                        NEEDS_UPLOAD,   LANE_TRANSFER, false, on_upload_head,        NULL,
     "How much of an upload has arrived."},
    {"PATCH",   "/api/v1/uploads/{upload}", BODY_STREAMED, PART_BYTES,              NEEDS_UPLOAD,   LANE_TRANSFER, false, on_upload_patch,       NULL,
     "Goes on with an upload; the last byte makes it a durable part."},
    {"DELETE",  "/api/v1/uploads/{upload}", BODY_NONE,    0,                        NEEDS_UPLOAD,   LANE_TRANSFER, false, on_upload_delete,      NULL,
     "Takes back an upload of a message that is not sent."},
    {"GET",     "/api/v1/messages/{message}/parts/{part}", BODY_NONE, 0,            NEEDS_DOWNLOAD, LANE_TRANSFER, false, on_download,           ask_part,
     "The ciphertext of one part, whole or a range."},
    {"GET",     "/api/v1/messages",        BODY_NONE,     0,                        NEEDS_COOKIE,   LANE_CALL,     false, on_messages,           ask_messages,
     "The sender's list, newest first."},
    {"GET",     "/api/v1/messages/{message}", BODY_NONE,  0,                        NEEDS_COOKIE,   LANE_CALL,     false, on_message,            ask_message,
     "One message with its recipients."},
    {"GET",     "/api/v1/audit/entries",   BODY_NONE,     0,                        NEEDS_AUDIT,    LANE_CALL,     false, on_audit_entries,      NULL,
     "A page of the organisation's log, newest first."},
    {"GET",     "/api/v1/audit/export",    BODY_NONE,     0,                        NEEDS_AUDIT,    LANE_CALL,     false, on_audit_export,       NULL,
     "The log as NDJSON, for securemail-verify."},
    {"GET",     "/api/v1/audit/checkpoint", BODY_NONE,    0,                        NEEDS_AUDIT,    LANE_CALL,     false, on_audit_checkpoint,   NULL,
     "The log's present head, signed."},
    {"GET",     "/api/v1/audit/proof",     BODY_NONE,     0,                        NEEDS_AUDIT,    LANE_CALL,     false, on_audit_proof,        NULL,
     "One entry of the log, proven."},
    {"GET",     "/api/v1/audit/consistency", BODY_NONE,   0,                        NEEDS_AUDIT,    LANE_CALL,     false, on_audit_consistency,  NULL,
     "That the log's present head continues an older one."},
    {"GET",     "/api/v1/status",          BODY_NONE,     0,                        NEEDS_AUDIT,    LANE_CALL,     false, on_system_status,      NULL,
     "Which services answer, when retention last swept, how long the log is."},
};
/* clang-format on */

const size_t routes_count = sizeof routes / sizeof routes[0];

static const char *const needs_names[NEEDS_COUNT] = {
    [NEEDS_NOTHING] = "none",
    [NEEDS_COOKIE] = "cookie",
    [NEEDS_UPLOAD] = "upload",
    [NEEDS_DOWNLOAD] = "download",
    [NEEDS_AUDIT] = "audit",
};

const char *route_needs_name(enum route_needs needs)
{
    return needs_names[needs];
}

uint64_t part_bytes_max(uint64_t part)
{
    return part == 0 ? CIPHERTEXT_BYTES(HEADER_PART_BYTES_MAX)
                     : CIPHERTEXT_BYTES(ATTACHMENT_BYTES_MAX);
}

/* --- segments --- */

struct found {
    struct id id;
    uint64_t number;
    struct span word;
};

static enum sm_error take_id(struct span text, struct found *found)
{
    return id_parse(text, &found->id);
}

/* One spelling: no sign, no leading zero. */
static enum sm_error take_number(struct span text, struct found *found)
{
    if (text.size == 0 || text.size > 3 || (text.size > 1 && text.at[0] == '0'))
        return SM_BAD_FORMAT;
    uint64_t number = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return SM_BAD_FORMAT;
        number = number * 10 + (uint64_t)(text.at[i] - '0');
    }
    found->number = number;
    return SM_OK;
}

static enum sm_error take_word(struct span text, struct found *found)
{
    if (text.size == 0 || text.size > OPERATION_NAME_BYTES_MAX)
        return SM_BAD_FORMAT;
    found->word = text;
    return SM_OK;
}

/* Only a name of the list that was read at start is served: nothing of it reaches a file system. */
static enum sm_error take_asset(struct span text, struct found *found)
{
    (void)found;
    return text.size > 0 && text.size <= PAGE_PATH_BYTES_MAX ? SM_OK : SM_BAD_FORMAT;
}

static const struct {
    const char *name;
    enum sm_error (*take)(struct span text, struct found *found);
} segments[] = {
    {"{message}", take_id},
    {"{upload}", take_id},
    {"{part}", take_number},
    {"{operation}", take_word},
    {"{asset}", take_asset},
};

static enum sm_error match_segment(struct span pattern, struct span text, struct found *found)
{
    for (size_t i = 0; i < sizeof segments / sizeof segments[0]; i++)
        if (span_equals_text(pattern, segments[i].name))
            return segments[i].take(text, found);
    return span_equal(pattern, text) ? SM_OK : SM_NOT_FOUND;
}

/* Cuts the text before the next '/' off `left`, which must begin with one. */
static struct span next_segment(struct span *left)
{
    struct span rest = span_slice(*left, 1, left->size);
    const uint8_t *slash = rest.size ? memchr(rest.at, '/', rest.size) : NULL;
    size_t size = slash ? (size_t)(slash - rest.at) : rest.size;
    *left = span_slice(rest, size, rest.size);
    return span_slice(rest, 0, size);
}

static bool matches(const char *pattern_text, const char *path_text, struct found *found)
{
    struct span pattern = span_text(pattern_text);
    struct span path = span_text(path_text);
    while (pattern.size && path.size && path.at[0] == '/')
        if (match_segment(next_segment(&pattern), next_segment(&path), found) != SM_OK)
            return false;
    return pattern.size == 0 && path.size == 0;
}

/* --- matching --- */

static void note_allowed(char allow[static ALLOW_BYTES_MAX], const char *method)
{
    size_t used = strlen(allow);
    (void)snprintf(allow + used, ALLOW_BYTES_MAX - used, "%s%s", used ? ", " : "", method);
}

static void take(struct exchange *exchange, const struct route *route, const struct found *found)
{
    exchange->route = route;
    exchange->id = found->id;
    exchange->number = found->number;
    exchange->word = found->word;
}

enum sm_error routes_match(struct exchange *exchange, const char *method, const char *path,
    char allow[static ALLOW_BYTES_MAX])
{
    const struct route *readable = NULL; /* the GET row, for a HEAD without one of its own */
    struct found readable_found = {0};
    allow[0] = '\0';
    for (size_t i = 0; i < routes_count; i++) {
        struct found found = {0};
        if (!matches(routes[i].path, path, &found))
            continue;
        if (strcmp(routes[i].method, method) == 0) {
            take(exchange, &routes[i], &found);
            return SM_OK;
        }
        if (strcmp(routes[i].method, "GET") == 0) {
            readable = &routes[i];
            readable_found = found;
        }
        note_allowed(allow, routes[i].method);
    }
    if (readable && strcmp(method, "HEAD") == 0) {
        take(exchange, readable, &readable_found);
        exchange->is_head = true;
        return SM_OK;
    }
    return allow[0] ? SM_NOT_ALLOWED : SM_NOT_FOUND;
}
