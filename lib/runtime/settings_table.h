/* The rows of the configuration table: for settings.c, which reads them, and docs/print, which
 * prints. */
#ifndef SM_RUNTIME_SETTINGS_TABLE_H
#define SM_RUNTIME_SETTINGS_TABLE_H

#include "runtime/settings.h"

enum setting_kind { SETTING_IS_TEXT, SETTING_IS_NUMBER, SETTING_IS_WORD };

struct setting_row {
    enum setting setting;
    const char *name;
    unsigned users; /* peers that read it */
    enum setting_kind kind;
    bool is_required, may_be_file, is_secret;
    const char *preset;  /* NULL: none */
    int64_t least, most; /* of a number */
    const char *words;   /* of a word: "one|two" */
    const char *meaning; /* one sentence, printed in the docs and in errors */
    const char *remedy;  /* when it is missing; NULL: the meaning says it */
};

/* In the order of enum setting. */
extern const struct setting_row settings_table[];
extern const size_t settings_table_count;

/* Closes *file if it is open: for DEFER. */
void settings_close(int *file);

#endif
