/*
 * What an operator may do at the local socket. Every call is in the log of the organisation that it
 * is about before it is answered, refused calls too; one that is about none, such as a listing, is
 * in the log of each.
 */
#ifndef SM_CRYPTO_OPERATOR_H
#define SM_CRYPTO_OPERATOR_H

#include "services/crypto/handlers.h"

/* Logs the call `name` for every organisation and waits until the log has it. */
SM_MUST_USE enum sm_error operator_log_all(struct bus_request *request, const char *name);

#endif
