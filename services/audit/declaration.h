/*
 * The declaration after NTA 7516 (proto/declaration.h) as a file that this installation signs, with
 * the key of its logs but under a name of its own, so that it is no checkpoint of any log. Made
 * once, at the start: what it says belongs to the release. docs/decisions/0116-the-declaration.md
 * has the bytes.
 */
#ifndef SM_AUDIT_DECLARATION_H
#define SM_AUDIT_DECLARATION_H

#include "base/buffer.h"
#include "services/audit/signing_key.h"

/* Appends one line of canonical JSON with its newline. `release`: of these programs. */
SM_MUST_USE enum sm_error declaration_sign(
    const struct signing_key *key, const char *release, struct buffer *out);

#endif
