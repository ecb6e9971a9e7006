/*
 * From a sealed job to a mail. The header is a fixed list of lines; what comes from outside enters
 * it only through mime.h, which cannot be made to begin another line. The code never stands in a
 * header: lock screens show subjects.
 */
#include "services/notifier/letter.h"

#include "base/encode.h"
#include "base/log.h"
#include "base/text.h"
#include "envelope/box.h"
#include "proto/limits.h"
#include "services/notifier/calendar.h"
#include "services/notifier/mime.h"
#include "services/notifier/texts.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/banned.h"

enum { TEXT_BYTES_MAX = 16 * 1024, MOMENT_BYTES_MAX = 96, NOTE_LINES = 5 };

/* --- the key --- */

static void close_file(int *file)
{
    if (*file >= 0)
        (void)close(*file);
}

static enum sm_error config_fault(const char *cause)
{
    return log_failure("letter-key", SM_CONFIG, cause);
}

static enum sm_error read_key_file(const char *path, char *digits, size_t size)
{
    struct stat facts;
    int file DEFER(close_file) = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &facts) != 0)
        return config_fault("notifier-letter.key cannot be read");
    if ((facts.st_mode & 077) != 0)
        return config_fault("notifier-letter.key is open to others: chmod 600 it");
    if (read(file, digits, size) != (ssize_t)size)
        return config_fault("notifier-letter.key is shorter than 64 digits");
    return SM_OK;
}

enum sm_error letter_key_load(const char *keys_dir, struct p256_key **out)
{
    char digits[2 * P256_PRIVATE_BYTES] = {0};
    uint8_t scalar[P256_PRIVATE_BYTES] = {0};
    DEFER_WIPE(digits);
    DEFER_WIPE(scalar);
    struct buffer path DEFER(buffer_free) = BUFFER(4096);
    const char *name;
    TRY(buffer_format(&path, "%s/notifier-letter.key", keys_dir));
    TRY(buffer_text(&path, &name));
    TRY(read_key_file(name, digits, sizeof digits));
    if (hex_decode(SPAN(digits), scalar, sizeof scalar) != SM_OK)
        return config_fault("notifier-letter.key is not 64 hexadecimal digits");
    if (p256_import(SPAN(scalar), out) != SM_OK)
        return config_fault("notifier-letter.key is not a P-256 scalar");
    return SM_OK;
}

/* --- opening --- */

void opened_letter_free(struct opened_letter *opened)
{
    buffer_free(&opened->plaintext);
    arena_free(&opened->arena);
}

enum sm_error letter_open(
    const struct p256_key *key, struct id job, struct span sealed, struct opened_letter *out)
{
    struct box_label label = {span_text("securemail/1 letter"), id_span(&job)};
    TRY(box_open(key, &label, sealed, &out->plaintext));
    TRY(fields_decode(&letter, buffer_span(&out->plaintext), &out->arena, &out->letter));
    return letter_check(&out->letter);
}

/* --- checking --- */

static bool is_code(struct span code)
{
    for (size_t i = 0; i < code.size; i++)
        if (code.at[i] < '0' || code.at[i] > '9')
            return false;
    return code.size == CODE_DIGITS;
}

/* Scheme and authority: what stands before the first '/' after "://". Empty when there is none. */
static struct span origin_of(struct span link)
{
    static const char *const schemes[] = {"https://", "http://"};
    for (size_t i = 0; i < 2; i++) {
        size_t size = strlen(schemes[i]);
        if (!span_equals_text(span_slice(link, 0, size), schemes[i]))
            continue;
        const uint8_t *slash = memchr(link.at + size, '/', link.size - size);
        if (slash && slash > link.at + size)
            return span_slice(link, 0, (size_t)(slash - link.at));
    }
    return span_of(NULL, 0);
}

