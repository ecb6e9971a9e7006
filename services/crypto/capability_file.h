/*
 * The public key of crypto's capabilities as a file, <keys>/capability.pub (64 hexadecimal digits
 * and a newline): audit calls nobody, so it reads the key there (services/audit/access.h). The
 * gateway gets the same key over the bus.
 */
#ifndef SM_CRYPTO_CAPABILITY_FILE_H
#define SM_CRYPTO_CAPABILITY_FILE_H

#include "services/crypto/keyring.h"

/*
 * Writes the file if it does not hold this key already; whole or not at all. Where the folder may
 * not be written, a warning says what to do and SM_OK comes back: until the file is there, audit
 * refuses to show its log, and nothing else depends on it.
 */
SM_MUST_USE enum sm_error capability_file_write(
    const char *keys_dir, const struct keyring *keyring);

#endif
