/* Prints docs/nta7516.md from the table of criteria. */
#include "docs/print/print.h"
#include "proto/declaration.h"

#include <stdio.h>

static void print_paragraphs(const struct declared_text *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        (void)printf("%s\n\n", texts[i].en);
}

/* "text ("test", "test")": tests/lint looks for each name. */
static void print_row(const struct criterion *criterion)
{
    (void)printf("| %s | %s | %s | %s", criterion->clause, criterion->title.en,
        declared_state_words(criterion).en, criterion->text.en);
    for (size_t i = 0; i < DECLARED_EVIDENCE_MAX && criterion->evidence[i]; i++)
        (void)printf("%s\"%s\"", i ? ", " : " Evidence: ", criterion->evidence[i]);
    (void)puts(" |");
}

int main(void)
{
    (void)printf(
        "# %s\n\n"
        "Printed from `proto/declaration.c` by `make docs`; do not edit. Each server shows the same "
        "at `/nta7516` (Dutch) and\n`/nta7516/en`, and gives it signed at `/api/v1/declaration` "
        "(`securemail-verify --declaration FILE`).\n\n",
        declaration_title.en);
    print_paragraphs(declaration_preface, declaration_preface_count);
    (void)puts("| clause | criterion | state | what holds, and its evidence |\n|---|---|---|---|");
    for (size_t i = 0; i < declaration_count; i++)
        print_row(&declaration[i]);
    (void)puts("\n## What is known not to hold");
    for (size_t i = 0; i < declaration_closing_count; i++)
        (void)puts(declaration_closing[i].en);
    return 0;
}
