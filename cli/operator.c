/* The operator's commands: each is one call over the bus, by the operator's own key. */
#include "cli/operator.h"

#include "base/memory.h"
#include "bus/client.h"
#include "cli/words.h"
#include "proto/crypto.h"
#include "proto/limits.h"
#include "proto/sealed.h"

#include <stdio.h>
#include <string.h>

enum { TIMEOUT_MS = 15000, REPLY_ARENA = 256 * 1024, PASSWORD_BYTES = 512 };

const struct cli_option operator_options[] = {OPERATOR_OPTIONS, CLI_OPTIONS_END};
const struct cli_option org_create_options[] = {
    {"--name", "NAME", "as people know it"},
    {"--language", "nl|en", "of its notifications (default: nl)"},
    {"--base-url", "URL", "what its links begin with (default: the configured one)"},
    {"--from", "ADDRESS", "sender address of notifications (default: the notifier's)"},
    {"--colour", "#RRGGBB", "of its page"},
    OPERATOR_OPTIONS,
    CLI_OPTIONS_END,
};
const struct cli_option user_create_options[] = {
    {"--org", "ORGANISATION", "its id, as org list tells"},
    {"--email", "ADDRESS", "of the account"},
    {"--name", "NAME", "recipients see it"},
    {"--roles", "ROLES", "sender, admin, auditor, with commas (default: sender)"},
    {"--password-file", "FILE", "holds the first password; without it you are asked"},
    {"--link", NULL, "no password: prints a one-time link with which the user sets one"},
    OPERATOR_OPTIONS,
    CLI_OPTIONS_END,
};
const struct cli_option user_options[] = {
    {"--org", "ORGANISATION", "its id"},
    {"--email", "ADDRESS", "of the account"},
    OPERATOR_OPTIONS,
    CLI_OPTIONS_END,
};
const struct cli_option user_password_options[] = {
    {"--org", "ORGANISATION", "its id"},
    {"--email", "ADDRESS", "of the account"},
    {"--password-file", "FILE", "holds the new password; without it you are asked"},
    OPERATOR_OPTIONS,
    CLI_OPTIONS_END,
};
const struct cli_option policy_options[] = {
    {"--org", "ORGANISATION", "its id"},
    {"--methods", "METHODS", "password, code, password+code, with commas (default: all)"},
    {"--days", "DAYS", "longest lifetime: 1, 7 or 30 (default: 30)"},
    {"--recipients", "NUMBER", "of one message (default: 50)"},
    {"--attachments", "NUMBER", "of one message (default: 100)"},
    {"--total-mb", "MEGABYTES", "of all live messages together (default: 100000)"},
    OPERATOR_OPTIONS,
    CLI_OPTIONS_END,
};

/* --- the call --- */

enum sm_error operator_ask(struct cli *cli, enum operation operation, const void *message,
    struct arena *arena, void *reply)
{
    struct bus_keys *keys DEFER(bus_keys_free) = NULL;
    struct bus_client *client DEFER(bus_client_close) = NULL;
    const char *folder = cli_value(cli, "--keys");
    const char *socket = cli_value(cli, "--socket");
    struct bus_call how = {.operation = operation, .timeout_ms = TIMEOUT_MS};
    if (bus_keys_load(folder ? folder : "./var/keys", PEER_OPERATOR, &keys) != SM_OK)
        return cli_problem(cli, SM_NOT_ALLOWED,
            "Run this where crypto runs, as its operator: --keys FOLDER",
            "The operator's key cannot be read");
    TRY(id_random(&how.idempotency));
    TRY(bus_client_open(
        keys, PEER_CRYPTO, socket ? socket : "ipc://./var/run/operator.sock", &client));
    enum sm_error error = bus_client_call(client, &how, message, arena, reply);
    if (error == SM_TIMEOUT)
        return cli_problem(cli, error, "It may have been done: look before you ask again",
            "Crypto did not answer in time at its operator socket");
    if (error == SM_UNAVAILABLE)
        return cli_problem(cli, error, "Is it running? make status; --socket names its socket",
            "Crypto does not answer at its operator socket");
    return error;
}

static enum sm_error call(struct cli *cli, enum operation operation, const void *message,
    struct arena *arena, void *reply)
{
    enum sm_error error = operator_ask(cli, operation, message, arena, reply);
    if (error == SM_CONFLICT && operation == OP_USER_DISABLE)
        return cli_problem(cli, error, "Make somebody else an administrator first: user create",
            "An organisation keeps at least one administrator");
    return error == SM_CONFLICT ? cli_problem(cli, error, "Use what is there, or another name",
                                      "It exists already (conflict)")
                                : error;
}

