/*
 * securemail-verify FILE: checks an exported audit log offline, and names the first bad line. It
 * shares no code with the audit service (cli/verify is all it is made of, on libcrypto alone), so
 * that a fault in the one is not a fault in the other.
 */
#include "cli/verify/declared.h"
#include "cli/verify/log.h"
#include "cli/verify/mailed.h"
#include "cli/verify/prover.h"
#include "cli/verify/single.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_VERIFIED = 0, EXIT_NOT_VERIFIED = 1, EXIT_USAGE = 2 };

static const char help[] =
    "securemail-verify FILE [--checkpoint FILE]... [--key HEX] [--prove NUMBER] [--json]\n"
    "securemail-verify --proof FILE [--checkpoint FILE] [--key HEX] [--json]\n"
    "securemail-verify --declaration FILE [--key HEX] [--json]\n"
    "Checks an exported audit log offline: every entry, the chain and the tree over them, every\n"
    "signed checkpoint, every disclosed name and address. Names the first line that is wrong.\n\n"
    "  --checkpoint FILE  a checkpoint that you kept earlier, by itself or the mail that brought\n"
    "                     it, as your mail program saves it: shows that nothing before it was\n"
    "                     rewritten and nothing cut off. Without one the log is UNANCHORED: it is\n"
    "                     whole in itself, but somebody with the signing key could have made it anew.\n"
    "  --key HEX          the log's public key, from somewhere else than the file\n"
    "  --prove NUMBER     write the proof of this one entry to standard output (what is found goes to\n"
    "                     standard error): it shows that entry, and nothing of any other, and is\n"
    "                     proven under the first checkpoint that you give, or the log's last\n"
    "  --proof FILE       check such a proof, or one that a newer checkpoint continues an older one\n"
    "                     (securemail-admin audit prove, audit consistency): no log is needed\n"
    "  --declaration FILE check a server's signed declaration after NTA 7516 (/api/v1/declaration)\n"
    "  --json             answer with one JSON object\n\n"
    "Exit codes: 0 verified, 1 not verified, 2 wrong usage or unreadable.\n";

/* What the file is. */
enum subject { SUBJECT_LOG, SUBJECT_PROOF, SUBJECT_DECLARATION };

struct request {
    const char *path;
    bool is_json;
    enum subject subject;
    struct prover prover;
    struct log_options options;
};

static int usage(const char *what, const char *name)
{
    (void)fprintf(stderr, "securemail-verify: %s%s. See --help.\n", what, name);
    return EXIT_USAGE;
}

static int add_checkpoint(struct request *request, const char *path)
{
    struct log_options *options = &request->options;
    if (options->kept_count == LOG_KEPT_MAX)
        return usage("there are too many checkpoints", "");
    struct log_kept *kept = &options->kept[options->kept_count];
    FILE *file = fopen(path, "re");
    if (!file) {
        (void)fprintf(stderr, "securemail-verify: %s: %s. Name a file that you may read.\n", path,
            strerror(errno));
        return EXIT_USAGE;
    }
    enum mailed found = mailed_read(file, kept->text);
    (void)fclose(file);
    if (found != MAILED_FOUND)
        return usage(found == MAILED_NONE ? "there is no checkpoint in "
                                          : "too large or unreadable for a checkpoint: ",
            path);
    kept->path = path;
    options->kept_count++;
    return EXIT_VERIFIED;
}

static int set_key(struct request *request, const char *text)
{
    char quoted[2 * PROOF_HASH_BYTES + 3];
    if (request->options.has_key)
        return usage("give one key: --key is there twice", "");
    if (strlen(text) != (size_t)2 * PROOF_HASH_BYTES)
        return usage("a key has 64 hexadecimal digits, not ", text);
    (void)snprintf(quoted, sizeof quoted, "\"%s\"", text);
    request->options.has_key = slice_hex((struct slice){quoted, strlen(quoted)},
        request->options.public_key, sizeof request->options.public_key);
    return request->options.has_key ? EXIT_VERIFIED : usage("not a key: ", text);
}

