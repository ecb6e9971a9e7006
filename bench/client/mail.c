#include "bench/client/mail.h"

#include "base/encode.h"
#include "base/random.h"
#include "envelope/header_part.h"
#include "envelope/link.h"
#include "envelope/subject.h"
#include "services/crypto/code.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LETTERS_MAX = 200000,
    TEXT_BYTES = 1024,
    HEADERS_BYTES = 1400,
    PASSWORD_BYTES = 16,
    LARGE_BYTES = 50 * 1000 * 1000,
    SMALL_BYTES = 1200, /* of a header part in the place of which anything does */
    ARENA_BYTES = 256 * 1024,
};
static const char recipient_password[] = "correct-horse-battery";

/* One message and its one link, as far as it has come. */
struct letter {
    struct id message, link;
    uint8_t key[KEY_BYTES];
    uint8_t secret[LINK_SECRET_BYTES];
    struct sealed_frame send;
    struct code code;
};

struct mail {
    struct mail_options options;
    struct server_keys keys;
    struct session_proof session;
    uint8_t session_secret[SESSION_SECRET_BYTES];
    struct id organisation;
    char cookie[700];
    struct letter *letters;
    size_t wanted; /* of mail_prepare */
    atomic_size_t made, to_send, sent, to_open;
    size_t coded;
    struct buffer large; /* as a sealed part of 50 MB is */
    char large_path[160], large_headers[CAPABILITY_BYTES_MAX + 64];
    atomic_long transfers; /* that are still to be done */
};

static void must(enum sm_error error, const char *what)
{
    if (error != SM_OK)
        give_up(what, error_name(error));
}

/* --- signing in --- */

static void sign_in(struct mail *mail)
{
    struct talk talk DEFER(talk_close) = talk_open(mail->options.port);
    struct arena arena DEFER(arena_free) = ARENA(ARENA_BYTES);
    struct login_request login = {
        .email = span_text(mail->options.email), .password = span_text(mail->options.password)};
    struct login_reply reply = {0};
    sealed_ask(&talk, &mail->keys, "login", &login, &arena, &reply);
    memcpy(mail->session_secret, reply.session.secret.at, SESSION_SECRET_BYTES);
    mail->session = (struct session_proof){reply.session.session, SPAN(mail->session_secret)};
    mail->organisation = reply.organisation;
    struct span cookie = talk_header(&talk, "\r\nSet-Cookie:");
    const uint8_t *end = cookie.size ? memchr(cookie.at, ';', cookie.size) : NULL;
    if (!end)
        give_up("login", "no cookie");
    (void)snprintf(mail->cookie, sizeof mail->cookie, "Cookie: %.*s\r\nSecure-Mail-Request: 1\r\n",
        (int)(end - cookie.at), (const char *)cookie.at);
}

struct mail *mail_open(const struct mail_options *options)
{
    struct mail *mail = calloc(1, sizeof *mail);
    if (!mail || !(mail->letters = calloc(LETTERS_MAX, sizeof *mail->letters)))
        give_up("mail", "no memory");
    mail->options = *options;
    server_keys_fetch(options->port, &mail->keys);
    sign_in(mail);
    return mail;
}

void mail_close(struct mail *mail)
{
    for (size_t i = 0; i < mail->made; i++)
        sealed_frame_free(&mail->letters[i].send);
    buffer_free(&mail->large);
    free(mail->letters);
    free(mail);
}

const char *mail_cookie(const struct mail *mail)
{
    return mail->cookie;
}

/* --- a thread's state --- */

struct hand {
    struct mail *mail;
    struct talk talk;
    size_t number;
};

static void *hand_open(void *context, size_t thread)
{
    struct hand *hand = calloc(1, sizeof *hand);
    if (!hand)
        give_up("mail", "no memory");
    hand->mail = context;
    hand->number = thread;
    hand->talk = talk_open(hand->mail->options.port);
    return hand;
}

static void hand_close(void *state)
{
    struct hand *hand = state;
    talk_close(&hand->talk);
    free(hand);
}

static struct driven go(
    struct mail *mail, size_t threads, double seconds, bool (*once)(void *state))
{
    return drive(&(struct drive){.threads = threads,
        .seconds = seconds,
        .context = mail,
        .open = hand_open,
        .once = once,
        .close = hand_close});
}

/* --- composing and uploading --- */

static void ask_capability(struct hand *hand, struct id message, char out[HEADERS_BYTES])
{
    struct arena arena DEFER(arena_free) = ARENA(ARENA_BYTES);
    struct compose_request compose = {.session = hand->mail->session, .message = message};
    struct access_reply access = {0};
    sealed_ask(&hand->talk, &hand->mail->keys, "compose", &compose, &arena, &access);
    (void)snprintf(out, HEADERS_BYTES, "Secure-Mail-Capability: %.*s\r\nTus-Resumable: 1.0.0\r\n",
        (int)access.capability.size, (const char *)access.capability.at);
}

