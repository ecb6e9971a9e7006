/* HPKE gives the key, the chunked format does the rest. */
#include "cli/backup_seal.h"

#include "base/memory.h"
#include "base/secret.h"
#include "cli/file.h"
#include "envelope/chunked.h"
#include "envelope/hpke.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const char magic[] = "securemail-backup/1\n";
static const char info[] = "securemail/1 backup";
static const char export_context[] = "securemail/1 backup key";

enum {
    MAGIC_BYTES = sizeof magic - 1,
    HEAD_BYTES = MAGIC_BYTES + HPKE_ENC_BYTES,
    BLOCK_BYTES = 256 * 1024,
    OUT_BYTES_MAX = 2 * BLOCK_BYTES,
};

static enum sm_error add_field(struct buffer *context, struct span bytes)
{
    TRY(buffer_append_be(context, bytes.size, 2));
    return buffer_append(context, bytes);
}

static enum sm_error context_of(const struct backup_part *part, struct buffer *out)
{
    if (part->name.size == 0 || part->name.size > BACKUP_NAME_BYTES_MAX)
        return SM_BAD_VALUE;
    TRY(add_field(out, span_text(info)));
    TRY(add_field(out, id_span(&part->backup)));
    return add_field(out, part->name);
}

/* As many as there are, up to `size`; fewer only at the end. */
static enum sm_error read_block(int in, uint8_t *out, size_t size, size_t *got)
{
    for (*got = 0; *got < size;) {
        ssize_t count = read(in, out + *got, size - *got);
        if (count < 0 && errno != EINTR)
            return SM_IO;
        if (count == 0)
            break;
        *got += count > 0 ? (size_t)count : 0;
    }
    return SM_OK;
}

static enum sm_error write_out(int out, struct buffer *bytes)
{
    enum sm_error error = out < 0 ? SM_OK : file_write(out, buffer_span(bytes));
    buffer_clear(bytes);
    return error;
}

/* --- sealing --- */

static enum sm_error seal_stream(struct chunked_sealer *sealer, int in, int out)
{
    static uint8_t block[BLOCK_BYTES]; /* one thread, one stream */
    struct buffer sealed DEFER(buffer_free) = BUFFER(OUT_BYTES_MAX);
    for (size_t got = BLOCK_BYTES; got == BLOCK_BYTES;) {
        TRY(read_block(in, block, BLOCK_BYTES, &got));
        TRY(chunked_seal_push(sealer, span_of(block, got), &sealed));
        TRY(write_out(out, &sealed));
    }
    TRY(chunked_seal_finish(sealer, &sealed));
    return write_out(out, &sealed);
}

enum sm_error backup_seal(struct span receiver, const struct backup_part *part, int in, int out)
{
    struct hpke *hpke DEFER(hpke_free) = NULL;
    struct chunked_sealer *sealer DEFER(chunked_sealer_free) = NULL;
    struct secret *key DEFER(secret_free) = NULL;
    struct buffer context DEFER(buffer_free) = BUFFER(CHUNKED_CONTEXT_BYTES_MAX);
    uint8_t head[HEAD_BYTES];
    memcpy(head, magic, MAGIC_BYTES);
    TRY(context_of(part, &context));
    TRY(hpke_send(receiver, span_text(info), head + MAGIC_BYTES, &hpke));
    TRY(secret_new(CHUNKED_KEY_BYTES, &key));
    TRY(hpke_export(hpke, span_text(export_context), secret_bytes(key), CHUNKED_KEY_BYTES));
    TRY(chunked_sealer_new(secret_span(key), buffer_span(&context), &sealer));
    TRY(file_write(out, SPAN(head)));
    return seal_stream(sealer, in, out);
}

/* --- opening --- */

static enum sm_error open_stream(struct chunked_opener *opener, int in, int out)
{
    static uint8_t block[BLOCK_BYTES];
    struct buffer opened DEFER(buffer_free) = BUFFER(OUT_BYTES_MAX);
    for (size_t got = BLOCK_BYTES; got == BLOCK_BYTES;) {
        TRY(read_block(in, block, BLOCK_BYTES, &got));
        TRY(chunked_open_push(opener, span_of(block, got), &opened));
        TRY(write_out(out, &opened));
    }
    TRY(chunked_open_finish(opener, &opened));
    return write_out(out, &opened);
}

enum sm_error backup_open(
    const struct p256_key *key, const struct backup_part *part, int in, int out)
{
    struct hpke *hpke DEFER(hpke_free) = NULL;
    struct chunked_opener *opener DEFER(chunked_opener_free) = NULL;
    struct secret *input DEFER(secret_free) = NULL;
    struct buffer context DEFER(buffer_free) = BUFFER(CHUNKED_CONTEXT_BYTES_MAX);
    uint8_t head[HEAD_BYTES];
    size_t got;
    TRY(context_of(part, &context));
    TRY(read_block(in, head, sizeof head, &got));
    if (got < sizeof head || memcmp(head, magic, MAGIC_BYTES) != 0)
        return SM_BAD_FORMAT;
    TRY(hpke_receive(key, span_of(head + MAGIC_BYTES, HPKE_ENC_BYTES), span_text(info), &hpke));
    TRY(secret_new(CHUNKED_KEY_BYTES, &input));
    TRY(hpke_export(hpke, span_text(export_context), secret_bytes(input), CHUNKED_KEY_BYTES));
    TRY(chunked_opener_new(secret_span(input), buffer_span(&context), &opener));
    return open_stream(opener, in, out);
}
