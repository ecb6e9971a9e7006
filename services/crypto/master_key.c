/*
 * Weakness can only be seen when it is gross. Of 32 random bytes about 30 differ; fewer than 16
 * happens once in 10^16 keys, all printable once in 10^13: what we refuse was never random.
 */
#include "services/crypto/master_key.h"

#include "base/encode.h"
#include "base/log.h"
#include "base/memory.h"

#include <ctype.h>

static enum sm_error refuse(const char *cause)
{
    log_line(LOG_ERROR, "master-key-refused", "setting", "SECURE_MAIL_MASTER_KEY", "cause", cause,
        "remedy", "make one with: make master-key", NULL);
    return SM_CONFIG;
}

static struct span trimmed(struct span text)
{
    while (text.size && isspace(text.at[0]))
        text = span_slice(text, 1, text.size);
    while (text.size && isspace(text.at[text.size - 1]))
        text.size--;
    return text;
}

static bool is_hexadecimal(struct span text)
{
    for (size_t i = 0; i < text.size; i++)
        if (!isxdigit(text.at[i]))
            return false;
    return text.size % 2 == 0;
}

static enum sm_error decode_hexadecimal(struct span text, struct buffer *out)
{
    struct buffer lower DEFER(buffer_free) = BUFFER(2 * MASTER_KEY_BYTES_MAX);
    uint8_t *bytes;
    for (size_t i = 0; i < text.size; i++)
        TRY(buffer_append_u8(&lower, (uint8_t)tolower(text.at[i])));
    TRY(buffer_extend(out, text.size / 2, &bytes));
    return hex_decode(buffer_span(&lower), bytes, text.size / 2);
}

/* Only hexadecimal digits is hexadecimal, although it could be read as base64 too. */
static enum sm_error decode(struct span text, struct buffer *out)
{
    if (is_hexadecimal(text))
        return decode_hexadecimal(text, out);
    if (base64_decode(text, out) == SM_OK)
        return SM_OK;
    buffer_clear(out);
    return base64url_decode(text, out);
}

static size_t distinct_bytes(struct span key)
{
    bool is_seen[256] = {false};
    size_t count = 0;
    for (size_t i = 0; i < key.size; i++) {
        count += !is_seen[key.at[i]];
        is_seen[key.at[i]] = true;
    }
    return count;
}

static bool is_sequence(struct span key)
{
    for (size_t i = 2; i < key.size; i++)
        if ((uint8_t)(key.at[i] - key.at[i - 1]) != (uint8_t)(key.at[1] - key.at[0]))
            return false;
    return true;
}

static bool is_printable(struct span key)
{
    for (size_t i = 0; i < key.size; i++)
        if (!isprint(key.at[i]))
            return false;
    return true;
}

enum sm_error master_key_parse(struct span text, struct secret **out)
{
    struct buffer key DEFER(buffer_free) = BUFFER(MASTER_KEY_BYTES_MAX);
    text = trimmed(text);
    if (text.size == 0)
        return refuse("it is empty");
    enum sm_error error = decode(text, &key);
    if (error == SM_TOO_LARGE)
        return refuse("it is longer than 256 bytes");
    if (error != SM_OK)
        return refuse("it is neither hexadecimal nor base64");
    struct span bytes = buffer_span(&key);
    if (bytes.size < MASTER_KEY_BYTES_MIN)
        return refuse("it has fewer than 32 bytes");
    if (distinct_bytes(bytes) < MASTER_KEY_DISTINCT_MIN || is_sequence(bytes))
        return refuse("it is not random: too few different bytes");
    if (is_printable(bytes))
        return refuse("it is not random: it spells text");
    return secret_copy(bytes, out);
}
