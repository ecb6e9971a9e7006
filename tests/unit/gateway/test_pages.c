/* The list of pages, its files, and which form goes out. */
#include "services/gateway/pages.h"

#include "base/memory.h"
#include "tests/support/check.h"
#include "tests/support/pages.h"

#include <stdio.h>
#include <string.h>

static const struct pages_row page_row = {.path = "/m",
    .file = "m.html",
    .type = "text/html",
    .policy = "default-src 'self'",
    .has_br = true,
    .has_gzip = true,
    .content = "<p>page"};
static const struct pages_row script_row = {.path = "/assets/m-1.js",
    .file = "assets/m-1.js",
    .type = "text/javascript",
    .policy = "",
    .is_immutable = true,
    .has_br = true,
    .has_gzip = true,
    .content = "script"};

static enum sm_error load(const struct pages_row *rows, size_t count, struct pages **out)
{
    struct pages_folder folder DEFER(pages_folder_remove) = {{0}};
    TRY(pages_folder_make(rows, count, &folder));
    return pages_load(folder.path, out);
}

static enum sm_error loaded_one(struct pages_row row)
{
    struct pages *pages DEFER(pages_free) = NULL;
    return load(&row, 1, &pages);
}

/* --- the list --- */

static void what_is_listed_is_found_and_nothing_else(void **state)
{
    const struct pages_row rows[] = {page_row, script_row};
    struct pages *pages DEFER(pages_free) = NULL;
    (void)state;

    assert_ok(load(rows, 2, &pages));

    const struct page *page = pages_find(pages, "/m");
    const struct page *script = pages_find(pages, "/assets/m-1.js");
    assert_non_null(page);
    assert_non_null(script);
    assert_span(buffer_span(&page->forms[FORM_PLAIN]), "<p>page");
    assert_span(buffer_span(&page->forms[FORM_BR]), "br:<p>page");
    assert_span(buffer_span(&page->forms[FORM_GZIP]), "gzip:<p>page");
    assert_string_equal(page->type, "text/html");
    assert_string_equal(page->policy, "default-src 'self'");
    assert_false(page->is_immutable);
    assert_true(script->is_immutable);
    assert_int_equal(strlen(script->tag), PAGE_TAG_BYTES - 1);
    assert_string_not_equal(script->tag, page->tag);
    static const char *const others[] = {"", "/", "m", "/M", "/m/", "m.html", "/files.msgpack",
        "/assets/", "/assets/m-1.js.br", "/assets/../m.html", "/assets/m-1.jsx"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_null(pages_find(pages, others[i]));
}

static void a_folder_without_a_list_is_not_found(void **state)
{
    struct pages *pages DEFER(pages_free) = NULL;
    (void)state;
    assert_error(pages_load("/nowhere/at/all", &pages), SM_NOT_FOUND);
    assert_null(pages_find(NULL, "/m"));
}

static void what_is_no_list_is_refused(void **state)
{
    static const char *const wrong[] = {"", "{}", "\x80",
        "\x81\xa5"
        "files\x90",
        "\x81\xa5"
        "files\xc0",
        "\xdf\xff\xff\xff\xff"};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct pages_folder folder DEFER(pages_folder_remove) = {{0}};
        struct pages *pages DEFER(pages_free) = NULL;
        assert_ok(pages_folder_make(&page_row, 1, &folder));
        assert_ok(pages_folder_write(&folder, "files.msgpack", span_text(wrong[i])));
        assert_error(pages_load(folder.path, &pages), SM_CONFIG);
    }
}

static void a_file_that_is_not_what_the_list_says_is_refused(void **state)
{
    struct pages_row wrong_hash = page_row;
    struct pages_row missing = page_row;
    struct pages_row empty = page_row;
    (void)state;
    wrong_hash.has_wrong_hash = true;
    missing.is_file_missing = true;
    empty.content = "";
    assert_ok(loaded_one(page_row));
    assert_error(loaded_one(wrong_hash), SM_CONFIG);
    assert_error(loaded_one(missing), SM_CONFIG);
    assert_error(loaded_one(empty), SM_CONFIG);
}

static void a_missing_form_is_refused(void **state)
{
    static const char *const forms[] = {"m.html.br", "m.html.gz"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct pages_folder folder DEFER(pages_folder_remove) = {{0}};
        struct pages *pages DEFER(pages_free) = NULL;
        assert_ok(pages_folder_make(&page_row, 1, &folder));
        assert_ok(pages_folder_write(&folder, forms[i], span_text("")));
        assert_error(pages_load(folder.path, &pages), SM_CONFIG);
    }
}

