/*
 * Letters: the whole mail of every kind in every language against tests/unit/notifier/letters, what
 * must never stand in one, and what is refused. SM_WRITE_LETTERS=1 writes the files anew, to be
 * read by a person before they are committed.
 */
#include "services/notifier/letter.h"

#include "envelope/box.h"
#include "services/notifier/texts.h"
#include "tests/support/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINK                                                                                   \
    "https://mail.clinic.example/m#1.0102030405060708090a0b0c0d0e0f10.AAECAwQFBgcICQoLDA0ODxA" \
    "REhMUFRYXGBkaGxwdHh8.qrvM3e7_ABEiM0RVZneImQ"

static const char *const kinds[] = {[LETTER_NOTICE] = "notice",
    [LETTER_CODE] = "code",
    [LETTER_REPLY] = "reply",
    [LETTER_LOCKED] = "locked",
    [LETTER_RESET] = "reset",
    [LETTER_CHECKPOINT] = "checkpoint"};
static const char *const languages[] = {"nl", "en"};

#define NOTE                                                        \
    "securemail/8504a8e4202f5b8ba3c4ec53a07129bf\n15\n"             \
    "9h0PFLVYtaZccPK+CFjM2FNy6fCasCyUKw8tto8jpdU=\n\n\xe2\x80\x94 " \
    "securemail/8504a8e4202f5b8ba3c4ec53a07129bf "                  \
    "ejXnqZYZPp1bivsLEgSkCpb5DOy+dr7PSyWIu179HzOsfIN+plguVxmKoOzQxYc9fd32bECilNhvdu2Z9QizXEfk5Aw=\n"

static struct letter letter_of(uint64_t kind, const char *language)
{
    return (struct letter){.kind = kind,
        .language = span_text(language),
        .to_address = span_text("ann@recipient.example"),
        .to_name = span_text(kind == LETTER_CODE ? "" : "Ann de Vri\xc3\xabs"),
        .from_address = span_text(kind == LETTER_NOTICE ? "post@clinic.example" : ""),
        .organisation_name = span_text("Kliniek West"),
        .sender_name = span_text("Dr. Ada \xc3\x96zt\xc3\xbcrk"),
        .link = span_text(kind == LETTER_NOTICE || kind == LETTER_RESET ? LINK : ""),
        .code = span_text(kind == LETTER_CODE ? "042195" : ""),
        .note = span_text(kind == LETTER_CHECKPOINT ? NOTE : ""),
        .expires_ms = 1796112780000}; /* 2026-12-01T08:13:00Z */
}

static struct letter_stamp stamp(void)
{
    return (struct letter_stamp){.job = {{0xaa, 0xbb}},
        .from_address = span_text("secure-mail@relay.example"),
        .now_ms = 1795507980000}; /* 2026-11-24T08:13:00Z */
}

static void compose(const struct letter *facts, struct buffer *out)
{
    struct letter_stamp at = stamp();
    assert_ok(letter_compose(facts, &at, out));
}

static bool contains(const struct buffer *mail, const char *text)
{
    return memmem(mail->bytes, mail->size, text, strlen(text)) != NULL;
}

/* --- the texts --- */

static void read_golden(const char *path, struct buffer *out)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    for (int byte; (byte = fgetc(file)) != EOF;) {
        if (byte == '\n')
            assert_ok(buffer_append_u8(out, '\r'));
        assert_ok(buffer_append_u8(out, (uint8_t)byte));
    }
    (void)fclose(file);
}

static void write_golden(const char *path, const struct buffer *mail)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (size_t i = 0; i < mail->size; i++)
        if (mail->bytes[i] != '\r')
            (void)fputc(mail->bytes[i], file);
    (void)fclose(file);
}

static void every_letter_reads_as_agreed(void **state)
{
    (void)state;
    for (uint64_t kind = LETTER_NOTICE; kind <= LETTER_LAST; kind++)
        for (size_t i = 0; i < 2; i++) {
            struct buffer mail DEFER(buffer_free) = BUFFER(LETTER_MAIL_BYTES_MAX);
            struct buffer golden DEFER(buffer_free) = BUFFER(LETTER_MAIL_BYTES_MAX);
            struct letter facts = letter_of(kind, languages[i]);
            char path[96];
            (void)snprintf(path, sizeof path, "tests/unit/notifier/letters/%s.%s.eml", kinds[kind],
                languages[i]);
            compose(&facts, &mail);
            if (getenv("SM_WRITE_LETTERS"))
                write_golden(path, &mail);
            read_golden(path, &golden);
            assert_int_equal(mail.size, golden.size);
            assert_memory_equal(mail.bytes, golden.bytes, mail.size);
        }
}

