/*
 * Hostile bytes as the answer of an object server: a listing, a refusal, the list of an object's
 * blocks. Whatever is accepted has no gap, no byte twice, no key of other letters, and a list is
 * written again as it was read.
 */
#include "base/memory.h"
#include "store/block.h"
#include "store/s3_answer.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_true)
{
    if (!is_true)
        abort();
}

struct seen {
    unsigned count;
    struct span before;
};

static enum sm_error see(void *context, struct span key, uint64_t size)
{
    struct seen *seen = context;
    demand(key.size > 0 && key.size <= S3_KEY_BYTES_MAX && size < UINT64_C(1000000000000000));
    for (size_t i = 0; i < key.size; i++)
        demand(key.at[i] == '-' || key.at[i] == '/' || (key.at[i] >= '0' && key.at[i] <= '9') ||
               (key.at[i] >= 'a' && key.at[i] <= 'z'));
    demand(!span_equal(key, seen->before));
    seen->before = key;
    seen->count++;
    return SM_OK;
}

static void look_at_listing(struct span xml)
{
    struct seen seen = {0};
    bool is_more = false;
    enum sm_error error = s3_answer_list(xml, span_text("a"), see, &seen, &is_more);
    demand(error == SM_OK || error == SM_BAD_FORMAT);
    demand(seen.count <= S3_KEYS_MAX && (error != SM_OK || !is_more || seen.count > 0));
    struct span code = s3_answer_code(xml);
    demand(code.size <= xml.size);
    (void)s3_answer_keeps_versions(xml);
}

/* Each byte of the run stands in the block that is said to have it. */
static void walk(const struct run *run)
{
    for (uint64_t at = 0; at < run->size;) {
        uint32_t from = 0;
        const struct piece *piece = run_find(run, at, &from);
        demand(piece && from >= piece->skip && from < piece->block.size);
        demand(piece->block.offset + from == at);
        at = piece->block.offset + piece->block.size;
    }
}

static void look_at_list(struct span text)
{
    struct run run DEFER(run_free) = {0};
    struct buffer again DEFER(buffer_free) = BUFFER(BLOCK_LIST_BYTES_MAX);
    struct id upload;
    if (run_read(text, &upload, &run) != SM_OK)
        return;
    walk(&run);
    demand(run_write(&run, upload, &again) == SM_OK);
    demand(span_equal(buffer_span(&again), text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    look_at_listing(span_of(data, size));
    look_at_list(span_of(data, size));
    return 0;
}
