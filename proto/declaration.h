/*
 * The declaration after NTA 7516, criterion by criterion: the one table that docs/nta7516.md and
 * the public pages are printed from, and that audit signs (docs/decisions/0116-the-declaration.md).
 */
#ifndef SM_PROTO_DECLARATION_H
#define SM_PROTO_DECLARATION_H

#include <stdbool.h>
#include <stddef.h>

/* One text in both languages, without markup. */
struct declared_text {
    const char *en, *nl;
};

enum declared_state {
    DECLARED_NOTHING, /* the software has no part in it: it is the organisation's own */
    DECLARED_MET,     /* it holds, and the evidence shows it */
    DECLARED_PARTLY,  /* what is missing stands in the text */
    DECLARED_NOT_MET
};
enum { DECLARED_EVIDENCE_MAX = 4 };

struct criterion {
    const char *clause; /* of NTA 7516:2019 */
    struct declared_text title;
    enum declared_state state;
    bool is_yours; /* the organisation that runs it has its own part in it */
    struct declared_text text;
    const char *evidence[DECLARED_EVIDENCE_MAX]; /* titles of tests in this repository */
};
extern const struct criterion declaration[];
extern const size_t declaration_count;

/* "met", "partly", "not met", and ", yours" where it is; for readers. */
struct declared_text declared_state_words(const struct criterion *criterion);
/* "met", "partly", "not-met", "none"; for programs. */
const char *declared_state_name(enum declared_state state);

/* What stands above and below the table: paragraphs. */
extern const struct declared_text declaration_title, declaration_preface[], declaration_closing[];
extern const size_t declaration_preface_count, declaration_closing_count;

#endif
