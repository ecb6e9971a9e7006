/*
 * audit's side of the bus: what each operation does, and the state that all workers share.
 */
#ifndef SM_AUDIT_HANDLERS_H
#define SM_AUDIT_HANDLERS_H

#include "bus/server.h"
#include "services/audit/access.h"
#include "services/audit/readers.h"
#include "services/audit/writer.h"

/* Made in main; its parts lock for themselves. */
struct audit {
    struct signing_key *key;
    struct journal *journal;
    struct buffer declaration; /* signed, for everybody */
    struct access *access;
    struct readers *readers;
    struct writer *writer;
};

extern const struct bus_handler audit_handlers[];
extern const size_t audit_handlers_count;

/* For struct bus_server_options: a worker has no state of its own, it gets struct audit. */
enum sm_error audit_worker_open(void *service, void **out);
void audit_worker_close(void **worker);
bool audit_is_active(void *service);

#endif
