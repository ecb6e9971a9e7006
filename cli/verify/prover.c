/* Keeps what the proof needs while the walk goes by. Everything was verified before it is kept. */
#include "cli/verify/prover.h"

#include "cli/verify/walk.h"

#include <string.h>

static void keep(struct slice value, char *out, size_t room)
{
    size_t size =
        value.size < room ? value.size : 0; /* the header's line was shorter than any room */
    memcpy(out, value.at, size);
    out[size] = '\0';
}

/* Of a kept note: its newlines, the only thing in it that JSON escapes. */
static void keep_note(const char *note, char *out)
{
    size_t used = 0;
    out[used++] = '"';
    for (; *note; note++) {
        if (*note != '\n') {
            out[used++] = *note;
            continue;
        }
        out[used++] = '\\';
        out[used++] = 'n';
    }
    out[used++] = '"';
    out[used] = '\0';
}

void prover_begin(struct prover *prover, struct walk *walk, const struct object *header)
{
    struct slice keys;
    bool has_kept = walk->options->kept_count > 0;
    prover->size = has_kept ? walk->options->kept[0].note.size : walk->last_seq;
    if (object_member(header, "keys", &keys))
        keep(keys, prover->keys, sizeof prover->keys);
    if (has_kept)
        keep_note(walk->options->kept[0].text, prover->note);
    memcpy(prover->organisation, walk->verdict->organisation, sizeof prover->organisation);
    walk->tree.path = &prover->path;
}

void prover_take(struct prover *prover, struct walk *walk, struct slice line)
{
    if (walk->tree.size == prover->path.seq) {
        memcpy(prover->line, line.at, line.size);
        prover->line_size = line.size;
    }
    if (walk->tree.size != prover->size)
        return;
    walk->tree.path = NULL;
    prover->is_whole = prover->line_size > 0;
    struct proof_tree tree = walk->tree; /* the walk goes on with its own */
    tree.path = &prover->path;
    if (prover->is_whole)
        proof_tree_finish_path(&tree);
}

void prover_end(struct prover *prover, const struct object *footer)
{
    struct slice note;
    if (!*prover->note && object_member(footer, "note", &note))
        keep(note, prover->note, sizeof prover->note);
}

static void write_hashes(const struct proof_path *path, FILE *file)
{
    for (size_t i = 0; i < path->count; i++) {
        (void)fputs(i ? ",\"" : "\"", file);
        for (size_t at = 0; at < PROOF_HASH_BYTES; at++)
            (void)fprintf(file, "%02x", path->siblings[i].bytes[at]);
        (void)fputc('"', file);
    }
}

bool prover_write(const struct prover *prover, FILE *file)
{
    struct object line;
    struct slice entry;
    struct slice disclosures;
    object_read((struct slice){prover->line, prover->line_size}, &line);
    if (!prover->is_whole || !object_member(&line, "entry", &entry))
        return false;
    (void)fputc('{', file);
    if (object_member(&line, "disclosures", &disclosures))
        (void)fprintf(file, "\"disclosures\":%.*s,", (int)disclosures.size, disclosures.at);
    (void)fprintf(file, "\"entry\":%.*s,\"format\":\"securemail-audit-proof\",\"hashes\":[",
        (int)entry.size, entry.at);
    write_hashes(&prover->path, file);
    (void)fprintf(file,
        "],\"keys\":%s,\"note\":%s,\"organisation\":\"%s\",\"seq\":%llu,\"type\":\"proof\","
        "\"version\":1}\n",
        prover->keys, prover->note, prover->organisation, (unsigned long long)prover->path.seq);
    return fflush(file) == 0;
}
