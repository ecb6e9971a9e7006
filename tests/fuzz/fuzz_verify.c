/*
 * Hostile bytes as an exported log: the verifier answers, names a line and a remedy, and says of
 * nothing that it is good unless a second look says the same. The same bytes then go to the parts
 * that a wrong hash keeps the walk from: JSON, shapes and signed notes.
 */
#include "cli/verify/log.h"
#include "cli/verify/shape.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct log_verdict verify(const uint8_t *data, size_t size)
{
    static struct log_options options;
    struct log_verdict verdict;
    memset(&options, 0, sizeof options);
    FILE *file = fmemopen((void *)(uintptr_t)data, size, "r");
    if (!file)
        abort();
    log_verify(file, &options, &verdict);
    (void)fclose(file);
    return verdict;
}

/* What may be printed are digits, and our own words. */
static void check_words(const struct log_verdict *verdict)
{
    if (verdict->is_good)
        return;
    if (!verdict->remedy || !verdict->reason[0])
        abort();
    for (const char *at = verdict->reason; *at; at++)
        if (*at < 0x20 || *at > 0x7e)
            abort();
    if (strspn(verdict->organisation, "0123456789abcdef") != strlen(verdict->organisation))
        abort();
}

/* Members by the walk over pairs and by name are the same. */
static void look_at_members(struct slice text)
{
    struct object object;
    struct slice key;
    struct slice value;
    struct slice found;
    char name[64];
    size_t state = 0;
    while (slice_pair(text, &state, &key, &value))
        if (slice_text(key, name, sizeof name) && slice_name_is(key, name) &&
            slice_member(text, name, &found) && (found.at != value.at || found.size != value.size))
            abort();
    object_read(text, &object);
    (void)shape_fits(&object, shape_entry);
    state = 0;
    while (slice_item(text, &state, &value))
        ;
}

static void look_at_note(const uint8_t *data, size_t size)
{
    static const uint8_t key[PROOF_HASH_BYTES] = {1};
    char text[PROOF_NOTE_MAX];
    struct proof_note note;
    size_t used = size < sizeof text - 1 ? size : sizeof text - 1;
    memcpy(text, data, used);
    text[used] = '\0';
    if (proof_note_read(text, key, &note))
        abort(); /* nobody signs with this key */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = {(const char *)data, size};
    if (size == 0)
        return 0;
    struct log_verdict verdict = verify(data, size);
    check_words(&verdict);
    if (verdict.is_good != verify(data, size).is_good)
        abort();
    look_at_members(text);
    look_at_note(data, size);
    return 0;
}