/* --- options --- */

enum sm_error operator_organisation(struct cli *cli, struct id *out)
{
    const char *text;
    TRY(cli_need(cli, "--org", &text));
    return id_parse(span_text(text), out) == SM_OK
               ? SM_OK
               : cli_problem(cli, SM_BAD_VALUE, "Take it from: securemail-admin org list",
                     "%.64s is not the id of an organisation (32 digits)", text);
}

static struct span text_or(const struct cli *cli, const char *option, const char *preset)
{
    const char *given = cli_value(cli, option);
    return span_text(given ? given : preset);
}

/* Words with commas, as bits. */
static enum sm_error bits_of(struct cli *cli, const char *option, const struct word *table,
    const char *preset, uint64_t *out)
{
    const char *text = cli_value(cli, option);
    *out = 0;
    for (text = text ? text : preset; *text; text += *text == ',') {
        uint64_t bit = 0;
        struct span word = span_of(text, strcspn(text, ","));
        if (!words_find(table, word, &bit))
            return cli_problem(
                cli, SM_BAD_VALUE, "See --help", "%s does not know %.*s", option, SPAN_PRINT(word));
        *out |= bit;
        text += word.size;
    }
    return *out ? SM_OK : cli_problem(cli, SM_BAD_VALUE, "See --help", "%s is empty", option);
}

static enum sm_error tell_id(struct cli *cli, const char *name, struct id id)
{
    cli_say(cli, "%s: %s", name, id_text(id).text);
    return doc_set_id(cli->answer, name, id);
}

/* --- organisations --- */

enum sm_error operator_org_create(struct cli *cli)
{
    struct arena arena DEFER(arena_free) = ARENA(REPLY_ARENA);
    struct org_create_reply reply = {0};
    const char *name;
    TRY(cli_need(cli, "--name", &name));
    struct org_create_request request = {.name = span_text(name),
        .base_url = text_or(cli, "--base-url", ""),
        .from_address = text_or(cli, "--from", ""),
        .language = text_or(cli, "--language", "nl"),
        .colour = text_or(cli, "--colour", "")};
    TRY(call(cli, OP_ORG_CREATE, &request, &arena, &reply));
    return tell_id(cli, "organisation", reply.organisation);
}

enum sm_error operator_org_list(struct cli *cli)
{
    struct arena arena DEFER(arena_free) = ARENA(REPLY_ARENA);
    struct org_list_request request = {0};
    struct org_list_reply reply = {0};
    struct doc *list DEFER(doc_free) = NULL;
    TRY(call(cli, OP_ORG_LIST, &request, &arena, &reply));
    TRY(doc_array(&list));
    for (size_t i = 0; i < reply.organisations.count; i++) {
        const struct org_item *item = LIST_AT(struct org_item, reply.organisations, i);
        struct doc *one DEFER(doc_free) = NULL;
        TRY(doc_object(&one));
        TRY(doc_set_id(one, "organisation", item->organisation));
        TRY(doc_set_text(one, "name", item->name));
        TRY(doc_set_text(one, "base_url", item->base_url));
        TRY(doc_append(list, &one));
        cli_say(cli, "%s  %.*s  %.*s", id_text(item->organisation).text, SPAN_PRINT(item->name),
            SPAN_PRINT(item->base_url));
    }
    return doc_give(cli->answer, "organisations", &list);
}

/* --- users --- */

/* A link to set a password with: for the user's eyes, on a way that is safe. */
static enum sm_error tell_link(struct cli *cli, struct span link, uint64_t expires_ms)
{
    TRY(doc_set_text(cli->answer, "link", link));
    TRY(doc_set_u64(cli->answer, "expires_ms", expires_ms));
    cli_say(cli, "With this link the user sets a password, once, within 24 hours:\n%.*s",
        SPAN_PRINT(link));
    return SM_OK;
}