static void the_name_beside_the_address_is_the_organisation_s_choice(void **state)
{
    (void)state;
    struct buffer plain DEFER(buffer_free) = BUFFER(LETTER_MAIL_BYTES_MAX);
    struct buffer named DEFER(buffer_free) = BUFFER(LETTER_MAIL_BYTES_MAX);
    struct letter facts = letter_of(LETTER_NOTICE, "en");

    compose(&facts, &plain);
    facts.from_name = span_text("West the clinic");
    compose(&facts, &named);

    assert_true(contains(&plain, "From: Kliniek West\r\n <post@clinic.example>\r\n"));
    assert_false(contains(&named, "From: Kliniek West"));
    assert_true(contains(&named, "From: West the clinic"));
    assert_true(contains(&named, " <post@clinic.example>\r\n"));
    facts.from_name = span_text("West\r\nBcc: x@y.example");
    assert_error(letter_check(&facts), SM_BAD_FORMAT);
}

static void a_header_holds_no_code_and_no_link(void **state)
{
    (void)state;
    for (uint64_t kind = LETTER_NOTICE; kind <= LETTER_LAST; kind++)
        for (size_t i = 0; i < 2; i++) {
            struct buffer mail DEFER(buffer_free) = BUFFER(LETTER_MAIL_BYTES_MAX);
            struct letter facts = letter_of(kind, languages[i]);
            compose(&facts, &mail);
            const uint8_t *end = memmem(mail.bytes, mail.size, "\r\n\r\n", 4);
            assert_non_null(end);
            buffer_truncate(&mail, (size_t)(end - mail.bytes));
            assert_false(contains(&mail, "042195"));
            assert_false(contains(&mail, "https"));
            assert_true(contains(&mail, "\r\nAuto-Submitted: auto-generated\r\n"));
            assert_true(contains(
                &mail, "\r\nMessage-ID: <aabb0000000000000000000000000000@relay.example>\r\n"));
            assert_true(contains(&mail, "\r\nDate: Tue, 24 Nov 2026 08:13:00 +0000\r\n"));
        }
}

static void the_same_job_gives_the_same_mail(void **state)
{
    struct buffer first DEFER(buffer_free) = BUFFER(LETTER_MAIL_BYTES_MAX);
    struct buffer second DEFER(buffer_free) = BUFFER(LETTER_MAIL_BYTES_MAX);
    struct letter facts = letter_of(LETTER_NOTICE, "nl");
    (void)state;
    compose(&facts, &first);
    compose(&facts, &second);
    assert_true(span_equal(buffer_span(&first), buffer_span(&second)));
}

static void an_organisation_without_address_writes_from_ours(void **state)
{
    struct letter with = letter_of(LETTER_NOTICE, "nl"), without = letter_of(LETTER_CODE, "nl");
    struct letter_stamp at = stamp();
    (void)state;
    assert_true(span_equals_text(letter_from(&with, &at), "post@clinic.example"));
    assert_true(span_equals_text(letter_from(&without, &at), "secure-mail@relay.example"));
}

/* --- what is refused --- */

static void assert_refused(const struct letter *facts)
{
    struct buffer mail DEFER(buffer_free) = BUFFER(LETTER_MAIL_BYTES_MAX);
    struct letter_stamp at = stamp();
    assert_int_not_equal(letter_compose(facts, &at, &mail), SM_OK);
    assert_int_equal(mail.size, 0);
}

