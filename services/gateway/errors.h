/* What an error is to somebody who speaks HTTP: a status and a sentence that says what to do. */
#ifndef SM_GATEWAY_ERRORS_H
#define SM_GATEWAY_ERRORS_H

#include "base/error.h"

struct error_answer {
    unsigned status;
    unsigned retry_after_s; /* 0: retrying does not help */
    const char *sentence;
};

/* The row of an error; any number outside the list has that of SM_DATABASE (500). Never NULL. */
const struct error_answer *error_answer(enum sm_error error);

#endif
