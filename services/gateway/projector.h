/*
 * The thread that keeps schema mail up to date: pulls both feeds once a second, and crypto's soon
 * after a request of this gateway changed facts. What changes within PROJECTOR_GATHER_MS is pulled
 * together, so that many sends cost few rounds. A list that is asked for right after a change has
 * it pulled at once and waits for it, at most PROJECTOR_WAIT_MS, so a sender sees his own message.
 */
#ifndef SM_GATEWAY_PROJECTOR_H
#define SM_GATEWAY_PROJECTOR_H

#include "services/gateway/gateway.h"

enum { PROJECTOR_INTERVAL_MS = 1000, PROJECTOR_GATHER_MS = 20, PROJECTOR_WAIT_MS = 2000 };

struct projector;
SM_MUST_USE enum sm_error projector_start(struct gateway *gateway, struct projector **out);
void projector_stop(struct projector **projector);

/* Facts changed: pull soon. Any thread. */
void projector_poke(struct projector *projector);

/* Returns when what was poked before this call is projected, or the time is up. */
void projector_wait(struct projector *projector);

#endif
