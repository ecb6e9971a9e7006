/*
 * The C envelope on a line protocol, so that a test in another language can hand it what it sealed,
 * and be handed what this sealed:
 *
 *     request   VERB HEX HEX ...       an empty argument is "-"
 *     answer    ok HEX HEX ...  |  error WORD
 *
 * Numbers travel as big-endian bytes. One key pair and one exchange live as long as the process.
 */
#include "base/encode.h"
#include "base/memory.h"
#include "envelope/header_part.h"
#include "envelope/identity.h"
#include "envelope/link.h"
#include "envelope/sealed.h"
#include "envelope/subject.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARGUMENTS_MAX = 16, ANSWERS_MAX = 16, BYTES_MAX = 64 * 1024 * 1024 };

struct call {
    struct buffer arguments[ARGUMENTS_MAX];
    size_t count;
    struct buffer answers[ANSWERS_MAX];
    size_t answers_count;
};

struct peer {
    struct p256_key *identity, *hpke;
    struct sealed_exchange *exchange;
};
static struct peer peer;

static struct span argument(const struct call *call, size_t index)
{
    return index < call->count ? buffer_span(&call->arguments[index]) : span_of(NULL, 0);
}

static uint64_t number(const struct call *call, size_t index)
{
    struct span bytes = argument(call, index);
    uint64_t value = 0;
    for (size_t i = 0; i < bytes.size; i++)
        value = value << 8 | bytes.at[i];
    return value;
}

static enum sm_error id_argument(const struct call *call, size_t index, struct id *out)
{
    return id_from_bytes(argument(call, index), out);
}

static struct buffer *answer(struct call *call)
{
    struct buffer *out = &call->answers[call->answers_count++];
    *out = BUFFER(BYTES_MAX);
    return out;
}

static enum sm_error answer_bytes(struct call *call, struct span bytes)
{
    return buffer_append(answer(call), bytes);
}

/* --- identity, sealed requests --- */

static enum sm_error on_key(struct call *call)
{
    struct identity_statement statement;
    struct identity_period period = {.not_before_ms = 1000, .not_after_ms = 1ULL << 52};
    p256_free(&peer.identity);
    p256_free(&peer.hpke);
    TRY(p256_generate(&peer.identity));
    TRY(p256_generate(&peer.hpke));
    TRY(identity_sign(peer.identity, p256_public(peer.hpke), &period, &statement));
    uint8_t pin[IDENTITY_PIN_BYTES];
    TRY(identity_pin(p256_public(peer.identity), pin));
    TRY(answer_bytes(call, span_of(p256_public(peer.identity), P256_PUBLIC_BYTES)));
    TRY(answer_bytes(call, SPAN(statement.key_id)));
    TRY(answer_bytes(call, SPAN(statement.public_key)));
    TRY(answer_bytes(call, SPAN(statement.signature)));
    TRY(buffer_append_be(answer(call), statement.not_before_ms, 8));
    TRY(buffer_append_be(answer(call), statement.not_after_ms, 8));
    return answer_bytes(call, SPAN(pin));
}

/* operation, frame -> plaintext, aad */
static enum sm_error on_request_open(struct call *call)
{
    const char *operation = NULL;
    struct sealed_head head;
    TRY(buffer_text(&call->arguments[0], &operation));
    sealed_exchange_free(&peer.exchange);
    TRY(sealed_request_open(peer.hpke, operation, argument(call, 1), answer(call), &peer.exchange));
    TRY(sealed_request_head(argument(call, 1), &head));
    return answer_bytes(call, head.aad);
}

/* plaintext -> frame, of the last request */
static enum sm_error on_reply_make(struct call *call)
{
    return peer.exchange ? sealed_reply_make(peer.exchange, argument(call, 0), answer(call))
                         : SM_NOT_FOUND;
}

/* server's key, operation, aad, plaintext -> frame */
static enum sm_error on_request_make(struct call *call)
{
    const char *operation = NULL;
    TRY(buffer_text(&call->arguments[1], &operation));
    struct sealed_request request = {operation, argument(call, 2), argument(call, 3)};
    sealed_exchange_free(&peer.exchange);
    return sealed_request_make(argument(call, 0), &request, answer(call), &peer.exchange);
}

