/* Where an S3-compatible store is and who we are there, as the settings say it. */
#ifndef SM_STORE_S3_OPTIONS_H
#define SM_STORE_S3_OPTIONS_H

#include "base/error.h"
#include "base/span.h"

struct s3_options {
    const char *endpoint; /* https://host:port */
    const char *region;
    const char *bucket;
    const char *key_id;
    struct span secret;
    const char *ca_file; /* PEM; empty: the system's authorities */
};

/* SM_CONFIG, with the setting's name, the reason and the remedy in the log, for what is missing or
 * not understood. Asks nobody. */
SM_MUST_USE enum sm_error s3_options_check(const struct s3_options *options);

#endif
