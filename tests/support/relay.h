/*
 * The development SMTP server (dev/smtp-server.mjs) as a child of a test: a real relay with
 * STARTTLS and AUTH that can be made to misbehave, and that tells what it received. It ends with
 * the test.
 */
#ifndef SM_TESTS_SUPPORT_RELAY_H
#define SM_TESTS_SUPPORT_RELAY_H

#include "base/error.h"
#include "base/span.h"

struct test_relay;

/* Starts it on a free port with a folder of its own; SM_IO with the reason on standard error. */
SM_MUST_USE enum sm_error test_relay_start(struct test_relay **out);
/* Ends it and removes its folder. */
void test_relay_stop(struct test_relay **relay);

const char *test_relay_url(const struct test_relay *relay);     /* smtp://127.0.0.1:port */
const char *test_relay_ca_file(const struct test_relay *relay); /* its certificate's authority */
const char *test_relay_user(void);
struct span test_relay_password(const struct test_relay *relay);

/* From now on: a name of BEHAVIOURS in dev/smtp-server.mjs. */
SM_MUST_USE enum sm_error test_relay_behave(struct test_relay *relay, const char *name);

/*
 * The JSON line of the next mail that came, within `timeout_ms`; SM_TIMEOUT when none does. It
 * lives until the next call. test_relay_content gives the mail itself.
 */
SM_MUST_USE enum sm_error test_relay_next_mail(
    struct test_relay *relay, int timeout_ms, const char **line);

/* The value of a text member of such a line; empty when it is not there. No escapes are decoded. */
struct span test_relay_member(const char *line, const char *name);

/* The received bytes of the mail that `line` tells of; they live until the next call. */
SM_MUST_USE enum sm_error test_relay_content(
    struct test_relay *relay, const char *line, struct span *out);

#endif
