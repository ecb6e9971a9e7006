/*
 * The words of the letters, in Dutch and English: one table, nothing else in the service holds a
 * sentence for people. A placeholder in braces is replaced by a checked value; lines end with LF.
 *
 *     {to}            the recipient's name, or the language's "sir or madam"
 *     {sender} {organisation}
 *     {link} {origin} the whole link, and its part before the path, on lines of their own
 *     {code}          the six digits, on a line of their own
 *     {note}          the lines of a checkpoint, on lines of their own, the last newline included
 *     {until}         day and time in words; {until_time} the time alone
 *
 * No subject line holds a code or a link, and no text has a place for the message's subject, body
 * or file names: the letter does not carry them.
 */
#ifndef SM_NOTIFIER_TEXTS_H
#define SM_NOTIFIER_TEXTS_H

#include "base/span.h"
#include "proto/notify.h"

struct letter_words {
    const char *subject;
    const char *body;
};

struct language {
    const char *code;      /* as in struct letter */
    const char *sir_madam; /* for {to} without a name */
    const char *weekdays[7], *months[12];
    const char *until;      /* printf: weekday, day, month, year, hour, minute */
    const char *until_time; /* printf: hour, minute */
    struct letter_words letters[LETTER_LAST + 1]; /* by enum letter_kind; [0] is empty */
};

/* The language that `code` names, NULL when we do not write it. */
const struct language *language_find(struct span code);

#endif
