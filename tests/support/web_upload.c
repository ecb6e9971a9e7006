/* tus requests by the plain client of web.h. */
#include "tests/support/web_upload.h"

#include "proto/limits.h"
#include "tests/support/check.h"

#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>

const struct id web_organisation = {{0x0a}};
const struct id web_sender = {{0x5e}};

static const char patch_lines[] = "Tus-Resumable: 1.0.0\r\nUpload-Offset: %llu\r\n"
                                  "Content-Type: application/offset+octet-stream\r\n";

struct web_lines web_lines(enum capability_kind kind, struct id message, const char *more)
{
    struct web_lines lines;
    struct capability wanted = {.kind = kind,
        .organisation = web_organisation,
        .subject = web_sender,
        .message = message,
        .bytes_max = 200 * 1000 * 1000,
        .parts_max = PARTS_MAX,
        .token = {{0x70}}};
    (void)snprintf(lines.text, sizeof lines.text, "Secure-Mail-Capability: %s\r\n%s",
        web_capability(&wanted).text, more);
    return lines;
}

struct web_lines web_upload_create(
    const struct web *web, struct id message, const char *part, size_t size)
{
    struct web_lines path = {{0}};
    struct web_lines more;
    struct web_answer answer DEFER(web_answer_free) = WEB_ANSWER;
    (void)snprintf(more.text, sizeof more.text,
        "Tus-Resumable: 1.0.0\r\nUpload-Length: %zu\r\nUpload-Metadata: part %s\r\n", size, part);
    assert_ok(web_ask(web, "POST /api/v1/uploads",
        web_lines(CAPABILITY_UPLOAD, message, more.text).text, NULL, &answer));
    assert_int_equal(answer.status, 201);
    assert_true(web_header(&answer, "Upload-Expires").size > 10);
    (void)snprintf(
        path.text, sizeof path.text, "%.*s", SPAN_PRINT(web_header(&answer, "Location")));
    return path;
}

static struct web_lines patch_headers(struct id message, uint64_t offset)
{
    struct web_lines more;
    (void)snprintf(more.text, sizeof more.text, patch_lines, (unsigned long long)offset);
    return web_lines(CAPABILITY_UPLOAD, message, more.text);
}

unsigned web_upload_patch(const struct web *web, struct id message, struct web_lines path,
    uint64_t offset, struct span bytes)
{
    struct web_lines line;
    struct web_answer answer DEFER(web_answer_free) = WEB_ANSWER;
    (void)snprintf(line.text, sizeof line.text, "PATCH %.100s", path.text);
    assert_ok(web_ask(web, line.text, patch_headers(message, offset).text, &bytes, &answer));
    return answer.status;
}

struct web_lines web_upload_patch_head(struct id message, struct web_lines path, size_t size)
{
    struct web_lines head;
    (void)snprintf(head.text, sizeof head.text,
        "PATCH %.100s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\n%.800s\r\n", path.text,
        size, patch_headers(message, 0).text);
    return head;
}

void web_await_arrival(int connection)
{
    enum { LOOKS = 1000, LOOK_NS = 20 * 1000 * 1000 };
    int unacknowledged = 1;
    for (int i = 0; unacknowledged && i < LOOKS; i++) {
        assert_int_equal(ioctl(connection, SIOCOUTQ, &unacknowledged), 0);
        if (unacknowledged)
            (void)nanosleep(&(struct timespec){.tv_nsec = LOOK_NS}, NULL);
    }
    assert_int_equal(unacknowledged, 0);
}

size_t web_upload_offset(
    const struct web *web, struct id message, struct web_lines path, unsigned *status)
{
    struct web_lines line;
    struct web_answer answer DEFER(web_answer_free) = WEB_ANSWER;
    (void)snprintf(line.text, sizeof line.text, "HEAD %.100s", path.text);
    assert_ok(web_ask(web, line.text,
        web_lines(CAPABILITY_UPLOAD, message, "Tus-Resumable: 1.0.0\r\n").text, NULL, &answer));
    if (status)
        *status = answer.status;
    struct span offset = web_header(&answer, "Upload-Offset");
    return answer.status == 200 ? strtoul((const char *)offset.at, NULL, 10) : SIZE_MAX;
}

struct store_upload_name web_upload_name(struct web_lines path)
{
    struct store_upload_name upload = {0};
    assert_ok(id_parse(span_text(path.text + strlen("/api/v1/uploads/")), &upload.id));
    return upload;
}
