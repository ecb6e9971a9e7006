/*
 * Hostile bytes as the proof of one entry, and as a mail that holds a checkpoint: the verifier
 * answers in our own words, accepts nothing that nobody signed, and what it finds in a mail is a
 * note that it finds again in the note alone.
 */
#include "cli/verify/mailed.h"
#include "cli/verify/single.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_true)
{
    if (!is_true)
        abort();
}

static FILE *opened(const void *data, size_t size)
{
    FILE *file = fmemopen((void *)(uintptr_t)data, size, "r");
    demand(file != NULL);
    return file;
}

/* An auditor's key that nobody has: good can only be what does not look at it. */
static void look_at_proof(const uint8_t *data, size_t size)
{
    static struct log_options options;
    struct log_verdict verdict;
    memset(&options, 0, sizeof options);
    options.has_key = true;
    options.public_key[0] = 1;
    FILE *file = opened(data, size);
    single_verify(file, &options, &verdict);
    (void)fclose(file);
    demand(!verdict.is_good && verdict.remedy && verdict.reason[0]);
    for (const char *at = verdict.reason; *at; at++)
        demand(*at >= 0x20 && *at < 0x7f);
}

static void look_at_path(const uint8_t *data, size_t size)
{
    struct proof_path path = {0};
    struct proof_hash root;
    uint64_t tree_size;
    if (size < 2 * sizeof tree_size)
        return;
    memcpy(&path.seq, data, sizeof path.seq);
    memcpy(&tree_size, data + sizeof path.seq, sizeof tree_size);
    path.count = (size - 16) / PROOF_HASH_BYTES;
    if (path.count > PROOF_PEAKS_MAX)
        path.count = PROOF_PEAKS_MAX;
    memcpy(path.siblings, data + 16, path.count * PROOF_HASH_BYTES);
    if (proof_path_root(&path, (struct slice){"x", 1}, tree_size, &root))
        demand(path.seq >= 1 && path.seq <= tree_size);
}

static void look_at_mail(const uint8_t *data, size_t size)
{
    char once[PROOF_NOTE_MAX];
    char twice[PROOF_NOTE_MAX];
    FILE *file = opened(data, size);
    enum mailed found = mailed_read(file, once);
    (void)fclose(file);
    if (found != MAILED_FOUND)
        return;
    file = opened(once, strlen(once));
    demand(mailed_read(file, twice) == MAILED_FOUND);
    (void)fclose(file);
    demand(strcmp(once, twice) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    look_at_proof(data, size);
    look_at_path(data, size);
    look_at_mail(data, size);
    return 0;
}
