/* Cells of Markdown tables. */
#include "docs/print/print.h"

#include <stdio.h>

void print_cell(const char *text)
{
    (void)putchar(' ');
    for (; text && *text; text++) {
        if (*text == '|')
            (void)putchar('\\');
        (void)putchar(*text);
    }
    if (!text)
        (void)putchar('-');
    (void)fputs(" |", stdout);
}
