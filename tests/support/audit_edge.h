/*
 * Audit at the edge of a test: stands in for the bus client (bus_client_open, _call, _close), takes
 * the events that the real relay sends, and acknowledges each id once. It can be down. A test that
 * uses it includes tests/support/audit_edge.inc too.
 */
#ifndef SM_TESTS_SUPPORT_AUDIT_EDGE_H
#define SM_TESTS_SUPPORT_AUDIT_EDGE_H

#include "proto/audit.h"
#include "tests/support/vault.h"

/* Starts the vault's relay of events against this edge; stop it before vault_close. */
SM_MUST_USE enum sm_error audit_edge_start(struct vault *vault);
void audit_edge_stop(struct vault *vault);

void audit_edge_set_down(bool is_down);

/*
 * Runs `act` once, in the relay's thread, when an event of `kind` arrives and is not acknowledged
 * yet: what happens while a worker waits for the log. With NULL: no more.
 */
void audit_edge_meanwhile(enum event_kind kind, void (*act)(void *context), void *context);

/* How many events of a kind came since the start or the last forget; EVENT_NONE: of all kinds. */
size_t audit_edge_count(enum event_kind kind);
/* The last event of a kind; its texts are gone. Fails the test when there is none. */
struct audit_event audit_edge_last(enum event_kind kind);
/* The reason that the last event of a kind gave, at most 63 letters; lives until the next forget.
 */
const char *audit_edge_reason(enum event_kind kind);
void audit_edge_forget(void);

/* Waits until nothing is pending (at most 5 s), so that counts are final. */
void audit_edge_settle(struct vault *vault);

#endif
