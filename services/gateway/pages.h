/*
 * The pages and what they load, as web/build.mjs made them: read once at start into memory, and
 * nothing else is ever served. A path is asked for, not a file: no request names a file's path.
 *
 * The folder holds files.msgpack, a map in proto/field.h's strict form that lists every path with
 * its file, type, policy and SHA-256; a file that is not what the list says stops the start. Where
 * there is no list at all, the gateway says so once and serves its plain page.
 *
 * Read-only after start, so that every thread may look.
 */
#ifndef SM_GATEWAY_PAGES_H
#define SM_GATEWAY_PAGES_H

#include "base/buffer.h"

enum {
    PAGES_MAX = 256,
    PAGE_PATH_BYTES_MAX = 100,
    PAGE_FILE_BYTES_MAX = 4 * 1024 * 1024, /* of one file in one form */
    PAGES_BYTES_MAX = 64 * 1024 * 1024,    /* of all of them */
    PAGES_LIST_BYTES_MAX = 256 * 1024,
    PAGE_POLICY_BYTES_MAX = 1000,
    PAGE_TAG_BYTES = 32 + 1, /* hexadecimal, and a NUL */
};

/* In the order of preference. */
enum page_form { FORM_BR, FORM_GZIP, FORM_PLAIN, FORM_COUNT };

struct page {
    const char *path, *type, *policy; /* policy: "" for none of its own */
    char tag[PAGE_TAG_BYTES];         /* names the content */
    bool is_immutable;                /* its name changes with its content */
    struct buffer forms[FORM_COUNT];  /* an absent form is empty */
};

struct pages;

/*
 * Reads the folder. SM_NOT_FOUND when it has no list; SM_CONFIG, with a line in the log, when list
 * or files are not what they should be. The caller owns *out.
 */
SM_MUST_USE enum sm_error pages_load(const char *folder, struct pages **out);
void pages_free(struct pages **pages);

/* The page of a path, NULL when there is none. It lives as long as `pages`, which may be NULL. */
const struct page *pages_find(const struct pages *pages, const char *path);

/* The best form that an Accept-Encoding header allows (empty: none was sent). */
enum page_form page_choose(const struct page *page, struct span accept_encoding);

/* The word for Content-Encoding; NULL for FORM_PLAIN. */
const char *page_form_name(enum page_form form);

/* Whether an If-None-Match header names this form of the page. */
bool page_is_known(const struct page *page, enum page_form form, struct span if_none_match);

#endif
