/* Tables of words. */
#include "cli/words.h"

#include "proto/sealed.h"

const struct word words_methods[] = {
    {"password", METHOD_PASSWORD},
    {"code", METHOD_CODE},
    {"password+code", METHOD_PASSWORD_AND_CODE},
    {NULL, 0},
};

bool words_find(const struct word *table, struct span text, uint64_t *out)
{
    for (; table->text; table++)
        if (span_equals_text(text, table->text)) {
            *out = table->number;
            return true;
        }
    return false;
}