/* Which entry shall be proven. */
static int set_prove(struct request *request, const char *text)
{
    if (request->options.prover)
        return usage("prove one entry: --prove is there twice", "");
    if (!slice_number((struct slice){text, strlen(text)}, &request->prover.path.seq) ||
        request->prover.path.seq == 0)
        return usage("an entry has a number from 1, not ", text);
    request->options.prover = &request->prover;
    return EXIT_VERIFIED;
}

static int set_file(struct request *request, const char *path, enum subject subject)
{
    if (request->path)
        return usage("name one file: I do not know what to do with ", path);
    request->path = path;
    request->subject = subject;
    return EXIT_VERIFIED;
}

static int set_proof(struct request *request, const char *path)
{
    return set_file(request, path, SUBJECT_PROOF);
}

static int set_declaration(struct request *request, const char *path)
{
    return set_file(request, path, SUBJECT_DECLARATION);
}

static const struct {
    const char *name;
    int (*set)(struct request *request, const char *value);
} valued[] = {
    {"--checkpoint", add_checkpoint},
    {"--key", set_key},
    {"--prove", set_prove},
    {"--proof", set_proof},
    {"--declaration", set_declaration},
};

/* An option with its value: its row, or the number of rows. */
static size_t find_valued(const char *name)
{
    size_t row = 0;
    while (row < sizeof valued / sizeof valued[0] && strcmp(name, valued[row].name) != 0)
        row++;
    return row;
}

static int parse(char **arguments, struct request *request)
{
    for (; *arguments; arguments++) {
        const char *name = *arguments;
        size_t row = find_valued(name);
        int code = EXIT_VERIFIED;
        if (strcmp(name, "--json") == 0) {
            request->is_json = true;
        } else if (row < sizeof valued / sizeof valued[0]) {
            if (!*++arguments)
                return usage("a value is missing behind ", name);
            code = valued[row].set(request, *arguments);
        } else if (name[0] == '-' || request->path) {
            return usage("I do not know what to do with ", name);
        } else {
            request->path = name;
        }
        if (code != EXIT_VERIFIED)
            return code;
    }
    if (request->subject != SUBJECT_LOG && request->options.prover)
        return usage("an entry is proven out of a log, and this is none", "");
    return request->path ? EXIT_VERIFIED : usage("the file is missing", "");
}

/* The reasons are our own words without quotes, but a path may stand in them. */
static void print_quoted(FILE *out, const char *text)
{
    (void)fputc('"', out);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            (void)fputc('\\', out);
        if ((unsigned char)*text >= 0x20)
            (void)fputc(*text, out);
    }
    (void)fputc('"', out);
}

static uint64_t restores_held(const struct log_verdict *verdict)
{
    return verdict->restores_count < LOG_RESTORES_MAX ? verdict->restores_count : LOG_RESTORES_MAX;
}

static void print_restores_json(FILE *out, const struct log_verdict *verdict)
{
    (void)fprintf(out, ", \"restores\": [");
    for (uint64_t i = 0; i < restores_held(verdict); i++)
        (void)fprintf(out, "%s{\"seq\": %llu, \"at\": \"%s\"}", i ? ", " : "",
            (unsigned long long)verdict->restores[i].seq, verdict->restores[i].at);
    (void)fputc(']', out);
}

static void print_restores(FILE *out, const struct log_verdict *verdict)
{
    for (uint64_t i = 0; i < restores_held(verdict); i++)
        (void)fprintf(out,
            "RESTORED on %s: entry %llu opens a new epoch; what the log had behind entry "
            "%llu was lost then.\n",
            verdict->restores[i].at, (unsigned long long)verdict->restores[i].seq,
            (unsigned long long)verdict->restores[i].seq - 1);
}

/* A value that is not there was erased, as an entry of the log tells, or left out of this file. */
static void print_erased(FILE *out, const struct log_verdict *verdict)
{
    if (verdict->told_erased < verdict->erased)
        (void)fprintf(out,
            "NOT ALL TOLD: the log tells that %llu were erased; the others were left out of this "
            "file, or erased by another hand.\n",
            (unsigned long long)verdict->told_erased);
    if (verdict->told_erased > verdict->erased)
        (void)fprintf(out,
            "DISCLOSED ALL THE SAME: the log tells that %llu were erased; whoever put the others "
            "back into this file kept them from before.\n",
            (unsigned long long)verdict->told_erased);
}

