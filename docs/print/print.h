/* What the printers of pages share: tables whose cells cannot break the table. */
#ifndef SM_DOCS_PRINT_H
#define SM_DOCS_PRINT_H

/* One cell of a Markdown table: '|' is escaped, NULL is a dash. */
void print_cell(const char *text);

#endif
