/*
 * The verifier against a log that was written by hand: what is whole verifies, and every way to
 * tamper with it is named by its line. Whatever bytes come, it answers, in little memory.
 */
#include "tests/unit/verify/book.inc"

static struct book book;

static int write_book(void **state)
{
    (void)state;
    book_write(&book, &usual_plot);
    return 0;
}

static struct log_options kept_options(const char *note)
{
    struct log_options options = {.kept_count = 1};
    options.kept[0].path = "kept.note";
    (void)snprintf(options.kept[0].text, sizeof options.kept[0].text, "%s", note);
    return options;
}

static void assert_good(const struct log_verdict *verdict)
{
    assert_string_equal(verdict->is_good ? "" : verdict->reason, "");
}

static void assert_named(const struct log_verdict *verdict, uint64_t line, const char *words)
{
    assert_false(verdict->is_good);
    if (!strstr(verdict->reason, words))
        assert_string_equal(verdict->reason, words);
    assert_int_equal(verdict->line, line);
    assert_non_null(verdict->remedy);
    assert_true(strlen(verdict->remedy) > 20);
}

/* --- whole --- */

static void a_whole_log_verifies(void **state)
{
    (void)state;
    struct log_verdict verdict = verify_book(&book, NULL);

    assert_good(&verdict);
    assert_int_equal(verdict.entries, 5);
    assert_int_equal(verdict.disclosed, 2);
    assert_int_equal(verdict.erased, 1);
    assert_string_equal(verdict.organisation, book_organisation);
    assert_false(verdict.is_anchored);
}

static void a_kept_checkpoint_anchors_it(void **state)
{
    (void)state;
    struct log_options options = kept_options(book.kept);
    struct log_verdict verdict = verify_book(&book, &options);
    assert_good(&verdict);
    assert_true(verdict.is_anchored);
}

static void the_key_from_elsewhere_is_the_log_s(void **state)
{
    (void)state;
    struct log_options options = {.has_key = true};
    char quoted[2 * PROOF_HASH_BYTES + 3];
    (void)snprintf(quoted, sizeof quoted, "\"%s\"", book.public_key);
    assert_true(slice_hex((struct slice){quoted, strlen(quoted)}, options.public_key, 32));
    struct log_verdict verdict = verify_book(&book, &options);
    assert_good(&verdict);

    options.public_key[0] ^= 1;
    verdict = verify_book(&book, &options);
    assert_named(&verdict, 1, "another key than the one you gave");
}

static void erased_values_are_no_fault(void **state)
{
    (void)state;
    const char *list = strstr(book.lines[3], "\"disclosures\"");
    char all[BOOK_LINE_BYTES];
    (void)snprintf(all, sizeof all, "%.*s", (int)(strstr(list, "\"entry\"") - list), list);
    book_replace(&book, 4, all, "");
    struct log_verdict verdict = verify_book(&book, NULL);

    assert_good(&verdict);
    assert_int_equal(verdict.disclosed, 0);
    assert_int_equal(verdict.erased, 3);
}

/* --- lines moved --- */

