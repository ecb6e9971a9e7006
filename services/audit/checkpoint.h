/*
 * A checkpoint: the log's size and root, signed. Whoever keeps one can later show that the log was
 * cut off or written anew. Form: C2SP tlog-checkpoint in a C2SP signed-note, Ed25519:
 *
 *     securemail/<organisation, 32 hexadecimal digits>
 *     <size, decimal>
 *     <root, base64>
 *     (empty line)
 *     U+2014 <the first line again> <base64(key id (4 bytes) || signature (64 bytes))>
 *
 * key id = SHA-256(key name || 0x0A || 0x01 || public key), first 4 bytes. The signature covers the
 * text up to and with the newline before the empty line.
 * Sources: https://c2sp.org/tlog-checkpoint, https://c2sp.org/signed-note
 */
#ifndef SM_AUDIT_CHECKPOINT_H
#define SM_AUDIT_CHECKPOINT_H

#include "base/buffer.h"
#include "base/id.h"
#include "services/audit/signing_key.h"
#include "services/audit/tree.h"

enum { CHECKPOINT_NOTE_BYTES_MAX = 512 };

/* Appends the signed note of a log's head. */
SM_MUST_USE enum sm_error checkpoint_sign(const struct signing_key *key, struct id organisation,
    const struct tree *tree, struct buffer *out);

/*
 * SM_OK when `note` is, byte for byte, what checkpoint_sign makes of this head (Ed25519 is
 * deterministic); SM_TAMPERED otherwise. The log trusts a stored head only so.
 */
SM_MUST_USE enum sm_error checkpoint_check(const struct signing_key *key, struct id organisation,
    const struct tree *tree, struct span note);

/* Appends the key's name for verifiers: "<origin>+<key id, hex>+<base64(0x01 || public key)>". */
SM_MUST_USE enum sm_error checkpoint_verifier_key(
    struct span public_key, struct id organisation, struct buffer *out);

#endif
