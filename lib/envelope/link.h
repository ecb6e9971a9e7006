/*
 * A recipient's link:  https://host/m#<version>.<link id>.<link secret>.<pin>
 *
 *     version  "1"
 *     link id  32 hexadecimal digits
 *     secret   base64url of 32 bytes: HMAC-SHA256(link key, link id 16 || generation u32 BE)
 *     pin      base64url of 16 bytes: which identity key crypto must have (identity.h)
 *
 * All of it after '#', so no server sees it. The secret is never stored: crypto makes it again from
 * the generation, so a link can be mailed twice, and replaced by the next generation.
 * One spelling per link.
 */
#ifndef SM_ENVELOPE_LINK_H
#define SM_ENVELOPE_LINK_H

#include "base/buffer.h"
#include "base/id.h"
#include "proto/limits.h"

enum {
    LINK_KEY_BYTES = 32,
    LINK_PIN_BYTES = 16,
    LINK_FRAGMENT_BYTES = 1 + 1 + 32 + 1 + 43 + 1 + 22, /* without '#' */
    LINK_BASE_BYTES_MAX = 255,
};

/* Holds the secret in the clear: declare with DEFER(link_wipe). */
struct link_parts {
    struct id id;
    uint8_t secret[LINK_SECRET_BYTES];
    uint8_t pin[LINK_PIN_BYTES];
};
void link_wipe(struct link_parts *link);

/* The secret of a link's generation. SM_BAD_VALUE if the key is not of 32 bytes. */
SM_MUST_USE enum sm_error link_secret(
    struct span key, struct id id, uint32_t generation, uint8_t out[static LINK_SECRET_BYTES]);

/*
 * Appends base || "/m#" || fragment. `base` is the organisation's address for pages, such as
 * "https://mail.example.org" (from configuration, never from a request); SM_BAD_VALUE unless
 * link_is_base.
 */
SM_MUST_USE enum sm_error link_format(
    struct span base, const struct link_parts *link, struct buffer *out);

/* The same with "/reset#": a user's one-time link to set a password (services/crypto/reset.h). */
SM_MUST_USE enum sm_error link_format_reset(
    struct span base, const struct link_parts *link, struct buffer *out);

/*
 * "https://host[:port]" with an optional path, no slash at the end, no query, fragment or user; or
 * the same with "http://" if the host is localhost, 127.0.0.1 or [::1].
 */
bool link_is_base(struct span base);

/*
 * Reads a whole link, or only its fragment with or without '#'. *base (may be NULL) gets the part
 * before "/m#", which looks into `text`; it is empty for a fragment. SM_BAD_FORMAT otherwise.
 */
SM_MUST_USE enum sm_error link_parse(struct span text, struct link_parts *out, struct span *base);

#endif
