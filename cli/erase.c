/* Asked until nothing is left: each call erases as many values as one entry of the log names. */
#include "cli/erase.h"

#include "base/memory.h"
#include "cli/at_audit.h"
#include "cli/operator.h"
#include "proto/audit.h"

#include <inttypes.h>

enum { REPLY_ARENA = 4096 };

const struct cli_option erase_options[] = {
    {"--org", "ORGANISATION", "whose log"},
    {"--person", "ADDRESS", "erase this address or name wherever it stands, as it was logged"},
    {"--entry", "NUMBER", "erase what this entry discloses; with --person, that alone of it"},
    {"--by", "NAME", "who decided it; stands in the log, and can be erased itself"},
    {"--reason", "TEXT", "why; stands in the log for good, so it may name no address or name"},
    AT_AUDIT_OPTIONS,
    CLI_OPTIONS_END,
};

static enum sm_error read_order(struct cli *cli, struct erase_request *out)
{
    const char *person = cli_value(cli, "--person");
    const char *by;
    const char *reason;
    TRY(operator_organisation(cli, &out->organisation));
    TRY(cli_need(cli, "--by", &by));
    TRY(cli_need(cli, "--reason", &reason));
    TRY(cli_number(cli, "--entry", 0, &out->seq));
    if (!person && out->seq == 0)
        return cli_problem(cli, SM_BAD_VALUE, "See --help",
            "Name what is to be erased: --person ADDRESS, --entry NUMBER, or both");
    out->person = span_text(person ? person : "");
    out->by = span_text(by);
    out->reason = span_text(reason);
    return SM_OK;
}

static enum sm_error refusal(struct cli *cli, enum sm_error error)
{
    if (error == SM_BAD_VALUE)
        return cli_problem(cli, error, "Say why without saying who: the reason is never erased",
            "The reason names what is to be erased, or something is too long");
    if (error == SM_TAMPERED)
        return cli_problem(cli, error, "Look at it first: securemail-admin audit evidence",
            "This log is damaged: nothing can be told in it, so nothing is erased");
    return at_audit_fault(cli, error);
}

static enum sm_error tell(struct cli *cli, uint64_t erased, uint64_t entries, uint64_t last)
{
    if (erased == 0)
        cli_say(cli, "There was nothing to erase.");
    else if (entries == 1)
        cli_say(
            cli, "Erased %" PRIu64 " values; entry %" PRIu64 " of the log tells it.", erased, last);
    else
        cli_say(cli,
            "Erased %" PRIu64 " values; %" PRIu64 " entries of the log up to %" PRIu64 " tell it.",
            erased, entries, last);
    TRY(doc_set_u64(cli->answer, "erased", erased));
    return doc_set_u64(cli->answer, "entry", last);
}

/* What came before a failure is erased, and asked again it goes on. */
static enum sm_error erase_all(
    struct cli *cli, struct at_audit *audit, const struct erase_request *order)
{
    uint64_t erased = 0;
    uint64_t entries = 0;
    struct erase_reply reply = {0};
    for (uint64_t last = 0; !reply.is_done; last = reply.seq) {
        struct arena arena DEFER(arena_free) = ARENA(REPLY_ARENA);
        reply = (struct erase_reply){0};
        TRY(at_audit_ask(audit, OP_ERASE, order, &arena, &reply));
        if (!reply.is_done && reply.seq <= last)
            return SM_BAD_FORMAT; /* it would never end */
        erased += reply.erased;
        entries += reply.erased > 0;
    }
    return tell(cli, erased, entries, reply.seq);
}

enum sm_error erase_values(struct cli *cli)
{
    struct erase_request order = {.seq = 0};
    struct at_audit audit DEFER(at_audit_close) = {0};
    TRY(read_order(cli, &order));
    TRY(at_audit_open(cli, &audit));
    enum sm_error error = erase_all(cli, &audit, &order);
    return error == SM_OK ? SM_OK : refusal(cli, error);
}