/* frame -> plaintext, of the last request that this side made */
static enum sm_error on_reply_open(struct call *call)
{
    return peer.exchange ? sealed_reply_open(peer.exchange, argument(call, 0), answer(call))
                         : SM_NOT_FOUND;
}

/* --- parts --- */

/* organisation, message, part, direction from argument `from` on */
static enum sm_error place_of(const struct call *call, size_t from, struct chunked_place *out)
{
    TRY(id_argument(call, from, &out->organisation));
    TRY(id_argument(call, from + 1, &out->message));
    out->part = (uint32_t)number(call, from + 2);
    out->direction = (enum direction)number(call, from + 3);
    return SM_OK;
}

static enum sm_error on_context(struct call *call)
{
    struct chunked_place place;
    TRY(place_of(call, 0, &place));
    return chunked_context(&place, answer(call));
}

static enum sm_error on_part_seal(struct call *call)
{
    return chunked_seal(argument(call, 0), argument(call, 1), argument(call, 2), answer(call));
}

static enum sm_error on_part_open(struct call *call)
{
    return chunked_open(argument(call, 0), argument(call, 1), argument(call, 2), answer(call));
}

/* key, place (4), subject, body, then of one attachment: name, type, size, commitment, sha256 */
static enum sm_error on_header_seal(struct call *call)
{
    struct chunked_place place;
    struct manifest_attachment attachment = {.part = 1,
        .name = argument(call, 7),
        .media_type = argument(call, 8),
        .size = number(call, 9),
        .ciphertext_size = chunked_ciphertext_size(number(call, 9)),
        .commitment = argument(call, 10),
        .sha256 = argument(call, 11)};
    struct manifest manifest = {.version = MANIFEST_VERSION,
        .subject = argument(call, 5),
        .body = argument(call, 6),
        .body_type = span_text("text/plain"),
        .attachments = {&attachment, call->count > 7 ? 1 : 0}};
    TRY(place_of(call, 1, &place));
    return header_part_seal(argument(call, 0), &place, &manifest, answer(call));
}

/* key, place (4), sealed -> subject, body, and of each attachment the same five */
static enum sm_error on_header_open(struct call *call)
{
    struct chunked_place place;
    struct header_part part DEFER(header_part_free) = {0};
    TRY(place_of(call, 1, &place));
    TRY(header_part_open(argument(call, 0), &place, argument(call, 5), &part));
    TRY(answer_bytes(call, part.manifest.subject));
    TRY(answer_bytes(call, part.manifest.body));
    for (size_t i = 0; i < part.manifest.attachments.count && i < 2; i++) {
        const struct manifest_attachment *each =
            LIST_AT(struct manifest_attachment, part.manifest.attachments, i);
        TRY(answer_bytes(call, each->name));
        TRY(answer_bytes(call, each->media_type));
        TRY(buffer_append_be(answer(call), each->size, 8));
        TRY(answer_bytes(call, each->commitment));
        TRY(answer_bytes(call, each->sha256));
    }
    return SM_OK;
}

/* --- subject, link --- */

/* message key, organisation, message, text or sealed */
static enum sm_error subject_facts(
    const struct call *call, struct subject_place *place, struct secret **key)
{
    TRY(id_argument(call, 1, &place->organisation));
    TRY(id_argument(call, 2, &place->message));
    return subject_key_of(argument(call, 0), key);
}

static enum sm_error on_subject_seal(struct call *call)
{
    struct secret *key DEFER(secret_free) = NULL;
    struct subject_place place;
    TRY(subject_facts(call, &place, &key));
    return subject_seal(secret_span(key), &place, argument(call, 3), answer(call));
}

static enum sm_error on_subject_open(struct call *call)
{
    struct secret *key DEFER(secret_free) = NULL;
    struct subject_place place;
    TRY(subject_facts(call, &place, &key));
    return subject_open(secret_span(key), &place, argument(call, 3), answer(call));
}