static void a_deleted_entry_is_named(void **state)
{
    static const struct {
        size_t deleted;
        uint64_t named;
        const char *words;
    } cases[] = {
        {2, 2, "entry 1 is missing"},
        {3, 3, "entry 2 is missing"},
        {6, 6, "entry 4 is missing"},
        {7, 7, "count other entries"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        book_write(&book, &usual_plot);
        book_delete(&book, cases[i].deleted);
        struct log_verdict verdict = verify_book(&book, NULL);
        assert_named(&verdict, cases[i].named, cases[i].words);
    }
}

static void an_inserted_or_doubled_entry_is_named(void **state)
{
    (void)state;
    book_insert_copy(&book, 4, 3);
    struct log_verdict verdict = verify_book(&book, NULL);
    assert_named(&verdict, 4, "entry 2 was there already");

    book_write(&book, &usual_plot);
    book_insert_copy(&book, 4, 3);
    book_replace(&book, 4, ",\"seq\":2,\"type\"", ",\"seq\":3,\"type\"");
    verdict = verify_book(&book, NULL);
    assert_named(&verdict, 4, "it was moved or edited");

    book_write(&book, &usual_plot);
    book_insert_copy(&book, 8, 7);
    verdict = verify_book(&book, NULL);
    assert_named(&verdict, 8, "entry 5 was there already");
}

static void swapped_entries_are_named(void **state)
{
    (void)state;
    book_swap(&book, 6, 7);
    struct log_verdict verdict = verify_book(&book, NULL);
    assert_named(&verdict, 6, "entry 4 is missing");
}

static void a_cut_off_end_is_seen(void **state)
{
    (void)state;
    book_delete(&book, 8);
    struct log_verdict verdict = verify_book(&book, NULL);
    assert_named(&verdict, 0, "the end was cut off");

    book_delete(&book, 1);
    verdict = verify_book(&book, NULL);
    assert_named(&verdict, 1, "the header is missing");
}

static void what_stands_behind_the_footer_is_named(void **state)
{
    (void)state;
    book_insert_copy(&book, 9, 7);
    struct log_verdict verdict = verify_book(&book, NULL);
    assert_named(&verdict, 9, "behind the footer");

    book_write(&book, &usual_plot);
    book_insert_copy(&book, 2, 1);
    verdict = verify_book(&book, NULL);
    assert_named(&verdict, 2, "a second header");
}

/* --- lines edited --- */

static const struct {
    size_t line;
    const char *from, *to, *words;
} edits[] = {
    {1, "\"organisation\":\"c1", "\"organisation\":\"c2", "signing key"},
    {1, "\"first_seq\":1", "\"first_seq\":2", "does not begin with the first entry"},
    {1, "\"last_seq\":5", "\"last_seq\":6", NULL},
    {1, "\"version\":1", "\"version\":2", "version"},
    {1, "RFC 8785", "RFC 8786", "version"},
    {1, "\"log\":\"", "\"log\":\"x", "does not name the log"},
    {1, "securemail-audit-log", "other", "not an exported log"},
    {1, "}],\"last", "},{}],\"last", "the log's signing keys"},
    {1, "\"note_key\":\"s", "\"note_key\":\"t", "the log's signing keys"},
    {1, "\"type\":\"header\"", "\"type\":\"heading\"", "lines of this type"},
    {2, "log-started", "log-opened", "the entry does not have its hash"},
    {3, "page-shown", "page-hidden", "the entry does not have its hash"},
    {3, "\"organisation\":\"c1", "\"organisation\":\"c2", "not of this organisation"},
    {3, "\"hash\":\"", "\"hash\":\"00", "the entry does not have its hash"},
    {3, "\"entry\":{", "\"entry_base64\":\"e30=\",\"other\":{", "member"},
    {3, "\"seq\":2,\"type\"", "\"type\"", "the entry has no number"},
    {4, "ada@clinic.example", "bob@clinic.example", "it was changed"},
    {4, "\"place\":2", "\"place\":1", "it was changed"},
    {4, "\"place\":2", "\"place\":0", "does not commit to"},
    {4, "\"place\":2", "\"place\":3", "does not commit to"},
    {4, "\"place\":2", "\"place\":9007199254740991", "does not commit to"},
    {4, "\"place\":2", "\"place\":9007199254740992", "not complete"},
    {4, "\"name\":\"user\",\"place\"", "\"name\":\"\\u001b[2J\",\"place\"", "not complete"},
    {4, "\"name\":\"user\",\"place\"", "\"name\":\"other\",\"place\"", "it was changed"},
    {4, "\"disclosures\"", "\"disclosed\"", "member"},
    {4, "\"disclosures\"", "\"Disclosures\"", "member"},
    {4, "\"disclosures\"", "\"\\u0064isclosures\"", "not one of an exported log"},
    {4, "\"value\":\"ada", "\"value\":\"\\u0061da", "not one of an exported log"},
    {4, "\"value\":\"ada", "\"value\":\"\\/ada", "not one of an exported log"},
    {4, "\"value\":\"ada", "\"value\":\"\\u000aada", "not one of an exported log"},
    {4, "\"value\":\"ada", "\"value\":\"\\u001Fada", "not one of an exported log"},
    {4, "\"value\":\"ada", "\"value\":\"\\u001fada", "it was changed"},
    {4, "\"value\":\"ada", "\"value\":\"\xc0\xaf", "not one of an exported log"},
    {4, "\"value\":\"ada", "\"value\":\"\xed\xa0\x80", "not one of an exported log"},
    {4, "\"value\":\"ada", "\"value\":\"\xf0\x9f\x94\x92", "it was changed"},
    {5, "\\n3\\n", "\\n4\\n", "not signed by the log's key"},
    {5, "\"size\":3", "\"size\":4", "another size"},
    {5, "\\n\\n", "\\n\\nx", "not signed by the log's key"},
    {5, "\\n\",\"size\"", "\\nmore\\n\",\"size\"", "not signed by the log's key"},
    {8, "\"count\":5", "\"count\":4", "count other entries"},
    {8, "\"hash\":\"", "\"hash\":\"00", "another last entry"},
    {8, "\"root\":\"", "\"root\":\"00", "another root"},
    {8, "\\n5\\n", "\\n3\\n", "not signed by the log's key"},
};

static void an_edited_line_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        book_write(&book, &usual_plot);
        book_replace(&book, edits[i].line, edits[i].from, edits[i].to);
        struct log_verdict verdict = verify_book(&book, NULL);
        if (edits[i].words)
            assert_named(&verdict, edits[i].line, edits[i].words);
        else
            assert_named(&verdict, 8, "count other entries"); /* seen when all is counted */
    }
}

