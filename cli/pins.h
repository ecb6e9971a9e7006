/*
 * Which identity key a server had when somebody first signed in to it: one file a server in the
 * profile, named after its address. Signing out, or in to another server, forgets none.
 */
#ifndef SM_CLI_PINS_H
#define SM_CLI_PINS_H

#include "cli/cli.h"
#include "envelope/identity.h"

/*
 * `address` is canonical (address.h). SM_OK for the key that is known, and for the first one of
 * this server. SM_TAMPERED for another one, with words that say what it means and what to do;
 * SM_BAD_FORMAT when what is remembered cannot be read: that is not "nothing is known".
 */
SM_MUST_USE enum sm_error pins_check(
    struct cli *cli, const char *address, const uint8_t pin[static IDENTITY_PIN_BYTES]);

/* From now on this is the server's key. */
SM_MUST_USE enum sm_error pins_keep(
    struct cli *cli, const char *address, const uint8_t pin[static IDENTITY_PIN_BYTES]);

#endif
