/* Structured log lines on standard error. The mutable state: name and level of the process, and of
 * each thread the request that it is at work for. */
#include "base/log.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/memory.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

enum { LINE_BYTES_MAX = 16384, END_BYTES = 32 /* kept free for the end of a line */ };

static const char *service_name = "-";
static enum log_level level_least = LOG_INFO;
static _Thread_local uint64_t request_now;
static const char *const level_names[] = {"debug", "info", "warning", "error"};

void log_start(const char *service, enum log_level least)
{
    service_name = service;
    level_least = least;
}

void log_request_set(uint64_t request)
{
    request_now = request;
}

uint64_t log_request(void)
{
    return request_now;
}

static enum sm_error append_quoted(struct buffer *line, const char *text)
{
    TRY(buffer_append_u8(line, '"'));
    size_t length = strnlen(text, LOG_VALUE_BYTES_MAX);
    for (size_t i = 0; i < length; i++) {
        uint8_t letter = (uint8_t)text[i];
        if (letter == '"' || letter == '\\')
            TRY(buffer_format(line, "\\%c", letter));
        else if (letter < 0x20 || letter >= 0x7f)
            TRY(buffer_format(line, "\\u%04x", letter));
        else
            TRY(buffer_append_u8(line, letter));
    }
    return buffer_append_u8(line, '"');
}

static enum sm_error append_pair(struct buffer *line, const char *name, const char *value)
{
    TRY(buffer_append_u8(line, ','));
    TRY(append_quoted(line, name));
    TRY(buffer_append_u8(line, ':'));
    return append_quoted(line, value ? value : "");
}

/* What does not fit any more is left out, and that is said: no line is lost for its values. */
static enum sm_error compose(
    struct buffer *line, enum log_level level, const char *event, va_list pairs)
{
    TRY(buffer_format(line, "{\"time\":\"%s\"", clock_text(clock_wall_ms()).text));
    TRY(append_pair(line, "service", service_name));
    TRY(append_pair(line, "level", level_names[level]));
    TRY(append_pair(line, "event", event));
    if (request_now)
        TRY(buffer_format(line, ",\"request\":\"%016" PRIx64 "\"", request_now));
    for (const char *name; (name = va_arg(pairs, const char *)) != NULL;) {
        size_t before = line->size;
        if (append_pair(line, name, va_arg(pairs, const char *)) == SM_OK)
            continue;
        buffer_truncate(line, before);
        line->size_max = LINE_BYTES_MAX;
        return buffer_append_text(line, ",\"cut\":\"yes\"}\n");
    }
    line->size_max = LINE_BYTES_MAX;
    return buffer_append_text(line, "}\n");
}

void log_line(enum log_level level, const char *event, ...)
{
    if (level < level_least)
        return;
    struct buffer line DEFER(buffer_free) = BUFFER(LINE_BYTES_MAX - END_BYTES);
    va_list pairs;
    va_start(pairs, event);
    enum sm_error error = compose(&line, level, event, pairs);
    va_end(pairs);
    if (error != SM_OK)
        return;
    ssize_t written = write(STDERR_FILENO, line.bytes, line.size);
    (void)written; /* a log that cannot be written must not stop the service */
}