/* No space, quote, bracket or control: the reader's program finds exactly this link in the text. */
static bool is_link(struct span link)
{
    for (size_t i = 0; i < link.size; i++)
        if (link.at[i] <= ' ' || link.at[i] >= 0x7f || strchr("\"<>\\^`{|}", link.at[i]))
            return false;
    return origin_of(link).size > 0 && memchr(link.at, '#', link.size);
}

/* The five lines of a checkpoint (docs/audit-format.md), of nothing but what stands in one. */
static bool is_note(struct span note)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/= "
        "\xe2\x80\x94";
    size_t lines = 0;
    for (size_t i = 0; i < note.size; i++) {
        lines += note.at[i] == '\n';
        if (note.at[i] != '\n' && (!note.at[i] || !strchr(letters, note.at[i])))
            return false;
    }
    return lines == NOTE_LINES && note.at[note.size - 1] == '\n';
}

static bool is_name(struct span name, size_t size_max)
{
    return name.size <= size_max && text_is_line(name);
}

static enum sm_error check_people(const struct letter *facts)
{
    bool has_from = facts->from_address.size > 0;
    if (!text_is_address(facts->to_address))
        return SM_BAD_FORMAT;
    if (has_from && !text_is_address(facts->from_address))
        return SM_BAD_FORMAT;
    bool are_names = is_name(facts->to_name, PERSON_NAME_BYTES_MAX) &&
                     is_name(facts->sender_name, PERSON_NAME_BYTES_MAX) &&
                     is_name(facts->from_name, ORGANISATION_NAME_BYTES_MAX) &&
                     is_name(facts->organisation_name, ORGANISATION_NAME_BYTES_MAX);
    return are_names ? SM_OK : SM_BAD_FORMAT;
}

enum sm_error letter_check(const struct letter *facts)
{
    bool needs_link = facts->kind == LETTER_NOTICE || facts->kind == LETTER_RESET;
    bool needs_code = facts->kind == LETTER_CODE;
    TRY(check_people(facts));
    if (facts->kind < LETTER_NOTICE || facts->kind > LETTER_LAST)
        return SM_BAD_VALUE;
    if (!language_find(facts->language))
        return SM_BAD_VALUE;
    if ((needs_link || needs_code) && facts->expires_ms == 0)
        return SM_BAD_VALUE;
    if (needs_link ? !is_link(facts->link) : facts->link.size != 0)
        return SM_BAD_VALUE;
    if (needs_code ? !is_code(facts->code) : facts->code.size != 0)
        return SM_BAD_VALUE;
    if (facts->kind == LETTER_CHECKPOINT ? !is_note(facts->note) : facts->note.size != 0)
        return SM_BAD_VALUE;
    return SM_OK;
}

/* --- the text --- */

struct placeholder {
    const char *name;
    struct span value;
};

struct values {
    const struct placeholder *at;
    size_t count;
};

static struct span value_of(const struct values *values, struct span name)
{
    for (size_t i = 0; i < values->count; i++)
        if (span_equals_text(name, values->at[i].name))
            return values->at[i].value;
    assert(false); /* a text of ours names a placeholder that there is not */
    return span_of(NULL, 0);
}

/* Replaces each {name} of `text`. Values are not looked into: braces in a name stay braces. */
static enum sm_error expand(struct buffer *out, const char *text, const struct values *values)
{
    for (const char *at = text; *at;) {
        size_t literal = strcspn(at, "{");
        TRY(buffer_append(out, span_of(at, literal)));
        at += literal;
        if (*at == '\0')
            break;
        size_t name = strcspn(at + 1, "}");
        TRY(buffer_append(out, value_of(values, span_of(at + 1, name))));
        at += name + 2;
    }
    return SM_OK;
}

struct moment {
    struct buffer day, time;
};

