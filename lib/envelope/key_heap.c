/*
 * OpenSSL's secure heap. With it, the private halves of P-256 and Ed25519 keys go there by
 * themselves (OpenSSL 3.0: BN_secure_new, OPENSSL_secure_zalloc); without it, to the common heap.
 */
#include "envelope/key_heap.h"

#include <openssl/crypto.h>

#include "base/secret.h"

/* Some tens of keys at a time; each takes a few pieces. */
enum { HEAP_BYTES = 256 * 1024, HEAP_PIECE_BYTES = 32, IS_NOT_LOCKED = 2 };

enum sm_error key_heap_start(void)
{
    if (CRYPTO_secure_malloc_initialized())
        return SM_OK;
    int made = CRYPTO_secure_malloc_init(HEAP_BYTES, HEAP_PIECE_BYTES);
    if (made == IS_NOT_LOCKED)
        secret_not_locked();
    return made ? SM_OK : SM_NO_MEMORY;
}
