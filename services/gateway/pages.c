/* Reading the list and its files; choosing a form. Serving is page.c's. */
#include "services/gateway/pages.h"

#include "base/encode.h"
#include "base/log.h"
#include "base/memory.h"
#include "envelope/kdf.h"
#include "proto/field.h"
#include "proto/limits.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { NAME_BYTES_MAX = 1024, READ_BYTES = 64 * 1024, TAG_HASH_BYTES = (PAGE_TAG_BYTES - 1) / 2 };

static const char list_name[] = "files.msgpack";

struct pages {
    struct page *at;
    size_t count;
    size_t bytes; /* of all forms */
    struct arena arena;
};

/* --- the list --- */

struct listed {
    struct span path, file, type, policy, sha256;
    bool is_immutable, has_br, has_gzip;
};
struct page_list {
    struct list files; /* of struct listed */
};

/* clang-format off */
FIELDS_LOCAL(listed_file, struct listed,
    F_LINE(struct listed, path, 1, PAGE_PATH_BYTES_MAX, "as it is asked for"),
    F_LINE(struct listed, file, 1, PAGE_PATH_BYTES_MAX, "in the folder"),
    F_LINE(struct listed, type, 1, MEDIA_TYPE_BYTES_MAX, "its Content-Type"),
    F_LINE(struct listed, policy, 0, PAGE_POLICY_BYTES_MAX, "its Content-Security-Policy; empty: everybody's"),
    F_BOOL(struct listed, is_immutable, "its name changes with its content"),
    F_BOOL(struct listed, has_br, "a form with .br behind its name is there"),
    F_BOOL(struct listed, has_gzip, "a form with .gz behind its name is there"),
    F_BYTES(struct listed, sha256, SHA256_BYTES, SHA256_BYTES, "of the plain form"));
FIELDS_LOCAL(page_list, struct page_list,
    F_LIST(struct page_list, files, 1, PAGES_MAX, listed_file, "all that is served"));
/* clang-format on */

static enum sm_error fault(const char *name, const char *cause)
{
    log_line(LOG_ERROR, "pages", "file", name, "cause", cause, NULL);
    return SM_CONFIG;
}

static void file_close(FILE **file)
{
    if (*file)
        (void)fclose(*file);
}

static enum sm_error read_file(const char *name, struct buffer *out)
{
    FILE *file DEFER(file_close) = fopen(name, "re");
    if (!file)
        return errno == ENOENT ? SM_NOT_FOUND : fault(name, strerror(errno));
    for (;;) {
        size_t before = out->size;
        uint8_t *room = NULL;
        size_t left = out->size_max - before;
        if (left == 0)
            return fault(name, "the file is too large");
        TRY(buffer_extend(out, left < READ_BYTES ? left : READ_BYTES, &room));
        size_t got = fread(room, 1, out->size - before, file);
        buffer_truncate(out, before + got);
        if (got == 0)
            return ferror(file) ? fault(name, "the file cannot be read") : SM_OK;
    }
}

/* --- the files --- */

/* One file of the folder, from a list that we made and still do not let out of the folder. */
static bool is_inside(struct span file)
{
    for (size_t i = 0; i < file.size; i++)
        if (file.at[i] == '.' && i + 1 < file.size && file.at[i + 1] == '.')
            return false;
    return file.at[0] != '/';
}

static enum sm_error load_form(struct pages *pages, const char *folder, struct span file,
    const char *ending, struct buffer *out)
{
    char name[NAME_BYTES_MAX];
    (void)snprintf(name, sizeof name, "%s/%.*s%s", folder, SPAN_PRINT(file), ending);
    *out = BUFFER(PAGE_FILE_BYTES_MAX);
    enum sm_error error = read_file(name, out);
    if (error == SM_NOT_FOUND || (error == SM_OK && out->size == 0))
        return fault(
            name, "the list names it, and it is not there or empty: build the pages again");
    TRY(error);
    pages->bytes += out->size;
    return pages->bytes <= PAGES_BYTES_MAX ? SM_OK
                                           : fault(name, "the pages are too large together");
}

static enum sm_error keep_text(struct arena *arena, struct span text, const char **out)
{
    void *copy = NULL;
    TRY(arena_take(arena, text.size + 1, 1, &copy));
    if (text.size)
        memcpy(copy, text.at, text.size);
    *out = copy;
    return SM_OK;
}

static enum sm_error check_hash(const struct page *page, struct span sha256, char *tag)
{
    uint8_t hash[KDF_SHA256_BYTES];
    TRY(kdf_sha256(buffer_span(&page->forms[FORM_PLAIN]), hash));
    if (!span_equal(SPAN(hash), sha256))
        return fault(
            page->path, "its file is not the one that the list names: build the pages again");
    hex_encode(span_of(hash, TAG_HASH_BYTES), tag);
    return SM_OK;
}

static enum sm_error load_page(
    struct pages *pages, const char *folder, const struct listed *listed, struct page *page)
{
    TRY(keep_text(&pages->arena, listed->path, &page->path));
    TRY(keep_text(&pages->arena, listed->type, &page->type));
    TRY(keep_text(&pages->arena, listed->policy, &page->policy));
    page->is_immutable = listed->is_immutable;
    if (page->path[0] != '/' || !is_inside(listed->file))
        return fault(page->path, "a path begins with /, and a file lies in the folder");
    TRY(load_form(pages, folder, listed->file, "", &page->forms[FORM_PLAIN]));
    if (listed->has_br)
        TRY(load_form(pages, folder, listed->file, ".br", &page->forms[FORM_BR]));
    if (listed->has_gzip)
        TRY(load_form(pages, folder, listed->file, ".gz", &page->forms[FORM_GZIP]));
    return check_hash(page, listed->sha256, page->tag);
}

