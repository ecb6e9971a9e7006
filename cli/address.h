/*
 * The address of a server, in one spelling: what is remembered of a server is found again however
 * its address is typed.
 */
#ifndef SM_CLI_ADDRESS_H
#define SM_CLI_ADDRESS_H

#include "base/error.h"
#include "envelope/link.h"

/*
 * Scheme and host in lower case, without the scheme's own port, zeros before a port, a dot behind
 * the host or slashes at the end. SM_BAD_VALUE for what is not an address that links can have
 * (link_is_base): user information, a query, plain http to another machine.
 */
SM_MUST_USE enum sm_error address_canonical(
    const char *typed, char out[static LINK_BASE_BYTES_MAX + 1]);

#endif
