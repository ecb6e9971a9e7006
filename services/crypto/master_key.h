/*
 * The master key as an operator configures it: text in, bytes out, and a refusal in one clear line
 * for anything that is not 32 or more random bytes. It lives in memory only as long as start-up
 * takes: keyring.h derives from it and it is wiped.
 */
#ifndef SM_CRYPTO_MASTER_KEY_H
#define SM_CRYPTO_MASTER_KEY_H

#include "base/secret.h"

enum { MASTER_KEY_BYTES_MIN = 32, MASTER_KEY_BYTES_MAX = 256, MASTER_KEY_DISTINCT_MIN = 16 };

/*
 * Reads hexadecimal (either case) or base64 (standard or URL alphabet), white space around it
 * ignored. SM_CONFIG, with the reason and the remedy in the log, for another form, fewer than 32
 * bytes, and for bytes that no random source gives: fewer than 16 different ones, a counting
 * sequence, nothing but printable characters. The caller owns *out.
 */
SM_MUST_USE enum sm_error master_key_parse(struct span text, struct secret **out);

#endif