static void print_json(FILE *out, const struct log_verdict *verdict)
{
    (void)fprintf(out,
        "{\"verified\": %s, \"anchored\": %s, \"organisation\": \"%s\", \"entries\": %llu, "
        "\"disclosed\": %llu, \"erased\": %llu, \"told_erased\": %llu, \"root\": \"%s\"",
        verdict->is_good ? "true" : "false", verdict->is_anchored ? "true" : "false",
        verdict->organisation, (unsigned long long)verdict->entries,
        (unsigned long long)verdict->disclosed, (unsigned long long)verdict->erased,
        (unsigned long long)verdict->told_erased, verdict->root);
    print_restores_json(out, verdict);
    if (!verdict->is_good) {
        (void)fprintf(out, ", \"line\": %llu, \"reason\": ", (unsigned long long)verdict->line);
        print_quoted(out, verdict->reason);
        (void)fprintf(out, ", \"remedy\": ");
        print_quoted(out, verdict->remedy);
    }
    (void)fputs("}\n", out);
}

static void print_declared(FILE *out, const struct log_verdict *verdict)
{
    (void)fprintf(out, "VERIFIED, %s: a declaration of %llu criteria.\nKey: %s\n",
        verdict->is_anchored ? "by the key that you gave" : "BY A KEY THAT YOU DID NOT GIVE",
        (unsigned long long)verdict->entries, verdict->root);
}

static void print_words(FILE *out, const struct log_verdict *verdict, enum subject subject)
{
    if (!verdict->is_good && verdict->line)
        (void)fprintf(out, "NOT VERIFIED: line %llu: %s.\n%s.\n", (unsigned long long)verdict->line,
            verdict->reason, verdict->remedy);
    else if (!verdict->is_good)
        (void)fprintf(out, "NOT VERIFIED: %s.\n%s.\n", verdict->reason, verdict->remedy);
    else if (subject == SUBJECT_DECLARATION)
        print_declared(out, verdict);
    else
        (void)fprintf(out,
            "VERIFIED, %s: %llu entries of organisation %s; %llu names and addresses "
            "disclosed, %llu erased.\nRoot: %s\n",
            verdict->is_anchored ? "ANCHORED by a checkpoint that you kept"
                                 : "UNANCHORED (give a checkpoint that you kept)",
            (unsigned long long)verdict->entries, verdict->organisation,
            (unsigned long long)verdict->disclosed, (unsigned long long)verdict->erased,
            verdict->root);
    if (!verdict->is_good)
        return;
    if (subject == SUBJECT_LOG) /* one entry tells nothing of the others */
        print_erased(out, verdict);
    print_restores(out, verdict);
}

static void (*const verifiers[])(FILE *, struct log_options *, struct log_verdict *) = {
    [SUBJECT_LOG] = log_verify,
    [SUBJECT_PROOF] = single_verify,
    [SUBJECT_DECLARATION] = declared_verify,
};

int main(int count, char **arguments)
{
    static struct request request; /* large; zeroed */
    struct log_verdict verdict;
    if (count == 2 && strcmp(arguments[1], "--help") == 0) {
        (void)fputs(help, stdout);
        return EXIT_VERIFIED;
    }
    int code = parse(arguments + 1, &request);
    if (code != EXIT_VERIFIED)
        return code;
    FILE *file = fopen(request.path, "re");
    if (!file) {
        (void)fprintf(stderr, "securemail-verify: %s: %s. Name a file that you may read.\n",
            request.path, strerror(errno));
        return EXIT_USAGE;
    }
    verifiers[request.subject](file, &request.options, &verdict);
    (void)fclose(file);
    FILE *out = request.options.prover ? stderr : stdout; /* the proof has standard output */
    if (request.is_json)
        print_json(out, &verdict);
    else
        print_words(out, &verdict, request.subject);
    if (verdict.is_good && request.options.prover && !prover_write(&request.prover, stdout))
        return usage("the log, or your checkpoint of it, has no such entry", "");
    if (verdict.is_unreadable)
        return EXIT_USAGE;
    return verdict.is_good ? EXIT_VERIFIED : EXIT_NOT_VERIFIED;
}