static enum sm_error load_all(struct pages *pages, const char *folder, const struct page_list *list)
{
    void *room = NULL;
    TRY(memory_zeroed(list->files.count, sizeof(struct page), &room));
    pages->at = room;
    for (; pages->count < list->files.count; pages->count++) {
        const struct listed *listed = LIST_AT(struct listed, list->files, pages->count);
        struct page *page = &pages->at[pages->count];
        enum sm_error error = load_page(pages, folder, listed, page);
        if (error != SM_OK) {
            pages->count++; /* what it has is freed with the others */
            return error;
        }
    }
    return SM_OK;
}

static enum sm_error read_list(
    const char *folder, struct buffer *bytes, struct arena *arena, struct page_list *out)
{
    char name[NAME_BYTES_MAX];
    if (snprintf(name, sizeof name, "%s/%s", folder, list_name) + PAGE_PATH_BYTES_MAX >=
        NAME_BYTES_MAX)
        return fault(folder, "the folder's name is too long");
    TRY(read_file(name, bytes));
    enum sm_error error = fields_decode(&page_list, buffer_span(bytes), arena, out);
    return error == SM_OK ? SM_OK : fault(name, "this is not a list of pages: build them again");
}

enum sm_error pages_load(const char *folder, struct pages **out)
{
    struct buffer bytes DEFER(buffer_free) = BUFFER(PAGES_LIST_BYTES_MAX);
    struct arena arena DEFER(arena_free) = ARENA(PAGES_LIST_BYTES_MAX);
    struct page_list list = {0};
    TRY(read_list(folder, &bytes, &arena, &list));
    struct pages *pages DEFER(pages_free) = NULL;
    TRY(memory_zeroed(1, sizeof *pages, (void **)&pages));
    pages->arena = ARENA((size_t)2 * PAGES_LIST_BYTES_MAX);
    TRY(load_all(pages, folder, &list));
    *out = TAKE(pages);
    return SM_OK;
}

void pages_free(struct pages **pages)
{
    struct pages *it = *pages;
    if (!it)
        return;
    for (size_t i = 0; i < it->count; i++)
        for (size_t form = 0; form < FORM_COUNT; form++)
            buffer_free(&it->at[i].forms[form]);
    memory_free(&it->at);
    arena_free(&it->arena);
    memory_free(pages);
}

const struct page *pages_find(const struct pages *pages, const char *path)
{
    for (size_t i = 0; pages && i < pages->count; i++)
        if (strcmp(pages->at[i].path, path) == 0)
            return &pages->at[i];
    return NULL;
}

/* --- forms --- */

static const char *const form_names[FORM_COUNT] = {[FORM_BR] = "br", [FORM_GZIP] = "gzip"};

const char *page_form_name(enum page_form form)
{
    return form_names[form];
}

static struct span trimmed(struct span text)
{
    while (text.size && (text.at[0] == ' ' || text.at[0] == '\t'))
        text = span_slice(text, 1, text.size);
    while (text.size && (text.at[text.size - 1] == ' ' || text.at[text.size - 1] == '\t'))
        text = span_slice(text, 0, text.size - 1);
    return text;
}

/* Cuts the text before the next `mark` off *left, and the mark with it. */
static struct span next_item(struct span *left, char mark)
{
    const uint8_t *at = left->size ? memchr(left->at, mark, left->size) : NULL;
    size_t size = at ? (size_t)(at - left->at) : left->size;
    struct span item = span_slice(*left, 0, size);
    *left = span_slice(*left, at ? size + 1 : size, left->size);
    return trimmed(item);
}

/* "q=0", "q=0.0" ...: named in order to be refused. */
static bool is_refusal(struct span weight)
{
    if (weight.size < 3 || !span_equals_text(span_slice(weight, 0, 3), "q=0"))
        return false;
    for (size_t i = 3; i < weight.size; i++)
        if (weight.at[i] != '0' && weight.at[i] != '.')
            return false;
    return true;
}

static bool accepts(struct span header, const char *name)
{
    while (header.size) {
        struct span weight = next_item(&header, ',');
        struct span coding = next_item(&weight, ';');
        if (span_equals_text(coding, name))
            return !is_refusal(trimmed(weight));
    }
    return false;
}

enum page_form page_choose(const struct page *page, struct span accept_encoding)
{
    for (enum page_form form = FORM_BR; form < FORM_PLAIN; form++)
        if (page->forms[form].size && accepts(accept_encoding, form_names[form]))
            return form;
    return FORM_PLAIN;
}

bool page_is_known(const struct page *page, enum page_form form, struct span if_none_match)
{
    char own[PAGE_TAG_BYTES + 16];
    const char *name = page_form_name(form);
    (void)snprintf(own, sizeof own, "\"%s%s%s\"", page->tag, name ? "-" : "", name ? name : "");
    while (if_none_match.size) {
        struct span tag = next_item(&if_none_match, ',');
        if (span_equals_text(span_slice(tag, 0, 2), "W/"))
            tag = span_slice(tag, 2, tag.size);
        if (span_equals_text(tag, own))
            return true;
    }
    return false;
}
