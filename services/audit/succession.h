/*
 * The rotation of the signing key. The operator puts an empty file audit-sign.next beside the key
 * and starts audit again; before it serves, audit makes the next key and hands over every log:
 *
 *   entry N      "signing key: next <public key>", and the checkpoint of N entries by the old key:
 *                the old key's statement, in the log itself, which exports carry and verifiers
 * follow entry N + 1  "signing key: the new one is in use", and its checkpoint by the new key
 *
 * Then the file of the next key takes the place of the old one's. Each log is two commits; a start
 * after a crash finds how far each is, and goes on.
 */
#ifndef SM_AUDIT_SUCCESSION_H
#define SM_AUDIT_SUCCESSION_H

#include "services/audit/signing_key.h"

/*
 * Nothing if there is no audit-sign.next. Else hands over, and *key becomes the next one.
 * SM_CONFIG: another audit process writes. A log that is damaged is passed over, as it is not
 * continued; the old key's file is then kept beside, for the day on which it is restored.
 */
SM_MUST_USE enum sm_error succession_run(
    const char *conninfo, const char *directory, struct signing_key **key);

#endif
