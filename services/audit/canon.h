/*
 * Canonical JSON (RFC 8785), in the part of it that the log needs: objects whose member names are
 * of [a-z0-9_] and come in order, each once; arrays; texts (UTF-8, only the escapes that must be);
 * whole numbers from 0 to 2^53 - 1. No null, no boolean, no fraction, no white space. One value has
 * one spelling, so the bytes that are hashed can be rebuilt from the parsed value by any strict
 * JSON library.
 */
#ifndef SM_AUDIT_CANON_H
#define SM_AUDIT_CANON_H

#include "base/buffer.h"

enum { CANON_DEPTH_MAX = 4, CANON_NAME_BYTES_MAX = 32 };
#define CANON_NUMBER_MAX 9007199254740991u /* 2^53 - 1 */

/* --- writing. Asserts that names come in order: only our own code chooses them. --- */
struct canon {
    struct buffer *out;
    size_t depth;
    struct {
        bool has_items;
        const char *last_name; /* NULL: none yet, or an array */
    } levels[CANON_DEPTH_MAX + 1];
};
#define CANON(buffer) ((struct canon){.out = (buffer)})

/* `name` is NULL for the outermost value and for items of an array. */
SM_MUST_USE enum sm_error canon_object(struct canon *canon, const char *name);
SM_MUST_USE enum sm_error canon_object_end(struct canon *canon);
SM_MUST_USE enum sm_error canon_array(struct canon *canon, const char *name);
SM_MUST_USE enum sm_error canon_array_end(struct canon *canon);
/* SM_BAD_FORMAT unless `value` is UTF-8. */
SM_MUST_USE enum sm_error canon_text(struct canon *canon, const char *name, struct span value);
/* The bytes in lower-case hexadecimal; nothing at all when there are none. */
SM_MUST_USE enum sm_error canon_hex(struct canon *canon, const char *name, struct span bytes);
/* SM_BAD_VALUE over CANON_NUMBER_MAX. */
SM_MUST_USE enum sm_error canon_number(struct canon *canon, const char *name, uint64_t value);
/* A value that is canonical already (canon_check). */
SM_MUST_USE enum sm_error canon_raw(struct canon *canon, const char *name, struct span value);

/* --- reading --- */

/* SM_OK if `text` is one canonical object and nothing else; SM_BAD_FORMAT. */
SM_MUST_USE enum sm_error canon_check(struct span text);

/*
 * The value of a member of the outermost object, as it is written: a text without its quotes (and
 * with its escapes), a number's digits. It lives as long as `text`. SM_NOT_FOUND, SM_BAD_FORMAT.
 */
SM_MUST_USE enum sm_error canon_member(struct span text, const char *name, struct span *out);

#endif
