/*
 * Which members an object of the exported log has (docs/audit-format.md), of which form, and
 * nothing else: a member that is unknown is one that nobody checks, so it is refused, like one that
 * stands out of its order or twice.
 */
#ifndef SM_VERIFY_SHAPE_H
#define SM_VERIFY_SHAPE_H

#include "cli/verify/slice.h"

enum shape_form {
    FORM_TEXT,
    FORM_NUMBER,
    FORM_ID,
    FORM_HASH,
    FORM_SIGNATURE,
    FORM_LIST,
    FORM_OBJECT
};

/* In their order, up to the one without a name. */
struct shape_member {
    const char *name;
    enum shape_form form;
    bool is_there; /* always */
};

extern const struct shape_member shape_header[];
extern const struct shape_member shape_key[];
extern const struct shape_member shape_entry_line[];
extern const struct shape_member shape_checkpoint[];
extern const struct shape_member shape_footer[];
extern const struct shape_member shape_first_entry[];
extern const struct shape_member shape_entry[];
extern const struct shape_member shape_personal[];
extern const struct shape_member shape_erased[];
extern const struct shape_member shape_disclosure[];
extern const struct shape_member shape_proof[];
extern const struct shape_member shape_extension[];
extern const struct shape_member shape_declaration[];

/* `object` is whole, and its members are of `shape`, in its order, each at most once. */
bool shape_fits(const struct object *object, const struct shape_member shape[]);

/* Of an object that fits: all that must be there is, and everything has its form. */
bool shape_is_whole(const struct object *object, const struct shape_member shape[]);

#endif