/* The folder that a row points to is there, so only the rule itself refuses it. */
static void a_list_leads_nowhere_else(void **state)
{
    static const char *const files[] = {"../m.html", "assets/../../m.html", "/etc/hostname", ".."};
    struct pages_row bare = page_row;
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct pages_row row = page_row;
        row.file = files[i];
        row.is_file_missing = true;
        assert_error(loaded_one(row), SM_CONFIG);
    }
    bare.path = "m";
    assert_error(loaded_one(bare), SM_CONFIG);
}

static void a_header_of_two_lines_is_refused(void **state)
{
    struct pages_row type = page_row;
    struct pages_row policy = page_row;
    (void)state;
    type.type = "text/html\r\nX: y";
    policy.policy = "default-src 'self'\r\nX: y";
    assert_error(loaded_one(type), SM_CONFIG);
    assert_error(loaded_one(policy), SM_CONFIG);
}

static void too_many_and_too_large_are_refused(void **state)
{
    static struct pages_row many[PAGES_MAX + 1];
    static char large[PAGE_FILE_BYTES_MAX + 1];
    struct pages *pages DEFER(pages_free) = NULL;
    struct pages_row row = page_row;
    (void)state;
    for (size_t i = 0; i <= PAGES_MAX; i++)
        many[i] = page_row;
    assert_error(load(many, PAGES_MAX + 1, &pages), SM_CONFIG);
    assert_ok(load(many, PAGES_MAX, &pages));

    memset(large, 'x', sizeof large - 1);
    row.has_br = row.has_gzip = false;
    row.content = large;
    assert_error(loaded_one(row), SM_CONFIG);
    large[sizeof large - 2] = '\0';
    assert_ok(loaded_one(row));
}

/* --- forms --- */

static void the_best_form_that_is_accepted_goes_out(void **state)
{
    static const struct {
        const char *header;
        enum page_form form;
    } cases[] = {
        {"", FORM_PLAIN},
        {"br", FORM_BR},
        {"gzip", FORM_GZIP},
        {"gzip, deflate, br, zstd", FORM_BR},
        {"gzip,br", FORM_BR},
        {"gzip ; q=0.5 , br ;q=1.0", FORM_BR},
        {"br;q=0, gzip", FORM_GZIP},
        {"br;q=0.000,gzip;q=0", FORM_PLAIN},
        {"br;q=0.001", FORM_BR},
        {"BR, xgzip, brr, identity, *", FORM_PLAIN},
        {",,;,", FORM_PLAIN},
    };
    struct pages *pages DEFER(pages_free) = NULL;
    (void)state;
    assert_ok(load(&script_row, 1, &pages));
    const struct page *page = pages_find(pages, script_row.path);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(page_choose(page, span_text(cases[i].header)), cases[i].form);
}

static void a_form_that_is_not_there_is_not_chosen(void **state)
{
    struct pages_row row = script_row;
    struct pages *pages DEFER(pages_free) = NULL;
    (void)state;
    row.has_br = false;
    assert_ok(load(&row, 1, &pages));
    assert_int_equal(page_choose(pages_find(pages, row.path), span_text("br, gzip")), FORM_GZIP);
}

static void a_tag_is_known_by_its_form(void **state)
{
    struct pages *pages DEFER(pages_free) = NULL;
    char tag[200];
    (void)state;
    assert_ok(load(&script_row, 1, &pages));
    const struct page *page = pages_find(pages, script_row.path);

    (void)snprintf(tag, sizeof tag, "\"x\", W/\"%s-br\"", page->tag);
    assert_true(page_is_known(page, FORM_BR, span_text(tag)));
    assert_false(page_is_known(page, FORM_GZIP, span_text(tag)));
    assert_false(page_is_known(page, FORM_PLAIN, span_text(tag)));
    (void)snprintf(tag, sizeof tag, "\"%s\"", page->tag);
    assert_true(page_is_known(page, FORM_PLAIN, span_text(tag)));
    assert_false(page_is_known(page, FORM_BR, span_text(tag)));
    static const char *const others[] = {"", "*", "\"\"", "W/", ",", "\"x\""};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_false(page_is_known(page, FORM_PLAIN, span_text(others[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_listed_is_found_and_nothing_else),
        cmocka_unit_test(a_folder_without_a_list_is_not_found),
        cmocka_unit_test(what_is_no_list_is_refused),
        cmocka_unit_test(a_file_that_is_not_what_the_list_says_is_refused),
        cmocka_unit_test(a_missing_form_is_refused),
        cmocka_unit_test(a_list_leads_nowhere_else),
        cmocka_unit_test(a_header_of_two_lines_is_refused),
        cmocka_unit_test(too_many_and_too_large_are_refused),
        cmocka_unit_test(the_best_form_that_is_accepted_goes_out),
        cmocka_unit_test(a_form_that_is_not_there_is_not_chosen),
        cmocka_unit_test(a_tag_is_known_by_its_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