/* Every line, an unknown member in front and one at the end. */
static void an_unknown_member_is_refused_in_every_line(void **state)
{
    (void)state;
    for (size_t line = 1; line <= BOOK_LINES; line++) {
        book_write(&book, &usual_plot);
        book_replace(&book, line, "{", "{\"aa\":0,");
        struct log_verdict verdict = verify_book(&book, NULL);
        assert_named(&verdict, line, "member");

        book_write(&book, &usual_plot);
        char *end = strrchr(book.lines[line - 1], '}');
        (void)strcpy(end, ",\"zz\":0}");
        verdict = verify_book(&book, NULL);
        assert_named(&verdict, line, "member");
    }
}

static void a_member_that_stands_twice_is_refused(void **state)
{
    (void)state;
    book_replace(&book, 4, "\"seq\":3,\"type\"", "\"seq\":3,\"seq\":3,\"type\"");
    struct log_verdict verdict = verify_book(&book, NULL);
    assert_named(&verdict, 4, "member");
}

/* No bit of an export can be another: what is not hashed or signed is compared. */
static void a_flipped_bit_anywhere_is_seen(void **state)
{
    static char text[BOOK_LINES_MAX * (BOOK_LINE_BYTES + 1)];
    (void)state;
    size_t size = book_text(&book, text);
    for (size_t i = 0; i < 7 * size; i++) {
        char *at = &text[i / 7];
        int bit = 1 << i % 7;
        *at = (char)(*at ^ bit);
        struct log_verdict verdict = verify_bytes(text, size, NULL);
        if (verdict.is_good)
            fail_msg("byte %zu changed to '%c' is not seen", i / 7, *at);
        *at = (char)(*at ^ bit);
    }
}

/* --- histories written anew --- */

static void a_history_chained_anew_needs_the_key(void **state)
{
    struct book other;
    (void)state;
    book_write(&other, &(struct plot){7, "refused", NULL});
    memcpy(book.lines[5], other.lines[5], BOOK_LINE_BYTES); /* entries chained anew, */
    memcpy(book.lines[6], other.lines[6], BOOK_LINE_BYTES); /* the footer as it was signed */
    struct log_verdict verdict = verify_book(&book, NULL);
    assert_named(&verdict, 8, "another last entry");
}

static void who_has_the_key_is_found_by_a_kept_checkpoint(void **state)
{
    static struct book longer;
    char note[PROOF_NOTE_MAX];
    struct slice value;
    (void)state;
    /* the footer's note is kept: it covers entry 4 */
    struct slice footer = {book.lines[7], strlen(book.lines[7])};
    assert_true(slice_member(footer, "note", &value) && slice_text(value, note, sizeof note));
    struct log_options options = kept_options(note);
    book_write(&longer, &(struct plot){7, "refused", NULL});

    struct log_verdict verdict = verify_book(&longer, NULL);
    assert_good(&verdict); /* whole in itself, and UNANCHORED */
    assert_false(verdict.is_anchored);
    verdict = verify_book(&longer, &options);
    assert_named(&verdict, 7, "its history was written anew");
}

