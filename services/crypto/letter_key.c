/* One small file, read once at start. */
#include "services/crypto/letter_key.h"

#include "base/encode.h"
#include "base/log.h"
#include "base/memory.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static void close_file(int *file)
{
    if (*file >= 0)
        (void)close(*file);
}

static enum sm_error config_fault(const char *cause)
{
    log_line(LOG_ERROR, "letter-key", "file", "notifier-letter.pub", "cause", cause, "remedy",
        "make the keys again (dev/setup, or docs/runbook.md), or copy the file here", NULL);
    return SM_CONFIG;
}

enum sm_error letter_public_load(const char *keys_dir, uint8_t out[static P256_PUBLIC_BYTES])
{
    struct buffer path DEFER(buffer_free) = BUFFER(4096);
    uint8_t digits[2 * P256_PUBLIC_BYTES];
    uint8_t point[P256_PUBLIC_BYTES];
    const char *name;
    TRY(buffer_format(&path, "%s/notifier-letter.pub", keys_dir));
    TRY(buffer_text(&path, &name));
    int file DEFER(close_file) = open(name, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return config_fault("it cannot be read");
    if (read(file, digits, sizeof digits) != (ssize_t)sizeof digits)
        return config_fault("it is shorter than 130 digits");
    if (hex_decode(SPAN(digits), point, sizeof point) != SM_OK ||
        p256_check_public(SPAN(point)) != SM_OK)
        return config_fault("it holds no P-256 point");
    memcpy(out, point, sizeof point);
    return SM_OK;
}
