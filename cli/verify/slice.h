/*
 * Reading one line of JSON without building anything: a slice is the exact bytes of a value in the
 * line, which is what the hashes cover. The verifier's own; it shares no code with the services.
 * Strict: one value, nothing behind it, every text in the one spelling that RFC 8785 gives it (so
 * nothing can be changed that no hash covers), no duplicate member of the name that is asked for.
 */
#ifndef SM_VERIFY_SLICE_H
#define SM_VERIFY_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slice {
    const char *at;
    size_t size;
};

/* A name with its quotes is just this one. An escape in a name is no name of ours. */
bool slice_name_is(struct slice key, const char *name);

/*
 * The next member of an object, as it is written: the name with its quotes, and the value. Begin
 * with *state = 0. False at the end, and then *state is where the closing brace should stand.
 */
bool slice_pair(struct slice object, size_t *state, struct slice *key, struct slice *value);

/*
 * An object, taken apart once: a line is asked some thirty questions. What is no object, is not
 * well-formed, is nested more than 16 deep or has more members is not whole, and then has none.
 */
enum { OBJECT_MEMBERS_MAX = 24 };
struct object {
    struct slice text;
    bool is_whole;
    size_t count;
    struct {
        struct slice key; /* with its quotes */
        struct slice value;
    } members[OBJECT_MEMBERS_MAX];
};
void object_read(struct slice text, struct object *out);

/* The raw value of a member. False when it is not there, or there twice. */
bool object_member(const struct object *object, const char *name, struct slice *out);
/* The same of an object that is asked once. */
bool slice_member(struct slice object, const char *name, struct slice *out);

/* The next raw item of an array: begin with *state = 0. False at the end. */
bool slice_item(struct slice array, size_t *state, struct slice *out);

/* A string, with its escapes resolved, into `out` with a NUL; false when longer or no string. */
bool slice_text(struct slice value, char *out, size_t room);
bool slice_text_is(struct slice value, const char *text);
/* A whole number without sign or leading zero, at most 2^53 - 1. */
bool slice_number(struct slice value, uint64_t *out);
/* A string of exactly 2 * size lower-case hexadecimal digits. */
bool slice_hex(struct slice value, uint8_t *out, size_t size);

#endif
