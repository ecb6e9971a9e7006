/* Words that people type, and the numbers that the protocol has for them. */
#ifndef SM_CLI_WORDS_H
#define SM_CLI_WORDS_H

#include "base/span.h"

struct word {
    const char *text; /* NULL ends a table */
    uint64_t number;
};

/* False when the table does not have it. */
bool words_find(const struct word *table, struct span text, uint64_t *out);

/* How a recipient is checked: enum method. */
extern const struct word words_methods[];

#endif
