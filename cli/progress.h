/* A progress bar on standard error, if that is a terminal; nothing otherwise. */
#ifndef SM_CLI_PROGRESS_H
#define SM_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    const char *what; /* a file's name */
    uint64_t total;   /* bytes */
    uint64_t done;
    int64_t drawn_ms;
    bool is_shown;
};
void progress_start(struct progress *progress, const char *what, uint64_t total, bool is_quiet);
void progress_add(struct progress *progress, uint64_t bytes);
void progress_end(struct progress *progress);
/* Ends the line as it stands, if it has not ended: what failed is told on the next one. */
void progress_stop(struct progress *progress);

#endif