static void a_log_of_another_key_does_not_fit_what_was_kept(void **state)
{
    static struct book other;
    (void)state;
    struct log_options options = kept_options(book.kept);
    book_write(&other, &(struct plot){8, "opened", NULL});
    struct log_verdict verdict = verify_book(&other, NULL);
    assert_good(&verdict);
    verdict = verify_book(&other, &options);
    assert_named(&verdict, 1, "not signed by this log's key");
}

static void a_log_shorter_than_a_kept_checkpoint_was_cut_off(void **state)
{
    char note[PROOF_NOTE_MAX];
    struct slice value;
    (void)state;
    struct slice footer = {book.lines[7], strlen(book.lines[7])};
    assert_true(slice_member(footer, "note", &value) && slice_text(value, note, sizeof note));
    struct log_options options = kept_options(note);
    book_delete(&book, 7);
    book_delete(&book, 6);
    struct slice checkpoint = {book.lines[4], strlen(book.lines[4])};
    assert_true(slice_member(checkpoint, "note", &value));
    struct slice entry = {book.lines[3], strlen(book.lines[3])};
    struct slice hash;
    assert_true(slice_member(entry, "hash", &hash));
    struct log_verdict verdict = verify_book(&book, NULL);
    char footer_text[BOOK_LINE_BYTES];
    (void)snprintf(footer_text, sizeof footer_text,
        "{\"count\":3,\"hash\":%.*s,\"note\":%.*s,\"root\":\"%s\",\"type\":\"footer\"}",
        (int)hash.size, hash.at, (int)value.size, value.at, verdict.root);
    memcpy(book.lines[5], footer_text, sizeof footer_text);
    book_replace(&book, 1, "\"last_seq\":5", "\"last_seq\":3");

    verdict = verify_book(&book, NULL);
    assert_good(&verdict);
    verdict = verify_book(&book, &options);
    assert_named(&verdict, 0, "its end was cut off");
}

/* --- hostile files --- */

static void a_line_without_an_end_is_not_read_on(void **state)
{
    struct log_options options = {0};
    struct log_verdict verdict;
    (void)state;
    FILE *file = fopen("/dev/zero", "r");
    assert_non_null(file);
    log_verify(file, &options, &verdict);
    (void)fclose(file);
    assert_named(&verdict, 1, "longer than any line");
}

static void a_file_that_cannot_be_read_is_said_to_be(void **state)
{
    struct log_options options = {0};
    struct log_verdict verdict;
    (void)state;
    FILE *file = fopen(".", "r");
    assert_non_null(file);
    log_verify(file, &options, &verdict);
    (void)fclose(file);
    assert_true(verdict.is_unreadable);
    assert_named(&verdict, 1, "cannot be read");
}

static void bytes_that_are_no_log_are_refused(void **state)
{
    static char deep[60001];
    static const char *const texts[] = {"", "\n", "{}\n", "[]\n", "null\n",
        "{\"type\":\"entry\"}\n", "{\"type\":7}\n", "{\"type\":\"header\"}\n",
        "{\"type\":\"header\"", "\xff\xfe\n", " {}\n", "{\"a\":1,}\n", "{\"a\"}\n",
        "{\"a\":\"\\u12\"}\n", "{\"a\":01}\n", "{}{}\n", deep};
    (void)state;
    memset(deep, '[', sizeof deep - 1);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct log_verdict verdict = verify_bytes(texts[i], strlen(texts[i]), NULL);
        assert_false(verdict.is_good);
        assert_non_null(verdict.remedy);
    }
    struct log_verdict verdict = verify_bytes("{}\0\n", 4, NULL);
    assert_named(&verdict, 1, "not one of an exported log");
    verdict = verify_bytes("", 0, NULL);
    assert_named(&verdict, 0, "the file is empty");
}

static void a_file_cut_at_any_byte_does_not_verify(void **state)
{
    static char text[BOOK_LINES_MAX * (BOOK_LINE_BYTES + 1)];
    (void)state;
    size_t size = book_text(&book, text);
    for (size_t i = 0; i < size; i++) {
        struct log_verdict verdict = verify_bytes(text, i, NULL);
        assert_false(verdict.is_good);
    }
}