static void moment_free(struct moment *moment)
{
    buffer_free(&moment->day);
    buffer_free(&moment->time);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* formats are the table's: texts.c */
static enum sm_error say_until(
    const struct language *language, uint64_t unix_ms, struct moment *out)
{
    struct calendar at = calendar_dutch((int64_t)unix_ms);
    TRY(buffer_format(&out->day, language->until, language->weekdays[at.weekday], at.day,
        language->months[at.month - 1], at.year, at.hour, at.minute));
    return buffer_format(&out->time, language->until_time, at.hour, at.minute);
}
#pragma GCC diagnostic pop

struct words {
    struct buffer subject, body;
};

static void words_free(struct words *words)
{
    buffer_free(&words->subject);
    buffer_free(&words->body);
}

static enum sm_error write_words(const struct letter *facts, struct words *out)
{
    const struct language *language = language_find(facts->language);
    struct moment until DEFER(moment_free) = {BUFFER(MOMENT_BYTES_MAX), BUFFER(MOMENT_BYTES_MAX)};
    TRY(say_until(language, facts->expires_ms, &until));
    bool has_name = facts->to_name.size > 0;
    const struct placeholder list[] = {
        {"to", has_name ? facts->to_name : span_text(language->sir_madam)},
        {"sender", facts->sender_name},
        {"organisation", facts->organisation_name},
        {"link", facts->link},
        {"origin", origin_of(facts->link)},
        {"code", facts->code},
        {"note", facts->note},
        {"until", buffer_span(&until.day)},
        {"until_time", buffer_span(&until.time)},
    };
    struct values values = {list, sizeof list / sizeof list[0]};
    TRY(expand(&out->subject, language->letters[facts->kind].subject, &values));
    return expand(&out->body, language->letters[facts->kind].body, &values);
}

/* --- the mail --- */

struct span letter_from(const struct letter *facts, const struct letter_stamp *stamp)
{
    return facts->from_address.size > 0 ? facts->from_address : stamp->from_address;
}

static struct span domain_of(struct span address)
{
    const uint8_t *at = memchr(address.at, '@', address.size);
    size_t before = at ? (size_t)(at - address.at) + 1 : 0;
    return span_slice(address, before, address.size);
}

/* Lines that are the same for every letter, or come from us alone. */
static enum sm_error append_own_lines(
    struct buffer *out, const struct letter *facts, const struct letter_stamp *stamp)
{
    TRY(buffer_format(out, "Date: %s\r\n", calendar_header(stamp->now_ms).text));
    TRY(buffer_format(out, "Message-ID: <%s@%.*s>\r\n", id_text(stamp->job).text,
        SPAN_PRINT(domain_of(stamp->from_address))));
    TRY(buffer_format(out, "Content-Language: %.*s\r\n", SPAN_PRINT(facts->language)));
    return buffer_append_text(out, "MIME-Version: 1.0\r\n"
                                   "Content-Type: text/plain; charset=utf-8\r\n"
                                   "Content-Transfer-Encoding: quoted-printable\r\n"
                                   "Auto-Submitted: auto-generated\r\n"
                                   "X-Auto-Response-Suppress: All\r\n"
                                   "\r\n");
}

enum sm_error letter_compose(
    const struct letter *facts, const struct letter_stamp *stamp, struct buffer *out)
{
    struct words words DEFER(words_free) = {BUFFER(TEXT_BYTES_MAX), BUFFER(TEXT_BYTES_MAX)};
    TRY(letter_check(facts));
    if (!text_is_address(stamp->from_address))
        return SM_BAD_FORMAT;
    TRY(write_words(facts, &words));
    bool has_name = facts->from_name.size > 0;
    TRY(mime_address_header(out, "From", has_name ? facts->from_name : facts->organisation_name,
        letter_from(facts, stamp)));
    TRY(mime_address_header(out, "To", facts->to_name, facts->to_address));
    TRY(mime_text_header(out, "Subject", buffer_span(&words.subject)));
    TRY(append_own_lines(out, facts, stamp));
    return mime_body(out, buffer_span(&words.body));
}
