/*
 * The gateway with its HTTP surface on real sockets, a real PostgreSQL and a real object store; its
 * peers are stand-ins. What the tests of the surface have in common; included once in a program.
 */
#ifndef SM_TESTS_SURFACE_H
#define SM_TESTS_SURFACE_H

#include "tests/support/check.h"
#include "tests/support/web_upload.h"

#include "proto/sealed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Each test has its own message. */
static inline struct id message_of(uint8_t number)
{
    return (struct id){{0xee, number}};
}

static inline int start_web(void **state)
{
    struct web *web = calloc(1, sizeof *web);
    *state = web;
    return web_start(web) == SM_OK ? 0 : -1;
}

static inline int stop_web(void **state)
{
    web_stop(*state);
    free(*state);
    return 0;
}

static inline unsigned status_of(const struct web *web, const char *line, const char *headers)
{
    struct web_answer answer DEFER(web_answer_free) = WEB_ANSWER;
    assert_ok(web_ask(web, line, headers, NULL, &answer));
    return answer.status;
}

/* Of web_sender, in a session whose name is 5e55 and noughts. */
static inline struct web_lines with_cookie(const char *more)
{
    struct web_lines lines;
    struct capability wanted = {.kind = CAPABILITY_SESSION,
        .organisation = web_organisation,
        .subject = web_sender,
        .role = ROLE_SENDER,
        .token = {{0x5e, 0x55}}};
    (void)snprintf(lines.text, sizeof lines.text, "Cookie: a=b; securemail-session=%s\r\n%.200s",
        web_capability(&wanted).text, more);
    return lines;
}

static inline struct buffer pattern(size_t size)
{
    struct buffer bytes = BUFFER(size);
    uint8_t *at = NULL;
    assert_ok(buffer_extend(&bytes, size, &at));
    for (size_t i = 0; i < size; i++)
        at[i] = (uint8_t)(i * 31 + i / 251);
    return bytes;
}

static inline void store_part(
    const struct web *web, struct id message, const char *part, size_t size)
{
    struct buffer bytes DEFER(buffer_free) = pattern(size);
    struct web_lines path = web_upload_create(web, message, part, size);
    assert_int_equal(web_upload_patch(web, message, path, 0, buffer_span(&bytes)), 204);
}

static inline int64_t count_of(const struct web *web, const char *sql)
{
    int64_t number = -1;
    assert_ok(database_number(web->database, sql, &number));
    return number;
}

static inline struct buffer sealed_frame(struct id message, uint64_t parts)
{
    struct buffer frame = BUFFER(4096);
    struct buffer clear DEFER(buffer_free) = BUFFER(1024);
    uint8_t *room = NULL;
    struct sealed_aad facts = {message, parts};
    assert_ok(fields_encode(&sealed_aad, &facts, &clear));
    assert_ok(buffer_append_u8(&frame, 1));
    assert_ok(buffer_extend(&frame, 8, &room));
    memset(room, 1, 8);
    assert_ok(buffer_append_be(&frame, clear.size, 2));
    assert_ok(buffer_append(&frame, buffer_span(&clear)));
    assert_ok(buffer_extend(&frame, 65 + 16 + 20, &room));
    memset(room, 4, 65 + 16 + 20);
    return frame;
}

static inline unsigned sealed(struct web *web, const char *operation, struct span frame,
    const char *headers, struct web_answer *answer)
{
    struct web_lines line;
    struct web_lines more;
    (void)snprintf(line.text, sizeof line.text, "POST /api/v1/sealed/%s", operation);
    (void)snprintf(
        more.text, sizeof more.text, "Content-Type: application/octet-stream\r\n%.200s", headers);
    assert_ok(web_ask(web, line.text, more.text, &frame, answer));
    return answer->status;
}

#endif
