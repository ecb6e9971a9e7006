/*
 * A rotation is asked for once and then worked on in steps until nothing is behind; each step tells
 * how far it is. Whatever breaks off in between, the same command goes on with it.
 */
#include "cli/key.h"

#include "base/clock.h"
#include "cli/operator.h"
#include "cli/words.h"
#include "proto/crypto.h"

#include <inttypes.h>
#include <time.h>

enum { REPLY_ARENA = 256 * 1024, IDLE_STEPS_MAX = 50, IDLE_MS = 200 };
#define GO_ON "The same command goes on with it; nothing is lost, and mail goes on meanwhile"

const struct cli_option key_rotate_options[] = {
    {"--org", "ORGANISATION", "whose key, for: key rotate org"},
    OPERATOR_OPTIONS,
    CLI_OPTIONS_END,
};

/* --- status --- */

static enum sm_error tell_item(
    struct cli *cli, const struct key_status_item *item, struct doc *list)
{
    struct doc *one DEFER(doc_free) = NULL;
    bool has_owner = !id_is_none(item->organisation);
    TRY(doc_object(&one));
    TRY(doc_set_text(one, "purpose", item->purpose));
    if (has_owner)
        TRY(doc_set_id(one, "organisation", item->organisation));
    TRY(doc_set_u64(one, "version", item->version));
    TRY(doc_set_u64(one, "created_ms", item->created_ms));
    TRY(doc_set_u64(one, "rows", item->rows));
    TRY(doc_set_u64(one, "behind", item->is_old ? item->rows : 0));
    TRY(doc_append(list, &one));
    cli_say(cli, "%-12.*s %-32s %8" PRIu64 " %10" PRIu64 " %10" PRIu64, SPAN_PRINT(item->purpose),
        has_owner ? id_text(item->organisation).text : "", item->version, item->rows,
        item->is_old ? item->rows : 0);
    return SM_OK;
}

enum sm_error key_status(struct cli *cli)
{
    struct arena arena DEFER(arena_free) = ARENA(REPLY_ARENA);
    struct key_status_request request = {0};
    struct key_status_reply reply = {0};
    struct doc *list DEFER(doc_free) = NULL;
    uint64_t behind = 0;
    TRY(operator_ask(cli, OP_KEY_STATUS, &request, &arena, &reply));
    TRY(doc_array(&list));
    cli_say(cli, "Identity (what links pin): %.*s", SPAN_PRINT(reply.pin));
    cli_say(cli, "%s", "");
    cli_say(cli, "%-12s %-32s %8s %10s %10s", "key", "organisation", "version", "rows", "behind");
    for (size_t i = 0; i < reply.keys.count; i++) {
        const struct key_status_item *item = LIST_AT(struct key_status_item, reply.keys, i);
        behind += item->is_old ? item->rows : 0;
        TRY(tell_item(cli, item, list));
    }
    TRY(doc_set_text(cli->answer, "pin", reply.pin));
    TRY(doc_set_u64(cli->answer, "behind", behind));
    return doc_give(cli->answer, "keys", &list);
}

/* --- rotation --- */

static const struct word kinds[] = {
    {"org", ROTATE_ORGANISATION}, {"master", ROTATE_MASTER}, {"hpke", ROTATE_HPKE}, {NULL, 0}};

static enum sm_error read_wanted(struct cli *cli, struct key_rotate_request *out)
{
    if (!words_find(kinds, span_text(cli->positionals[0]), &out->key))
        return cli_problem(cli, SM_BAD_VALUE, "Say org, master or hpke",
            "There is no key \"%.40s\" to rotate here", cli->positionals[0]);
    if (out->key == ROTATE_ORGANISATION)
        return operator_organisation(cli, &out->organisation);
    return cli_has(cli, "--org") ? cli_problem(cli, SM_BAD_VALUE, "Leave --org out",
                                       "--org goes with: key rotate org")
                                 : SM_OK;
}