static void a_line_end_in_any_field_is_refused(void **state)
{
    static const char *const attempts[] = {"x\r\nBcc: evil@example.org", "x\nX: y", "x\ry",
        "x\r\n\r\nbody", "x\xe2\x80\xaeyz", "x\xc2\x85y"};
    static const size_t fields[] = {offsetof(struct letter, language),
        offsetof(struct letter, to_address), offsetof(struct letter, to_name),
        offsetof(struct letter, from_address), offsetof(struct letter, organisation_name),
        offsetof(struct letter, sender_name), offsetof(struct letter, link),
        offsetof(struct letter, code)};
    (void)state;
    for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++)
        for (size_t j = 0; j < sizeof fields / sizeof fields[0]; j++)
            for (uint64_t kind = LETTER_NOTICE; kind <= LETTER_LAST; kind++) {
                struct letter facts = letter_of(kind, "nl");
                struct span value = span_text(attempts[i]);
                memcpy((char *)&facts + fields[j], &value, sizeof value);
                assert_refused(&facts);
            }
}

static void a_letter_has_what_its_kind_demands_and_nothing_else(void **state)
{
    struct letter notice = letter_of(LETTER_NOTICE, "nl"), code = letter_of(LETTER_CODE, "nl");
    struct letter facts;
    (void)state;
    facts = notice, facts.link = span_text("");
    assert_refused(&facts);
    facts = notice, facts.code = span_text("042195");
    assert_refused(&facts);
    facts = notice, facts.expires_ms = 0;
    assert_refused(&facts);
    facts = code, facts.code = span_text("04219");
    assert_refused(&facts);
    facts = code, facts.code = span_text("04219x");
    assert_refused(&facts);
    facts = code, facts.link = span_text(LINK);
    assert_refused(&facts);
    facts = notice, facts.kind = LETTER_LAST + 1;
    assert_refused(&facts);
    facts = notice, facts.note = span_text(NOTE);
    assert_refused(&facts);
    facts = notice, facts.kind = 0;
    assert_refused(&facts);
    facts = notice, facts.language = span_text("de");
    assert_refused(&facts);
}

static void a_note_is_a_checkpoint_and_no_other_text(void **state)
{
    static const char *const bad[] = {"", "securemail/1\n", NOTE "more\n",
        "https://evil.example\n\n\n\n\n", "a\n1\nb\n\n<c>\n", "a\n1\nb\n\nc", "a\r\n1\nb\n\nc\n",
        "a\tb\n\n\n\n\n"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct letter facts = letter_of(LETTER_CHECKPOINT, "nl");
        facts.note = span_text(bad[i]);
        assert_refused(&facts);
    }
}

static void a_link_that_a_reader_could_misread_is_refused(void **state)
{
    static const char *const bad[] = {"javascript:alert(1)#", "https://a.example", "https:///m#1",
        "https://a.example/m", "https://a.example/m# 1", "https://a.example/m#<b>", "ftp://a/m#1",
        "https://a.example/m#\xc3\xa9", "HTTPS://a.example/m#1"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct letter facts = letter_of(LETTER_NOTICE, "nl");
        facts.link = span_text(bad[i]);
        assert_refused(&facts);
    }
}

/* A name is a value, never a template and never a header's syntax. */
static void a_name_cannot_pose_as_anything_else(void **state)
{
    struct buffer mail DEFER(buffer_free) = BUFFER(LETTER_MAIL_BYTES_MAX);
    struct letter facts = letter_of(LETTER_NOTICE, "en");
    (void)state;
    facts.sender_name = span_text("{link} <evil@example.org>, \"x\"");
    facts.organisation_name = span_text("a@b.example, Other <c@d.example>");
    compose(&facts, &mail);
    assert_true(contains(&mail, "{link} <evil@example.org>, \"x\" of a@b.example"));
    assert_true(contains(&mail, "From: =?utf-8?Q?a=40b=2Eexample=2C_Other"));
    assert_false(contains(&mail, "From: a@b"));
}

/* --- the sealed job --- */

static void seal(
    const struct p256_key *key, const struct letter *facts, struct id job, struct buffer *sealed)
{
    struct buffer plaintext DEFER(buffer_free) = BUFFER(MAIL_JOB_BYTES_MAX);
    struct box_label label = {span_text("securemail/1 letter"), id_span(&job)};
    assert_ok(fields_encode(&letter, facts, &plaintext));
    assert_ok(box_seal(
        span_of(p256_public(key), P256_PUBLIC_BYTES), &label, buffer_span(&plaintext), sealed));
}

