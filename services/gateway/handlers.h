/* The handlers of the gateway, by file. The table in routes.c names them. */
#ifndef SM_GATEWAY_HANDLERS_H
#define SM_GATEWAY_HANDLERS_H

#include "services/gateway/routes.h"

/* health.c */
route_fn on_livez, on_readyz;
/* page.c */
route_fn on_page, on_asset;
/* keys.c */
route_fn on_keys, on_limits;
/* sealed.c */
route_fn on_sealed;
/* tus.c */
route_fn on_upload_options, on_upload_create, on_upload_head, on_upload_patch, on_upload_delete;
/* download.c */
route_fn on_download;
route_ask_fn ask_part;
/* sent_list.c, sent_message.c */
route_fn on_messages, on_message;
route_ask_fn ask_messages, ask_message;
/* audit_api.c */
route_fn on_audit_entries, on_audit_export, on_audit_checkpoint, on_audit_proof,
    on_audit_consistency, on_declaration;
/* system_status.c */
route_fn on_system_status;

#endif
