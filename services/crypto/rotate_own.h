/* How far the key of an organisation is, for its administrators. */
#ifndef SM_CRYPTO_ROTATE_OWN_H
#define SM_CRYPTO_ROTATE_OWN_H

#include "services/crypto/sealed_call.h"

/* Of the caller's organisation. Changes nothing. */
SM_MUST_USE enum sm_error rotation_state_load(struct sealed_call *call, struct rotation_state *out);

#endif
