/* The field tables of retention's messages. */
#include "proto/retention.h"

/* clang-format off */
FIELDS(purge_request, struct purge_request,
    F_ID(struct purge_request, message, 1, "the message"));
FIELDS(purge_reply, struct purge_reply,
    F_BOOL(struct purge_reply, is_purged, "false: crypto says it is not due"));
FIELDS_NONE(sweep_status_request);
FIELDS(sweep_status_reply, struct sweep_status_reply,
    F_U64(struct sweep_status_reply, last_sweep_ms, 0, MS_MAX, "0: none yet"),
    F_U64(struct sweep_status_reply, purged, 0, MS_MAX, "messages since start"),
    F_U64(struct sweep_status_reply, failed, 0, MS_MAX, "that the last sweep could not finish"));
/* clang-format on */
