/*
 * Who may read a log: the bearer of a capability of kind audit, signed by crypto for a user with
 * the role of administrator or auditor. audit calls nobody, so crypto leaves its public key in a
 * file, <keys>/capability.pub (64 hexadecimal digits and a newline). The file is read at the first
 * use and again when a signature does not verify: the order of starting does not matter, and a new
 * key of crypto is taken up.
 */
#ifndef SM_AUDIT_ACCESS_H
#define SM_AUDIT_ACCESS_H

#include "envelope/capability.h"

struct access;
SM_MUST_USE enum sm_error access_new(const char *keys_directory, struct access **out);
void access_free(struct access **access);

/*
 * Any thread. `now_ms` is the database's. SM_UNAVAILABLE: there is no key file yet; else the errors
 * of capability_verify, and SM_NOT_ALLOWED for a user without the role.
 */
SM_MUST_USE enum sm_error access_check(
    struct access *access, struct span capability, uint64_t now_ms, struct capability *out);

#endif
