/*
 * Published test vectors, read from ../shared/vectors beside the repository (or from the directory
 * that SECURE_MAIL_TEST_VECTORS names). They are not part of the tree: where they are missing,
 * vectors_or_skip says so on standard error and skips the test. A file that is there and cannot be
 * read fails it.
 *
 * A struct vector is a place in the file's JSON; all of them live until vectors_free.
 */
#ifndef SM_TESTS_SUPPORT_VECTORS_H
#define SM_TESTS_SUPPORT_VECTORS_H

#include "base/buffer.h"

struct vector;

/* The root of a file; skips the calling cmocka test if the file is not there. */
const struct vector *vectors_or_skip(const char *file);
void vectors_free(const struct vector *root);

/* A member of an object; NULL when it has none of this name. */
const struct vector *vector_member(const struct vector *object, const char *name);
/* A list's length (0 for NULL) and items. */
size_t vector_count(const struct vector *list);
const struct vector *vector_item(const struct vector *list, size_t index);

/* Members of an object; a missing or mistyped one fails the test. */
const char *vector_text(const struct vector *object, const char *name);
uint64_t vector_number(const struct vector *object, const char *name);
/* Appends the bytes that the member spells in hexadecimal. */
void vector_bytes(const struct vector *object, const char *name, struct buffer *out);
/* The same for base64. */
void vector_base64(const struct vector *object, const char *name, struct buffer *out);
/* A boolean member. */
bool vector_flag(const struct vector *object, const char *name);
/* A text that is an item of a list. */
const char *vector_string(const struct vector *text);
/* vector_bytes, then decompressed (zlib), as the chunked vectors' ciphertexts are. */
void vector_inflated(const struct vector *object, const char *name, struct buffer *out);

/* Whether the list of texts `name` holds `word`. */
bool vector_has_flag(const struct vector *object, const char *name, const char *word);

#endif
