/*
 * A part of a backup, sealed to the holder of a key that the machine which makes backups does not
 * have. A stream of any size, in flat memory:
 *
 *     "securemail-backup/1\n" || enc 65 || chunked stream (lib/envelope/chunked.h)
 *     input key = HPKE (lib/envelope/hpke.h) to the backup key, info "securemail/1 backup",
 *                 export of 32 bytes with the context "securemail/1 backup key"
 *     context   = "securemail/1 backup", the backup's id (16), the part's name,
 *                 each as u16 length (big-endian) and bytes
 *
 * So a part that was changed, cut, renamed, or taken from another backup does not open. Who made a
 * backup is not proven: whoever has the public key can make one.
 */
#ifndef SM_CLI_BACKUP_SEAL_H
#define SM_CLI_BACKUP_SEAL_H

#include "base/id.h"
#include "envelope/p256.h"

enum { BACKUP_NAME_BYTES_MAX = 32 };

/* Which part of which backup; its manifest, which tells the id, is sealed with none. */
struct backup_part {
    struct id backup;
    struct span name; /* 1 to BACKUP_NAME_BYTES_MAX bytes */
};

/* From `in` to `out`, to the end. SM_IO and SM_DISK_FULL with errno set. */
SM_MUST_USE enum sm_error backup_seal(
    struct span receiver, const struct backup_part *part, int in, int out);

/*
 * The same back. `out` -1: only looks whether it is whole. SM_BAD_FORMAT: not a part of a backup;
 * SM_TAMPERED: of another key, backup or part, or changed, or cut. What was written by then is
 * genuine but not whole: whoever reads it must not use it before this returns SM_OK.
 */
SM_MUST_USE enum sm_error backup_open(
    const struct p256_key *key, const struct backup_part *part, int in, int out);

#endif
