/*
<<<<<<< HEAD
 * The public key of crypto's capabilities as a file, <keys>/capability.pub (64 hexadecimal digits
 * and a newline): audit calls nobody, so it reads the key there (services/audit/access.h). The
 * gateway gets the same key over the bus.
=======
 * The public half of the capability key, for whoever must check capabilities without asking crypto:
 * <keys>/capability.pub, 64 hexadecimal digits and a newline.
>>>>>>> 62adee6 (Crypto: the public capability key in a file, uploads within the limits of all parts; tests sign in again)
 */
#ifndef SM_CRYPTO_CAPABILITY_FILE_H
#define SM_CRYPTO_CAPABILITY_FILE_H

#include "services/crypto/keyring.h"

/*
<<<<<<< HEAD
 * Writes the file if it does not hold this key already; whole or not at all. Where the folder may
 * not be written, a warning says what to do and SM_OK comes back: until the file is there, audit
 * refuses to show its log, and nothing else depends on it.
 */
SM_MUST_USE enum sm_error capability_file_write(
    const char *keys_dir, const struct keyring *keyring);
=======
 * Writes it whole (or leaves it, if it says so already), before crypto serves. All replicas write
 * the same. SM_IO with the reason in the log.
 */
SM_MUST_USE enum sm_error capability_file_write(
    const struct keyring *keyring, const char *keys_dir);
>>>>>>> 62adee6 (Crypto: the public capability key in a file, uploads within the limits of all parts; tests sign in again)

#endif