static enum sm_error why_not(struct cli *cli, uint64_t key, enum sm_error error)
{
    if (key == ROTATE_MASTER && error == SM_NOT_FOUND)
        return cli_problem(cli, error,
            "Start crypto with the new one as SECURE_MAIL_MASTER_KEY_NEXT; docs/runbook.md tells how",
            "Crypto was given no next master key");
    if (key == ROTATE_MASTER && error == SM_CONFLICT)
        return cli_problem(cli, error,
            "Start every replica of crypto with SECURE_MAIL_MASTER_KEY_NEXT, and end other sessions"
            " of its database role",
            "A crypto that does not know the next master key is connected to the database");
    if (error == SM_NOT_FOUND)
        return cli_problem(cli, error, "Take its id from: securemail-admin org list",
            "There is no such organisation");
    return error;
}

static enum sm_error begin(
    struct cli *cli, const struct key_rotate_request *wanted, struct key_rotate_reply *reply)
{
    struct arena arena DEFER(arena_free) = ARENA(REPLY_ARENA);
    enum sm_error error = operator_ask(cli, OP_KEY_ROTATE, wanted, &arena, reply);
    if (error != SM_OK)
        return why_not(cli, wanted->key, error);
    if (reply->version == 0)
        cli_say(cli, "A new key is in use; the old ones still open what was sealed to them.");
    else
        cli_say(cli, "Version %" PRIu64 " is in use%s.", reply->version,
            reply->is_resumed ? "; the rotation was under way and goes on" : "");
    return doc_set_u64(cli->answer, "version", reply->version);
}

/* Everything that is left does not open: it was altered. The old version stays. */
static enum sm_error altered(struct cli *cli, uint64_t behind)
{
    return cli_problem(cli, SM_TAMPERED,
        "Crypto's log and the audit log name them; restore those rows from a backup, then go on",
        "%" PRIu64 " rows do not open: they were altered. The old version of the key stays",
        behind);
}

static void pause_ms(int64_t ms)
{
    const struct timespec time = {.tv_nsec = ms * 1000 * 1000};
    (void)nanosleep(&time, NULL);
}

static enum sm_error step(
    struct cli *cli, const struct key_rewrap_request *wanted, struct key_rewrap_reply *reply)
{
    struct arena arena DEFER(arena_free) = ARENA(REPLY_ARENA);
    enum sm_error error = operator_ask(cli, OP_KEY_REWRAP, wanted, &arena, reply);
    if (error == SM_BUSY) /* somebody held a row for long: the next step has it */
        return SM_OK;
    if (error == SM_UNAVAILABLE || error == SM_TIMEOUT)
        return cli_problem(cli, error, GO_ON, "Crypto went away, and the rotation is not finished");
    return error;
}

static enum sm_error work(struct cli *cli, const struct key_rewrap_request *wanted)
{
    struct key_rewrap_reply reply = {0};
    uint64_t total = 0;
    for (size_t idle = 0; !reply.is_done; idle = reply.rewrapped ? 0 : idle + 1) {
        if (idle > 0)
            pause_ms(IDLE_MS);
        reply = (struct key_rewrap_reply){0};
        TRY(step(cli, wanted, &reply));
        total += reply.rewrapped;
        cli_say(cli, "%" PRIu64 " rows wrapped anew, %" PRIu64 " behind", total, reply.behind);
        if (reply.rewrapped == 0 && reply.behind > 0 && reply.refused >= reply.behind)
            return altered(cli, reply.behind);
        if (idle == IDLE_STEPS_MAX)
            return cli_problem(cli, SM_BUSY, GO_ON, "Rows are held by others for too long");
    }
    cli_say(cli, "No row is behind, and the old version is destroyed.");
    return doc_set_u64(cli->answer, "rewrapped", total);
}

enum sm_error key_rotate(struct cli *cli)
{
    struct key_rotate_request wanted = {0};
    struct key_rotate_reply begun = {0};
    TRY(read_wanted(cli, &wanted));
    TRY(begin(cli, &wanted, &begun));
    if (begun.version == 0)
        return SM_OK;
    TRY(work(cli, &(struct key_rewrap_request){wanted.key, wanted.organisation}));
    if (wanted.key == ROTATE_MASTER)
        cli_say(cli, "%s",
            "Now start crypto with the new key as SECURE_MAIL_MASTER_KEY, and without"
            " SECURE_MAIL_MASTER_KEY_NEXT.");
    return SM_OK;
}
