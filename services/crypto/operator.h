/*
 * What an operator may do at the local socket. Every call is in the log of the organisation that it
 * is about before it is answered, refused calls too; one that is about none, such as a listing, is
 * in the log of each.
 */
#ifndef SM_CRYPTO_OPERATOR_H
#define SM_CRYPTO_OPERATOR_H

#include "services/crypto/handlers.h"

/*
 * A call's id follows from its name and its idempotency key. It is the id of its event too, and of
 * the organisation or the account that it makes: so a repeat has the first call's answer. Derived,
 * so that nobody can choose the id of an event that the log has.
 */
SM_MUST_USE enum sm_error operator_call_id(
    const struct bus_request *request, const char *name, struct id *out);

/* Begins the transaction of an effect. SM_REPLAYED: this call's was committed before. */
SM_MUST_USE enum sm_error operator_begin(
    struct bus_request *request, struct id call, struct db_transaction *tx);

/* Adds the event to the caller's transaction: time and actor are filled in, and an id if it has
 * none. The second form: one for each organisation; event->event is the last one's. */
SM_MUST_USE enum sm_error operator_event(const struct worker *worker, struct audit_event *event);
SM_MUST_USE enum sm_error operator_event_for_all(
    const struct worker *worker, struct audit_event *event);

/* Commits, and returns SM_OK only when the log has `event`. */
SM_MUST_USE enum sm_error operator_commit(
    struct bus_request *request, struct db_transaction *tx, struct id event);

/* What a call is and whom it is about. */
struct operator_subject {
    const char *name;
    struct id call, organisation;
};
/*
 * The end of every call about one organisation: a refusal is an event too, and a repeat has its
 * answer when the log has the first call's event. Gives back `error` otherwise.
 */
SM_MUST_USE enum sm_error operator_end(
    struct bus_request *request, const struct operator_subject *subject, enum sm_error error);

/* Logs a call that changes nothing, for one organisation or for each, and waits until the log has
 * it, and with it all that was committed before. */
SM_MUST_USE enum sm_error operator_log(
    struct bus_request *request, struct id organisation, const char *reason);
SM_MUST_USE enum sm_error operator_log_all(struct bus_request *request, const char *name);

#endif
