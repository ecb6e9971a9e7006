/*
 * Uploads as a client of the gateway in tests/support/web.h makes them: its capability, the tus
 * requests, and where they got.
 */
#ifndef SM_TESTS_SUPPORT_WEB_UPLOAD_H
#define SM_TESTS_SUPPORT_WEB_UPLOAD_H

#include "tests/support/web.h"

/* Header lines, or a path. */
struct web_lines {
    char text[1024];
};

/* What every capability here is of. */
extern const struct id web_organisation, web_sender;

/* A capability of that kind for the message, and the lines after it. */
struct web_lines web_lines(enum capability_kind kind, struct id message, const char *more);

/* Creates the upload of a part ("MQ==" is 1); gives the path of its Location. */
struct web_lines web_upload_create(
    const struct web *web, struct id message, const char *part, size_t size);

/* The status of a PATCH with all of `bytes`. */
unsigned web_upload_patch(const struct web *web, struct id message, struct web_lines path,
    uint64_t offset, struct span bytes);

/* The head of a PATCH at offset 0 that announces `size` bytes, for a connection of one's own. */
struct web_lines web_upload_patch_head(struct id message, struct web_lines path, size_t size);

/* Waits until all that was written is at the gateway's end of the connection. */
void web_await_arrival(int connection);

/* The offset that HEAD tells, or SIZE_MAX when it tells none; *status may be NULL. */
size_t web_upload_offset(
    const struct web *web, struct id message, struct web_lines path, unsigned *status);

/* The id at the end of the path. */
struct store_upload_name web_upload_name(struct web_lines path);

#endif
