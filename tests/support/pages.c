/* The folder, file by file. */
#include "tests/support/pages.h"

#include "base/memory.h"
#include "envelope/kdf.h"
#include "proto/field.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { ROWS_MAX = 300, NAME_BYTES_MAX = 256, CONTENT_BYTES_MAX = 8 * 1024 * 1024 };

struct row {
    struct span path, file, type, policy, sha256;
    bool is_immutable, has_br, has_gzip;
};
struct rows {
    struct list files;
};

/* clang-format off */
FIELDS_LOCAL(row_fields, struct row,
    F_TEXT(struct row, path, 0, 1000, ""), F_TEXT(struct row, file, 0, 1000, ""),
    F_TEXT(struct row, type, 0, 1000, ""), F_TEXT(struct row, policy, 0, 2000, ""),
    F_BOOL(struct row, is_immutable, ""), F_BOOL(struct row, has_br, ""), F_BOOL(struct row, has_gzip, ""),
    F_BYTES(struct row, sha256, 0, 100, ""));
FIELDS_LOCAL(rows_fields, struct rows, F_LIST(struct rows, files, 0, ROWS_MAX, row_fields, ""));
/* clang-format on */

static void file_close(FILE **file)
{
    if (*file)
        (void)fclose(*file);
}

enum sm_error pages_folder_write(
    const struct pages_folder *folder, const char *name, struct span content)
{
    char path[NAME_BYTES_MAX];
    (void)snprintf(path, sizeof path, "%s/%s", folder->path, name);
    FILE *file DEFER(file_close) = fopen(path, "we");
    if (!file)
        return SM_IO;
    return fwrite(content.at, 1, content.size, file) == content.size ? SM_OK : SM_IO;
}

static enum sm_error write_form(const struct pages_folder *folder, const struct pages_row *row,
    const char *ending, const char *before)
{
    char name[NAME_BYTES_MAX];
    struct buffer content DEFER(buffer_free) = BUFFER(CONTENT_BYTES_MAX);
    (void)snprintf(name, sizeof name, "%s%s", row->file, ending);
    TRY(buffer_append_text(&content, before));
    TRY(buffer_append_text(&content, row->content));
    return pages_folder_write(folder, name, buffer_span(&content));
}

static enum sm_error write_row(
    const struct pages_folder *folder, const struct pages_row *row, uint8_t *hash, struct row *out)
{
    const char *hashed = row->has_wrong_hash ? "something else" : row->content;
    *out = (struct row){span_text(row->path), span_text(row->file), span_text(row->type),
        span_text(row->policy), span_of(hash, KDF_SHA256_BYTES), row->is_immutable, row->has_br,
        row->has_gzip};
    TRY(kdf_sha256(span_text(hashed), hash));
    if (row->is_file_missing)
        return SM_OK;
    TRY(write_form(folder, row, "", ""));
    if (row->has_br)
        TRY(write_form(folder, row, ".br", "br:"));
    return row->has_gzip ? write_form(folder, row, ".gz", "gzip:") : SM_OK;
}

enum sm_error pages_folder_make(
    const struct pages_row *rows, size_t count, struct pages_folder *out)
{
    static uint8_t hashes[ROWS_MAX][KDF_SHA256_BYTES];
    static struct row written[ROWS_MAX];
    char assets[NAME_BYTES_MAX];
    struct buffer list DEFER(buffer_free) = BUFFER(CONTENT_BYTES_MAX);
    const struct rows message = {{written, count}};
    (void)snprintf(out->path, sizeof out->path, "/tmp/sm-pages-XXXXXX");
    if (count > ROWS_MAX || !mkdtemp(out->path))
        return SM_IO;
    (void)snprintf(assets, sizeof assets, "%s/assets", out->path);
    if (mkdir(assets, 0700) != 0)
        return SM_IO;
    for (size_t i = 0; i < count; i++)
        TRY(write_row(out, &rows[i], hashes[i], &written[i]));
    TRY(fields_encode(&rows_fields, &message, &list));
    return pages_folder_write(out, "files.msgpack", buffer_span(&list));
}

void pages_folder_remove(struct pages_folder *folder)
{
    char command[NAME_BYTES_MAX];
    if (!*folder->path)
        return;
    (void)snprintf(command, sizeof command, "rm -rf '%s'", folder->path);
    if (system(command) != 0)
        (void)fprintf(stderr, "left: %s\n", folder->path);
}
