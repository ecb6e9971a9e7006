/* Prints web/declaration/declaration.json: the criteria, for the public pages. */
#include "proto/declaration.h"

#include <stdio.h>

/* Our own texts: of what JSON escapes they have quotes at most. */
static void print_string(const char *text)
{
    (void)putchar('"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            (void)putchar('\\');
        (void)putchar(*text);
    }
    (void)putchar('"');
}

static void print_text(const char *name, const struct declared_text *text)
{
    (void)printf("\"%s\": { \"en\": ", name);
    print_string(text->en);
    (void)fputs(", \"nl\": ", stdout);
    print_string(text->nl);
    (void)fputs(" }", stdout);
}

static void print_texts(const char *name, const struct declared_text *texts, size_t count)
{
    (void)printf("  \"%s\": [\n", name);
    for (size_t i = 0; i < count; i++) {
        (void)fputs("    { ", stdout);
        print_text("text", &texts[i]);
        (void)puts(i + 1 < count ? " }," : " }");
    }
    (void)puts("  ],");
}

static void print_criterion(const struct criterion *criterion)
{
    struct declared_text words = declared_state_words(criterion);
    (void)fputs("    { \"clause\": ", stdout);
    print_string(criterion->clause);
    (void)printf(", \"state\": \"%s\", ", declared_state_name(criterion->state));
    print_text("words", &words);
    (void)fputs(",\n      ", stdout);
    print_text("title", &criterion->title);
    (void)fputs(",\n      ", stdout);
    print_text("text", &criterion->text);
    (void)fputs(",\n      \"evidence\": [", stdout);
    for (size_t i = 0; i < DECLARED_EVIDENCE_MAX && criterion->evidence[i]; i++) {
        (void)fputs(i ? ", " : "", stdout);
        print_string(criterion->evidence[i]);
    }
    (void)fputs("] }", stdout);
}

int main(void)
{
    (void)puts("{");
    (void)fputs("  ", stdout);
    print_text("title", &declaration_title);
    (void)puts(",");
    print_texts("preface", declaration_preface, declaration_preface_count);
    print_texts("closing", declaration_closing, declaration_closing_count);
    (void)puts("  \"criteria\": [");
    for (size_t i = 0; i < declaration_count; i++) {
        print_criterion(&declaration[i]);
        (void)puts(i + 1 < declaration_count ? "," : "");
    }
    (void)puts("  ]\n}");
    return 0;
}