static void upload(struct hand *hand, const char *capability, int part, struct span bytes)
{
    char headers[HEADERS_BYTES + 200];
    char path[160];
    struct buffer digits DEFER(buffer_free) = BUFFER(16);
    char number[8];
    (void)snprintf(number, sizeof number, "%d", part);
    must(base64_encode(span_text(number), &digits), "upload");
    (void)snprintf(headers, sizeof headers,
        "%sUpload-Length: %zu\r\nUpload-Metadata: part %.*s\r\n", capability, bytes.size,
        (int)digits.size, (const char *)digits.bytes);
    talk_ask(&hand->talk,
        &(struct ask){.method = "POST", .path = "/api/v1/uploads", .headers = headers});
    talk_expect(&hand->talk, 201, "upload");
    struct span location = talk_header(&hand->talk, "\r\nLocation:");
    (void)snprintf(path, sizeof path, "%.*s", (int)location.size, (const char *)location.at);
    (void)snprintf(headers, sizeof headers,
        "%sUpload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\n", capability);
    talk_ask(&hand->talk,
        &(struct ask){.method = "PATCH", .path = path, .headers = headers, .body = bytes});
    talk_expect(&hand->talk, 204, "upload");
}

static void seal_header_part(
    const struct mail *mail, const struct letter *letter, struct buffer *out)
{
    char text[TEXT_BYTES];
    memset(text, 'x', sizeof text);
    const struct manifest manifest = {.version = MANIFEST_VERSION,
        .subject = span_text("Your results"),
        .body = span_of(text, sizeof text),
        .body_type = span_text("text/plain")};
    const struct chunked_place place = {mail->organisation, letter->message, 0, DIRECTION_MESSAGE};
    must(header_part_seal(SPAN(letter->key), &place, &manifest, out), "header part");
}

/* The send as it is posted later. */
static void seal_send(
    const struct mail *mail, struct letter *letter, struct list parts, size_t number)
{
    struct secret *key DEFER(secret_free) = NULL;
    struct buffer subject DEFER(buffer_free) = BUFFER(SUBJECT_SEALED_BYTES_MAX);
    const struct subject_place place = {mail->organisation, letter->message};
    char address[64];
    (void)snprintf(address, sizeof address, "patient-%zu@example.org", number);
    must(subject_key_of(SPAN(letter->key), &key), "subject");
    must(subject_seal(secret_span(key), &place, span_text("Your results"), &subject), "subject");
    struct recipient recipient = {.address = span_text(address),
        .name = span_text("A. Patient"),
        .method = mail->options.is_checked_by_password ? METHOD_PASSWORD : METHOD_CODE};
    if (mail->options.is_checked_by_password)
        recipient.password = span_text(recipient_password);
    struct send_request send = {.session = mail->session,
        .message = letter->message,
        .key = SPAN(letter->key),
        .lifetime_days = 7,
        .language = span_text("en"),
        .subject_sealed = buffer_span(&subject),
        .recipients = {&recipient, 1},
        .parts = parts};
    const struct sealed_aad aad = {letter->message, parts.count};
    sealed_frame_make(&mail->keys, "send", &aad, &send, &letter->send);
}

static bool prepare_one(void *state)
{
    struct hand *hand = state;
    struct mail *mail = hand->mail;
    char capability[HEADERS_BYTES];
    struct buffer part DEFER(buffer_free) = BUFFER(64 * 1024);
    size_t number = atomic_fetch_add(&mail->made, 1);
    if (number >= mail->wanted) {
        (void)atomic_fetch_sub(&mail->made, 1);
        return false;
    }
    struct letter *letter = &mail->letters[number];
    must(id_new(&letter->message), "random");
    must(random_bytes(letter->key, sizeof letter->key), "random");
    ask_capability(hand, letter->message, capability);
    seal_header_part(mail, letter, &part);
    upload(hand, capability, 0, buffer_span(&part));
    struct part_facts facts = {
        0, part.size, span_slice(buffer_span(&part), CHUNKED_SALT_BYTES, CHUNKED_COMMITMENT_BYTES)};
    seal_send(mail, letter, (struct list){&facts, 1}, number);
    return true;
}

struct driven mail_prepare(struct mail *mail, size_t threads, size_t count)
{
    mail->wanted = mail->made + count;
    if (mail->wanted > LETTERS_MAX)
        give_up("prepare", "too many");
    return go(mail, threads, 0, prepare_one);
}