/* --- restored --- */

static const struct plot restored_plot = {7, "log-restored", "audit"};

/* The note of a footer, with newlines again. */
static void footer_note(const struct book *of, char out[static PROOF_NOTE_MAX])
{
    const char *at = strstr(of->lines[of->count - 1], "\"note\":\"") + 8;
    size_t used = 0;
    for (; *at != '"'; at++) {
        bool is_newline = at[0] == '\\' && at[1] == 'n';
        out[used++] = is_newline ? '\n' : *at;
        at += is_newline;
    }
    out[used] = '\0';
}

static void a_restored_log_verifies_and_says_so(void **state)
{
    (void)state;
    struct log_options options = kept_options(book.kept); /* of before the restore */
    book_write(&book, &restored_plot);
    struct log_verdict verdict = verify_book(&book, &options);

    assert_good(&verdict);
    assert_true(verdict.is_anchored);
    assert_int_equal(verdict.restores_count, 1);
    assert_int_equal(verdict.restores[0].seq, 4);
    assert_string_equal(verdict.restores[0].at, "2026-01-01T00:00:01.000Z");
}

static void a_checkpoint_of_what_was_lost_is_explained(void **state)
{
    char lost[PROOF_NOTE_MAX];
    (void)state;
    footer_note(&book, lost); /* five entries, of which the last two were lost */
    struct log_options options = kept_options(lost);
    book_write(&book, &restored_plot);
    struct log_verdict verdict = verify_book(&book, &options);

    assert_named(&verdict, 7,
        "the log was restored on 2026-01-01T00:00:01.000Z from a backup that ended with entry 3, and the checkpoint covers 5");
}

static void a_restore_excuses_nothing_before_it(void **state)
{
    struct book other;
    (void)state;
    book_write(&other, &(struct plot){8, "log-restored", "audit"});
    struct log_options options = kept_options(book.kept);
    struct log_verdict verdict = verify_book(&other, &options);
    assert_named(&verdict, 1, "not signed by this log's key");

    book_write(&book, &restored_plot);
    book_replace(&book, 3, "page-shown", "page-seen!");
    options = kept_options(book.kept);
    verdict = verify_book(&book, &options);
    assert_named(&verdict, 3, "does not have its hash");
}

static void only_audit_tells_of_a_restore(void **state)
{
    (void)state;
    book_write(&book, &(struct plot){7, "log-restored", "crypto"});
    struct log_verdict verdict = verify_book(&book, NULL);
    assert_named(&verdict, 6, "is not audit's");
}

#define TEST(name) cmocka_unit_test_setup(name, write_book)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_whole_log_verifies),
        TEST(a_kept_checkpoint_anchors_it),
        TEST(the_key_from_elsewhere_is_the_log_s),
        TEST(erased_values_are_no_fault),
        TEST(a_deleted_entry_is_named),
        TEST(an_inserted_or_doubled_entry_is_named),
        TEST(swapped_entries_are_named),
        TEST(a_cut_off_end_is_seen),
        TEST(what_stands_behind_the_footer_is_named),
        TEST(an_edited_line_is_named),
        TEST(an_unknown_member_is_refused_in_every_line),
        TEST(a_member_that_stands_twice_is_refused),
        TEST(a_flipped_bit_anywhere_is_seen),
        TEST(a_history_chained_anew_needs_the_key),
        TEST(who_has_the_key_is_found_by_a_kept_checkpoint),
        TEST(a_log_of_another_key_does_not_fit_what_was_kept),
        TEST(a_log_shorter_than_a_kept_checkpoint_was_cut_off),
        TEST(a_restored_log_verifies_and_says_so),
        TEST(a_checkpoint_of_what_was_lost_is_explained),
        TEST(a_restore_excuses_nothing_before_it),
        TEST(only_audit_tells_of_a_restore),
        TEST(a_line_without_an_end_is_not_read_on),
        TEST(a_file_that_cannot_be_read_is_said_to_be),
        TEST(bytes_that_are_no_log_are_refused),
        TEST(a_file_cut_at_any_byte_does_not_verify),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
