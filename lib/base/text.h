/* What counts as acceptable text from outside. */
#ifndef SM_BASE_TEXT_H
#define SM_BASE_TEXT_H

#include "base/buffer.h"

/* How many letters come first that are ASCII and that JSON writes as they are: no control, no
 * quote, no backslash. */
size_t text_plain(struct span text);

/* Well-formed UTF-8 (RFC 3629): no overlong form, no surrogate, nothing over U+10FFFF, no NUL. */
bool text_is_utf8(struct span text);

/*
 * UTF-8 of one line that can be shown: no control character (C0, DEL, C1), no line or paragraph
 * separator, no bidirectional override or isolate (they make "exe.pdf" of "fdp.exe").
 */
bool text_is_line(struct span text);

/*
 * Appends `text` as it can be shown to a person: every code point that text_is_line refuses, and
 * every byte that is not UTF-8, becomes U+FFFD. With `keeps_lines` a newline and a tab stay.
 */
SM_MUST_USE enum sm_error text_show(struct span text, bool keeps_lines, struct buffer *out);

/*
 * A mail address we are willing to write to: local@domain in ASCII, RFC 5321's dot-atom, lengths
 * within 64 and 255, at least two labels in the domain, no quoting, no address literal, no trailing
 * dot. Everything else is refused when a message is made, never later.
 */
bool text_is_address(struct span text);

#endif