/* --- sending --- */

static bool send_one(void *state)
{
    struct hand *hand = state;
    struct mail *mail = hand->mail;
    struct arena arena DEFER(arena_free) = ARENA(ARENA_BYTES);
    size_t number = atomic_fetch_add(&mail->to_send, 1);
    if (number >= mail->made) {
        (void)atomic_fetch_sub(&mail->to_send, 1);
        return false;
    }
    struct letter *letter = &mail->letters[number];
    struct send_reply reply = {0};
    sealed_frame_post(&hand->talk, &letter->send);
    sealed_frame_read(&hand->talk, &letter->send, &arena, &reply);
    letter->link = LIST_AT(struct link_facts, reply.links, 0)->link;
    sealed_frame_free(&letter->send);
    (void)atomic_fetch_add(&mail->sent, 1);
    return true;
}

struct driven mail_send(struct mail *mail, size_t threads, double seconds)
{
    return go(mail, threads, seconds, send_one);
}

/* --- codes --- */

static struct keyring *open_keyring(const struct mail_options *options, struct db *db)
{
    char text[512] = "";
    FILE *file = fopen(options->master_key_file, "re");
    struct keyring *keyring = NULL;
    if (!file || !fgets(text, sizeof text, file))
        give_up("master key", options->master_key_file);
    (void)fclose(file);
    text[strcspn(text, "\n")] = '\0';
    const struct master_keys master = {.current = span_text(text)};
    must(keyring_open(db, &master, &keyring), "keyring");
    return keyring;
}

/* As a person's mailbox would show it; but a thousand mailboxes are not what is measured. */
static void issue_code(const struct worker *worker, struct letter *letter)
{
    const struct link link = {.link = letter->link};
    int64_t now_ms;
    int64_t wait_ms = 0;
    must(link_secret(
             keyring_key(worker->crypto->keyring, KEY_LINK), letter->link, 1, letter->secret),
        "link");
    must(db_now_ms(worker->db, &now_ms), "clock");
    must(code_issue(worker, &link, now_ms, &letter->code, &wait_ms), "code");
}

void mail_issue_codes(struct mail *mail)
{
    struct db *db DEFER(db_close) = NULL;
    struct db_transaction tx DEFER(db_rollback) = {0};
    must(db_open(mail->options.database, &db), "database");
    struct keyring *keyring DEFER(keyring_free) = open_keyring(&mail->options, db);
    struct crypto crypto = {.keyring = keyring};
    const struct worker worker = {&crypto, db};
    must(db_begin(db, &tx), "begin");
    for (; mail->coded < mail->sent; mail->coded++)
        issue_code(&worker, &mail->letters[mail->coded]);
    must(db_commit(&tx), "commit");
}

/* --- opening --- */

static void fetch_header_part(struct hand *hand, const struct content_reply *content)
{
    char headers[HEADERS_BYTES];
    char path[160];
    const struct part_facts *part = LIST_AT(struct part_facts, content->parts, 0);
    (void)snprintf(headers, sizeof headers, "Secure-Mail-Capability: %.*s\r\n",
        (int)content->capability.size, (const char *)content->capability.at);
    (void)snprintf(
        path, sizeof path, "/api/v1/messages/%s/parts/0", id_text(content->message).text);
    talk_ask(&hand->talk, &(struct ask){.method = "GET", .path = path, .headers = headers});
    talk_expect(&hand->talk, 200, "header part");
    if (hand->talk.body.size != part->ciphertext_size)
        give_up("header part", "its size is another");
}

static void open_letter(struct hand *hand, const struct letter *letter)
{
    struct mail *mail = hand->mail;
    struct arena arena DEFER(arena_free) = ARENA(ARENA_BYTES);
    struct verify_request verify = {.link = {letter->link, SPAN(letter->secret)}};
    struct verify_open_reply opened = {0};
    if (mail->options.is_checked_by_password)
        verify.password = span_text(recipient_password);
    else
        verify.code = span_text(letter->code.digits);
    sealed_ask(&hand->talk, &mail->keys, "verify_open", &verify, &arena, &opened);
    const struct content_reply *content = &opened.content;
    if (content->key.size != KEY_BYTES || memcmp(content->key.at, letter->key, KEY_BYTES) != 0)
        give_up("open", "another key");
    fetch_header_part(hand, content);
}

static bool open_one(void *state)
{
    struct hand *hand = state;
    struct mail *mail = hand->mail;
    size_t number = atomic_fetch_add(&mail->to_open, 1);
    if (mail->options.is_checked_by_password) /* a link stays good */
        number = (hand->number + 16 * number) % mail->coded;
    else if (number >= mail->coded) {
        (void)atomic_fetch_sub(&mail->to_open, 1);
        return false;
    }
    open_letter(hand, &mail->letters[number]);
    return true;
}

