/*
 * What a route reads first. It says so before its handler runs, and access.c sends it to the
 * database in one round trip behind its own question, whether the capability still holds. The rows
 * come to the handler in exchange->asked, and a handler runs only where that question was answered
 * well: so nothing of them is looked at for somebody whose session has ended.
 */
#ifndef SM_GATEWAY_ASKING_H
#define SM_GATEWAY_ASKING_H

#include "db/connection.h"
#include "services/gateway/routes.h"

enum { QUESTION_VALUES_MAX = 6 };

struct question {
    const struct statement *statement; /* one that only reads */
    struct db_value values[QUESTION_VALUES_MAX];
    size_t count;
};

struct asking {
    struct question questions[ASKED_MAX]; /* their rows come in this order */
    size_t count;
    struct id kept[2]; /* what values may point to, beside the exchange */
};

/* ASK(asking, &statement, db_id(&id), ...): the next one. */
void asking_add(struct asking *asking, const struct statement *statement,
    const struct db_value *values, size_t count);
#define ASK(asking, statement, ...)                                           \
    asking_add((asking), (statement), (const struct db_value[]){__VA_ARGS__}, \
        sizeof((const struct db_value[]){__VA_ARGS__}) / sizeof(struct db_value))

#endif
