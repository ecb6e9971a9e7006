/*
 * An organisation's logo: a PNG or JPEG of at most 32 KiB, told by its bytes and not by a name. SVG
 * is refused: it is a program. The organisation's row holds the SHA-256 under its MAC; a logo that
 * does not match is shown to nobody.
 */
#ifndef SM_CRYPTO_LOGO_H
#define SM_CRYPTO_LOGO_H

#include "services/crypto/organisation.h"

enum { LOGO_SIDE_MAX = 2048 /* pixels: a small file may unpack to a huge picture */ };

/* A whole PNG or JPEG within the limits. */
bool logo_is_good(struct span image);

/* Replaces or (empty) removes the logo, and sets organisation->logo_digest, which the caller
 * writes. The digest lives in `arena`. Inside the caller's transaction. */
SM_MUST_USE enum sm_error logo_save(const struct worker *worker, struct arena *arena,
    struct span image, struct organisation *organisation);

/* The logo of an organisation, in `arena`; empty when there is none or it was altered. */
SM_MUST_USE enum sm_error logo_load(const struct worker *worker, struct arena *arena,
    const struct organisation *organisation, struct span *out);

#endif