static void a_job_opens_with_its_own_key_and_id_alone(void **state)
{
    struct p256_key *key DEFER(p256_free) = NULL, *other DEFER(p256_free) = NULL;
    struct buffer sealed DEFER(buffer_free) = BUFFER(MAIL_JOB_BYTES_MAX);
    struct opened_letter opened DEFER(opened_letter_free) = OPENED_LETTER;
    struct opened_letter refused DEFER(opened_letter_free) = OPENED_LETTER;
    struct id job = {{1}}, other_job = {{2}};
    struct letter facts = letter_of(LETTER_NOTICE, "nl");
    (void)state;
    assert_ok(p256_generate(&key));
    assert_ok(p256_generate(&other));
    seal(key, &facts, job, &sealed);

    assert_ok(letter_open(key, job, buffer_span(&sealed), &opened));
    assert_true(span_equals_text(opened.letter.link, LINK));
    assert_error(letter_open(other, job, buffer_span(&sealed), &refused), SM_TAMPERED);
    assert_error(letter_open(key, other_job, buffer_span(&sealed), &refused), SM_TAMPERED);
    for (size_t i = 0; i < sealed.size; i += 7) {
        sealed.bytes[i] ^= 1;
        assert_error(letter_open(key, job, buffer_span(&sealed), &refused), SM_TAMPERED);
        sealed.bytes[i] ^= 1;
    }
}

static void a_sealed_letter_is_checked_like_any_stranger(void **state)
{
    struct p256_key *key DEFER(p256_free) = NULL;
    struct buffer sealed DEFER(buffer_free) = BUFFER(MAIL_JOB_BYTES_MAX);
    struct opened_letter opened DEFER(opened_letter_free) = OPENED_LETTER;
    struct id job = {{1}};
    struct letter facts = letter_of(LETTER_NOTICE, "nl");
    (void)state;
    facts.to_address = span_text("not an address");
    assert_ok(p256_generate(&key));
    seal(key, &facts, job, &sealed);

    assert_error(letter_open(key, job, buffer_span(&sealed), &opened), SM_BAD_FORMAT);
}

/* --- the key's file --- */

static void put_key(const char *folder, const char *text, mode_t mode)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/notifier-letter.key", folder);
    (void)remove(path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs(text, file);
    (void)fclose(file);
    assert_int_equal(chmod(path, mode), 0);
}

static void the_key_file_is_read_only_if_it_is_closed_and_right(void **state)
{
    static const char good[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n";
    static const char zero[] = "0000000000000000000000000000000000000000000000000000000000000000\n";
    struct p256_key *key DEFER(p256_free) = NULL, *none = NULL;
    char folder[] = "/tmp/letter-test-XXXXXX", path[64];
    (void)state;
    assert_non_null(mkdtemp(folder));

    assert_error(letter_key_load(folder, &none), SM_CONFIG);
    put_key(folder, good, 0640);
    assert_error(letter_key_load(folder, &none), SM_CONFIG);
    put_key(folder, "0011", 0600);
    assert_error(letter_key_load(folder, &none), SM_CONFIG);
    put_key(folder, zero, 0600);
    assert_error(letter_key_load(folder, &none), SM_CONFIG);
    put_key(folder, good, 0600);
    assert_ok(letter_key_load(folder, &key));

    (void)snprintf(path, sizeof path, "%s/notifier-letter.key", folder);
    assert_int_equal(remove(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_note_is_a_checkpoint_and_no_other_text),
        cmocka_unit_test(every_letter_reads_as_agreed),
        cmocka_unit_test(the_name_beside_the_address_is_the_organisation_s_choice),
        cmocka_unit_test(a_header_holds_no_code_and_no_link),
        cmocka_unit_test(the_same_job_gives_the_same_mail),
        cmocka_unit_test(an_organisation_without_address_writes_from_ours),
        cmocka_unit_test(a_line_end_in_any_field_is_refused),
        cmocka_unit_test(a_letter_has_what_its_kind_demands_and_nothing_else),
        cmocka_unit_test(a_link_that_a_reader_could_misread_is_refused),
        cmocka_unit_test(a_name_cannot_pose_as_anything_else),
        cmocka_unit_test(a_job_opens_with_its_own_key_and_id_alone),
        cmocka_unit_test(a_sealed_letter_is_checked_like_any_stranger),
        cmocka_unit_test(the_key_file_is_read_only_if_it_is_closed_and_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
