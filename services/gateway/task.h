/*
 * What a worker does for an exchange. The answer, or why there is none, is in the exchange
 * afterwards; nothing here knows about connections.
 */
#ifndef SM_GATEWAY_TASK_H
#define SM_GATEWAY_TASK_H

#include "services/gateway/exchange.h"

enum task {
    TASK_RUN,    /* prove access, run the route's handler */
    TASK_WRITE,  /* the block is full: into the sink with it */
    TASK_FINISH, /* the body is complete: the rest into the sink, then the answer */
    TASK_SAVE,   /* the connection broke: keep what arrived, so that it can be resumed */
    TASK_REFILL, /* the stream has nothing at hand */
    TASK_AHEAD,  /* it will have soon: the connection goes on sending meanwhile */
    TASK_COUNT
};

void task_do(enum task task, struct worker *worker, struct exchange *exchange);

#endif
