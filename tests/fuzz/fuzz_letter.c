/*
 * Hostile values as a letter: whatever is composed is a mail with exactly our headers, one empty
 * line between them and the text, ASCII, CRLF line ends only, and one recipient that is an address.
 *
 * Input: a byte for the kind, a byte for the language, then the fields, parted by NUL.
 */
#include "base/text.h"
#include "services/notifier/letter.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct span take(struct span *rest)
{
    const uint8_t *end = rest->size ? memchr(rest->at, '\0', rest->size) : NULL;
    size_t size = end ? (size_t)(end - rest->at) : rest->size;
    struct span field = span_slice(*rest, 0, size);
    *rest = span_slice(*rest, size + 1, rest->size);
    return field;
}

static void demand(bool is_true)
{
    if (!is_true)
        abort();
}

static void check_bytes(struct span mail)
{
    for (size_t i = 0; i < mail.size; i++) {
        uint8_t byte = mail.at[i];
        bool is_end = byte == '\n' && i > 0 && mail.at[i - 1] == '\r';
        bool is_return = byte == '\r' && i + 1 < mail.size && mail.at[i + 1] == '\n';
        demand(is_end || is_return || (byte >= 0x20 && byte < 0x7f));
    }
}

/* The headers in our order, each once; a folded line continues the one before. */
static void check_headers(struct span head)
{
    static const char *const names[] = {"From: ", "To: ", "Subject: ", "Date: ", "Message-ID: ",
        "Content-Language: ", "MIME-Version: ", "Content-Type: ", "Content-Transfer-Encoding: ",
        "Auto-Submitted: ", "X-Auto-Response-Suppress: "};
    enum { NAMES = sizeof names / sizeof names[0] };
    size_t next = 0;
    while (head.size > 0) {
        const uint8_t *end = memchr(head.at, '\r', head.size);
        size_t size = end ? (size_t)(end - head.at) : head.size;
        if (head.at[0] != ' ') {
            demand(next < NAMES);
            demand(span_equals_text(span_slice(head, 0, strlen(names[next])), names[next]));
            next++;
        }
        head = span_slice(head, size + 2, head.size);
    }
    demand(next == NAMES);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buffer mail DEFER(buffer_free) = BUFFER(LETTER_MAIL_BYTES_MAX);
    struct letter_stamp stamp = {{{1}}, span_text("secure-mail@relay.example"), 1795507980000};
    if (size < 2)
        return 0;
    struct span rest = span_of(data + 2, size - 2);
    struct letter facts = {.kind = data[0] & 7, .expires_ms = 1796112780000};
    facts.language = span_text(data[1] & 1 ? "nl" : "en");
    facts.to_address = take(&rest);
    facts.to_name = take(&rest);
    facts.from_address = take(&rest);
    facts.organisation_name = take(&rest);
    facts.sender_name = take(&rest);
    facts.link = take(&rest);
    facts.code = take(&rest);
    facts.from_name = take(&rest);
    facts.note = take(&rest);
    if (letter_compose(&facts, &stamp, &mail) != SM_OK)
        return 0;
    demand(text_is_address(facts.to_address));
    check_bytes(buffer_span(&mail));
    const uint8_t *end = memmem(mail.bytes, mail.size, "\r\n\r\n", 4);
    demand(end);
    check_headers(span_of(mail.bytes, (size_t)(end - mail.bytes)));
    return 0;
}
