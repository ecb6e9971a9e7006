/*
 * Which members an object of the exported log may have (docs/audit-format.md), and nothing else: a
 * member that is unknown is one that nobody checks, so it is refused, like one that stands out of
 * its order or twice. Which of them must be there is found by reading them.
 */
#ifndef SM_VERIFY_SHAPE_H
#define SM_VERIFY_SHAPE_H

#include "cli/verify/slice.h"

/* Names in their order, up to NULL. */
extern const char *const shape_header[];
extern const char *const shape_key[];
extern const char *const shape_entry_line[];
extern const char *const shape_checkpoint[];
extern const char *const shape_footer[];
extern const char *const shape_first_entry[];
extern const char *const shape_entry[];
extern const char *const shape_personal[];
extern const char *const shape_disclosure[];

/* `object` is one, and its members are of `shape`, in its order, each at most once. */
bool shape_fits(struct slice object, const char *const shape[]);

#endif
