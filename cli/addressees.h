/*
 * Who a message goes to, and how each proves who he is, out of the options --to, --check and
 * --recipient-password-file: a check and a password for all, or one for each in the order of --to
 * (a password only for those whose check has one).
 */
#ifndef SM_CLI_ADDRESSEES_H
#define SM_CLI_ADDRESSEES_H

#include "cli/cli.h"
#include "proto/limits.h"
#include "proto/sealed.h"

struct addressees {
    struct recipient items[RECIPIENTS_MAX];
    size_t count;
    struct buffer passwords[RECIPIENTS_MAX]; /* what the items look into */
};
void addressees_free(struct addressees *addressees);

/* Zero-initialise. SM_BAD_VALUE, SM_TOO_LARGE with words. */
SM_MUST_USE enum sm_error addressees_read(struct cli *cli, struct addressees *out);

#endif