enum sm_error operator_user_create(struct cli *cli)
{
    static const struct word roles[] = {
        {"sender", ROLE_SENDER}, {"admin", ROLE_ADMIN}, {"auditor", ROLE_AUDITOR}, {NULL, 0}};
    struct arena arena DEFER(arena_free) = ARENA(REPLY_ARENA);
    struct buffer password DEFER(buffer_free) = BUFFER(PASSWORD_BYTES);
    struct user_create_request request = {0};
    struct user_create_reply reply = {0};
    const char *email;
    const char *name;
    TRY(operator_organisation(cli, &request.organisation));
    TRY(cli_need(cli, "--email", &email));
    TRY(cli_need(cli, "--name", &name));
    TRY(bits_of(cli, "--roles", roles, "sender", &request.roles));
    if (!cli_has(cli, "--link"))
        TRY(cli_new_secret_at(cli, "--password-file", 0, "First password", &password));
    request.email = span_text(email);
    request.name = span_text(name);
    request.password = buffer_span(&password);
    TRY(call(cli, OP_USER_CREATE, &request, &arena, &reply));
    if (reply.link.size)
        TRY(tell_link(cli, reply.link, reply.expires_ms));
    return tell_id(cli, "user", reply.user);
}

enum sm_error operator_user_reset(struct cli *cli)
{
    struct arena arena DEFER(arena_free) = ARENA(REPLY_ARENA);
    struct user_request request = {0};
    struct user_reset_reply reply = {0};
    const char *email;
    TRY(operator_organisation(cli, &request.organisation));
    TRY(cli_need(cli, "--email", &email));
    request.email = span_text(email);
    TRY(call(cli, OP_USER_RESET, &request, &arena, &reply));
    return tell_link(cli, reply.link, reply.expires_ms);
}

enum sm_error operator_user_disable(struct cli *cli)
{
    struct arena arena DEFER(arena_free) = ARENA(REPLY_ARENA);
    struct user_request request = {0};
    struct nothing reply;
    const char *email;
    TRY(operator_organisation(cli, &request.organisation));
    TRY(cli_need(cli, "--email", &email));
    request.email = span_text(email);
    TRY(call(cli, OP_USER_DISABLE, &request, &arena, &reply));
    cli_say(cli, "%s is closed, and its sessions have ended.", email);
    return SM_OK;
}

enum sm_error operator_user_password(struct cli *cli)
{
    struct arena arena DEFER(arena_free) = ARENA(REPLY_ARENA);
    struct buffer password DEFER(buffer_free) = BUFFER(PASSWORD_BYTES);
    struct user_password_request request = {0};
    struct nothing reply;
    const char *email;
    TRY(operator_organisation(cli, &request.organisation));
    TRY(cli_need(cli, "--email", &email));
    TRY(cli_new_secret_at(cli, "--password-file", 0, "New password", &password));
    request.email = span_text(email);
    request.password = buffer_span(&password);
    TRY(call(cli, OP_USER_PASSWORD, &request, &arena, &reply));
    cli_say(cli, "%s has a new password, and its sessions have ended.", email);
    return SM_OK;
}

/* --- policy --- */

enum sm_error operator_policy_set(struct cli *cli)
{
    struct arena arena DEFER(arena_free) = ARENA(REPLY_ARENA);
    struct policy_set_request request = {0};
    struct nothing reply;
    TRY(operator_organisation(cli, &request.organisation));
    TRY(bits_of(cli, "--methods", words_methods, "password,code,password+code", &request.methods));
    TRY(cli_number(cli, "--days", 30, &request.lifetime_days_max));
    TRY(cli_number(cli, "--recipients", RECIPIENTS_MAX, &request.recipients_max));
    TRY(cli_number(cli, "--attachments", ATTACHMENTS_MAX, &request.attachments_max));
    TRY(cli_number(cli, "--total-mb", 100000, &request.total_bytes_max));
    if (__builtin_mul_overflow(request.total_bytes_max, 1000000, &request.total_bytes_max) ||
        request.total_bytes_max > INT64_MAX)
        return cli_problem(cli, SM_BAD_VALUE, "Give less", "--total-mb is too much");
    TRY(call(cli, OP_POLICY_SET, &request, &arena, &reply));
    cli_say(cli, "The policy is set.");
    return SM_OK;
}

/* --- after a restore --- */

enum sm_error operator_mail_release(struct cli *cli)
{
    struct arena arena DEFER(arena_free) = ARENA(REPLY_ARENA);
    struct mail_release_request request = {0};
    struct mail_release_reply reply = {0};
    TRY(call(cli, OP_MAIL_RELEASE, &request, &arena, &reply));
    cli_say(cli, reply.restores ? "The mail that was held since the restore goes out now."
                                : "No mail was held.");
    return doc_set_u64(cli->answer, "restores", reply.restores);
}
