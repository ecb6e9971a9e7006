/* Reading an organisation's log over HTTP: crypto gives a capability to whoever has the role, the
 * gateway brings what is asked for. */
#ifndef SM_CLI_LOG_READER_H
#define SM_CLI_LOG_READER_H

#include "cli/user.h"

struct log_reader {
    struct user_profile profile;
    struct server server;
    char capability[CAPABILITY_BYTES_MAX + 1];
};
/* Signs in with what is kept. The caller closes *out, also after an error. */
SM_MUST_USE enum sm_error log_reader_open(struct cli *cli, struct log_reader *out);
void log_reader_close(struct log_reader *reader);

/* GET of `path` into a buffer. */
SM_MUST_USE enum sm_error log_reader_get(
    struct log_reader *reader, const char *path, struct buffer *out);

/*
 * GET of `path` into the file that --output names, or standard output. A file is written whole
 * under another name first, so that a broken answer is not taken for a whole one. *is_saved: into a
 * file.
 */
SM_MUST_USE enum sm_error log_reader_save(
    struct cli *cli, struct log_reader *reader, const char *path, bool *is_saved);

/* Standard output has one JSON object with --json: then a file must be named. */
SM_MUST_USE enum sm_error log_reader_check_output(struct cli *cli);

#endif