/* base, link, secret, pin -> the link as text */
static enum sm_error on_link_format(struct call *call)
{
    struct link_parts link DEFER(link_wipe) = {0};
    struct span secret = argument(call, 2);
    struct span pin = argument(call, 3);
    TRY(id_argument(call, 1, &link.id));
    if (secret.size != sizeof link.secret || pin.size != sizeof link.pin)
        return SM_BAD_VALUE;
    memcpy(link.secret, secret.at, sizeof link.secret);
    memcpy(link.pin, pin.at, sizeof link.pin);
    return link_format(argument(call, 0), &link, answer(call));
}

static enum sm_error on_link_parse(struct call *call)
{
    struct link_parts link DEFER(link_wipe) = {0};
    TRY(link_parse(argument(call, 0), &link, NULL));
    TRY(answer_bytes(call, id_span(&link.id)));
    TRY(answer_bytes(call, SPAN(link.secret)));
    return answer_bytes(call, SPAN(link.pin));
}

/* --- lines --- */

static const struct {
    const char *verb;
    enum sm_error (*run)(struct call *call);
} verbs[] = {
    {"key", on_key},
    {"request-open", on_request_open},
    {"reply-make", on_reply_make},
    {"request-make", on_request_make},
    {"reply-open", on_reply_open},
    {"context", on_context},
    {"part-seal", on_part_seal},
    {"part-open", on_part_open},
    {"header-seal", on_header_seal},
    {"header-open", on_header_open},
    {"subject-seal", on_subject_seal},
    {"subject-open", on_subject_open},
    {"link-format", on_link_format},
    {"link-parse", on_link_parse},
};

static void call_free(struct call *call)
{
    for (size_t i = 0; i < call->count; i++)
        buffer_free(&call->arguments[i]);
    for (size_t i = 0; i < call->answers_count; i++)
        buffer_free(&call->answers[i]);
}

static enum sm_error read_arguments(char *rest, struct call *call)
{
    char *state = NULL;
    for (char *word = strtok_r(rest, " ", &state); word; word = strtok_r(NULL, " ", &state)) {
        uint8_t *room = NULL;
        size_t size = strcmp(word, "-") == 0 ? 0 : strlen(word) / 2;
        if (call->count == ARGUMENTS_MAX)
            return SM_TOO_LARGE;
        struct buffer *out = &call->arguments[call->count++];
        *out = BUFFER(BYTES_MAX);
        if (size == 0)
            continue;
        TRY(buffer_extend(out, size, &room));
        TRY(hex_decode(span_text(word), room, size));
    }
    return SM_OK;
}

static enum sm_error run_line(char *line, struct call *call)
{
    char *space = strchr(line, ' ');
    if (space)
        *space = '\0';
    TRY(read_arguments(space ? space + 1 : line + strlen(line), call));
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(verbs[i].verb, line) == 0)
            return verbs[i].run(call);
    return SM_UNKNOWN_OPERATION;
}

static void print_answers(const struct call *call)
{
    (void)fputs("ok", stdout);
    for (size_t i = 0; i < call->answers_count; i++) {
        struct span bytes = buffer_span(&call->answers[i]);
        (void)fputs(bytes.size ? " " : " -", stdout);
        for (size_t at = 0; at < bytes.size; at++)
            (void)printf("%02x", bytes.at[at]);
    }
    (void)putchar('\n');
}

int main(void)
{
    char *line = NULL;
    size_t capacity = 0;
    while (getline(&line, &capacity, stdin) > 0) {
        struct call call DEFER(call_free) = {0};
        line[strcspn(line, "\n")] = '\0';
        enum sm_error error = run_line(line, &call);
        if (error == SM_OK)
            print_answers(&call);
        else
            (void)printf("error %s\n", error_name(error));
        (void)fflush(stdout);
    }
    free(line);
    sealed_exchange_free(&peer.exchange);
    p256_free(&peer.identity);
    p256_free(&peer.hpke);
    return 0;
}