struct driven mail_open_links(struct mail *mail, size_t threads, double seconds)
{
    return go(mail, threads, seconds, open_one);
}

/* --- 50 MB --- */

/* What it holds does not matter to anybody on the way. */
static void make_large(struct mail *mail)
{
    uint8_t *bytes;
    if (mail->large.size)
        return;
    mail->large = BUFFER(2 * (size_t)LARGE_BYTES);
    must(buffer_extend(&mail->large, chunked_ciphertext_size(LARGE_BYTES), &bytes), "50 MB");
    memset(bytes, 'x', mail->large.size);
}

struct transfer {
    struct hand *hand;
    char capability[HEADERS_BYTES];
    int next_part;
    bool is_download;
};

static void *transfer_open(struct mail *mail, size_t thread, bool is_download)
{
    struct transfer *transfer = calloc(1, sizeof *transfer);
    struct id message;
    if (!transfer)
        give_up("transfer", "no memory");
    transfer->hand = hand_open(mail, thread);
    transfer->is_download = is_download;
    transfer->next_part = 1;
    must(id_new(&message), "random");
    if (!is_download)
        ask_capability(transfer->hand, message, transfer->capability);
    return transfer;
}

static void *upload_open(void *context, size_t thread)
{
    return transfer_open(context, thread, false);
}

static void *download_open(void *context, size_t thread)
{
    return transfer_open(context, thread, true);
}

static void *both_open(void *context, size_t thread)
{
    return transfer_open(context, thread, thread % 2 == 1);
}

static void transfer_close(void *state)
{
    struct transfer *transfer = state;
    hand_close(transfer->hand);
    free(transfer);
}

static bool transfer_one(void *state)
{
    struct transfer *transfer = state;
    struct mail *mail = transfer->hand->mail;
    if (atomic_fetch_sub(&mail->transfers, 1) <= 0)
        return false;
    if (!transfer->is_download) {
        upload(
            transfer->hand, transfer->capability, transfer->next_part++, buffer_span(&mail->large));
        return true;
    }
    const struct ask ask = {
        .method = "GET", .path = mail->large_path, .headers = mail->large_headers};
    if (talk_ask_and_drop(&transfer->hand->talk, &ask) != mail->large.size)
        give_up("download", "its size is another");
    return true;
}

/* A message whose attachment has 50 MB, sent; its sender's capability to download it. */
static void send_large(struct mail *mail)
{
    struct hand *hand = hand_open(mail, 0);
    struct arena arena DEFER(arena_free) = ARENA(ARENA_BYTES);
    struct letter letter = {0};
    char capability[HEADERS_BYTES];
    make_large(mail);
    must(id_new(&letter.message), "random");
    ask_capability(hand, letter.message, capability);
    upload(hand, capability, 0, span_slice(buffer_span(&mail->large), 0, SMALL_BYTES));
    upload(hand, capability, 1, buffer_span(&mail->large));
    struct part_facts parts[] = {
        {0, SMALL_BYTES, span_slice(buffer_span(&mail->large), 0, COMMITMENT_BYTES)},
        {1, mail->large.size, span_slice(buffer_span(&mail->large), 0, COMMITMENT_BYTES)}};
    seal_send(mail, &letter, (struct list){parts, 2}, LETTERS_MAX);
    sealed_frame_post(&hand->talk, &letter.send);
    struct message_request read = {.session = mail->session, .message = letter.message};
    struct content_reply content = {0};
    sealed_ask(&hand->talk, &mail->keys, "read", &read, &arena, &content);
    (void)snprintf(mail->large_headers, sizeof mail->large_headers,
        "Secure-Mail-Capability: %.*s\r\n", (int)content.capability.size,
        (const char *)content.capability.at);
    (void)snprintf(mail->large_path, sizeof mail->large_path, "/api/v1/messages/%s/parts/1",
        id_text(letter.message).text);
    sealed_frame_free(&letter.send);
    hand_close(hand);
}

struct driven mail_transfer(
    struct mail *mail, enum transfer_kind kind, size_t threads, size_t count)
{
    static void *(*const openers[])(void *, size_t) = {
        [TRANSFER_UPLOAD] = upload_open,
        [TRANSFER_DOWNLOAD] = download_open,
        [TRANSFER_BOTH] = both_open,
    };
    if (!mail->large_path[0])
        send_large(mail);
    mail->transfers = (long)count;
    return drive(&(struct drive){.threads = threads,
        .context = mail,
        .open = openers[kind],
        .once = transfer_one,
        .close = transfer_close});
}
