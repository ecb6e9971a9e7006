/*
 * Documents: JSON through jansson, the only user of it: the gateway's answers are read, the command
 * line's answers and profile are written. What comes from the server is checked by whoever reads
 * it; a member that is missing or of another type reads as absent.
 */
#ifndef SM_CLI_JSON_H
#define SM_CLI_JSON_H

#include "base/buffer.h"
#include "base/id.h"

struct doc;

SM_MUST_USE enum sm_error doc_parse(struct span text, struct doc **out); /* caller owns *out */
SM_MUST_USE enum sm_error doc_object(struct doc **out);
SM_MUST_USE enum sm_error doc_array(struct doc **out);
void doc_free(struct doc **doc);

/* Members of an object. Borrowed results live as long as `doc`. */
const char *doc_text(const struct doc *doc, const char *name); /* NULL when absent */
SM_MUST_USE enum sm_error doc_u64(const struct doc *doc, const char *name, uint64_t *out);
bool doc_flag(const struct doc *doc, const char *name);
SM_MUST_USE enum sm_error doc_id(const struct doc *doc, const char *name, struct id *out);
/* base64url; appends. */
SM_MUST_USE enum sm_error doc_bytes(const struct doc *doc, const char *name, struct buffer *out);
/* Exactly `size` bytes. */
SM_MUST_USE enum sm_error doc_exact(
    const struct doc *doc, const char *name, uint8_t *out, size_t size);
/* The array (or object) that is a member; NULL when absent. */
struct doc *doc_member(const struct doc *doc, const char *name);
size_t doc_count(const struct doc *array);
struct doc *doc_at(const struct doc *array, size_t index);

/* Sets a member; replaces. In a text, what is not UTF-8 becomes U+FFFD. */
SM_MUST_USE enum sm_error doc_set_text(struct doc *doc, const char *name, struct span text);
SM_MUST_USE enum sm_error doc_set_u64(struct doc *doc, const char *name, uint64_t number);
SM_MUST_USE enum sm_error doc_set_flag(struct doc *doc, const char *name, bool flag);
SM_MUST_USE enum sm_error doc_set_id(struct doc *doc, const char *name, struct id id);
SM_MUST_USE enum sm_error doc_set_bytes(struct doc *doc, const char *name, struct span bytes);
/* Hands *value over (it is NULL then) to an object or array. */
SM_MUST_USE enum sm_error doc_give(struct doc *doc, const char *name, struct doc **value);
/* The same value in a second document; nothing when it is NULL. */
SM_MUST_USE enum sm_error doc_share(struct doc *doc, const char *name, struct doc *value);
SM_MUST_USE enum sm_error doc_append(struct doc *array, struct doc **value);

/* Appends the text, indented, in ASCII. */
SM_MUST_USE enum sm_error doc_write(const struct doc *doc, struct buffer *out);

#endif
