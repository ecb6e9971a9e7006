/*
 * What all five services have in common, and the order of their lives. Each main.c reads so:
 *
 *   service_open    a process that leaves no dump; settings, the schema, the keys of the bus
 *                   then what the service needs from files that its cage will not let it reach
 *   service_cage    the first step of the cage (cage/cage.h): from here on there may be threads
 *                   then the service's own parts
 *   service_serve   its doors, its health, the second step of the cage; until the end
 *
 * What is made is taken down in reverse by DEFER, whatever the reason for the end.
 */
#ifndef SM_SERVICE_SERVICE_H
#define SM_SERVICE_SERVICE_H

#include "bus/server.h"
#include "cage/cage.h"
#include "db/outbox.h"
#include "runtime/health.h"
#include "runtime/settings.h"

struct service {
    enum peer self;
    struct settings *settings;
    struct bus_keys *keys;
    struct cage *cage;
};

/* First call of main, before any thread. SM_CONFIG with cause and remedy in the log; what was made
 * until then is freed by service_close. */
SM_MUST_USE enum sm_error service_open(enum peer self, struct service *service);
SM_MUST_USE enum sm_error service_cage(struct service *service);
void service_close(struct service *service);

/* The settings that every service has. */
const char *service_database(const struct service *service);
const char *service_keys_folder(const struct service *service);

/* Sends what waits in options->outbox to audit. Options name outbox and callback only. */
SM_MUST_USE enum sm_error service_relay(
    const struct service *service, const struct relay_options *options, struct relay **out);

/*
 * Opens the doors, each an endpoint of the bus with its table (options name all but self and keys),
 * looks after its health (all but self, settings and keys) and locks the cage; only then it serves.
 * Returns at the end: SM_OK after a signal. SM_TOO_LARGE for more than two doors. A service without
 * one (the gateway) listens by itself, before.
 */
SM_MUST_USE enum sm_error service_serve(const struct service *service,
    const struct bus_server_options *doors, size_t count, const struct health_options *health);

#endif
