/*
 * A message on its way in: the header part is fetched and opened, then (with --save-to) each
 * attachment. Nothing of an attachment has its name before its last chunk has verified and size,
 * commitment and SHA-256 are those of the manifest; names are never followed out of the folder and
 * never replace a file. A broken connection goes on where it was (Range).
 */
#ifndef SM_CLI_CONTENT_H
#define SM_CLI_CONTENT_H

#include "cli/server.h"

/* Before anything is asked for: --limit-rate is a number, the folder of --save-to can be written.
 */
SM_MUST_USE enum sm_error content_prepare(struct cli *cli);

/* Fills the command's answer (subject, body, attachments) and prints it for people. */
SM_MUST_USE enum sm_error content_open(struct server *server, const struct content_reply *content);

#endif
