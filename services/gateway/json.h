/*
 * Writing JSON (RFC 8259), into a bounded buffer. Nothing here reads JSON: requests are binary or
 * headers. What goes out is described by the same field tables as the bus, so an answer's names are
 * those of the catalogue.
 */
#ifndef SM_GATEWAY_JSON_H
#define SM_GATEWAY_JSON_H

#include "proto/field.h"

/*
 * A quoted string. Control characters, quote, backslash, "<", ">", "&" and U+2028/9 are written as
 * \uXXXX, so a text is inert wherever an answer ends up. SM_BAD_FORMAT for what is not UTF-8.
 */
SM_MUST_USE enum sm_error json_string(struct buffer *out, struct span text);

/*
 * The message as an object with the table's names: numbers, booleans, text as strings, bytes as
 * base64url, ids as 32 hexadecimal digits (null when none), lists as arrays, maps as objects.
 */
SM_MUST_USE enum sm_error json_fields(
    struct buffer *out, const struct fields *fields, const void *message);

#endif
