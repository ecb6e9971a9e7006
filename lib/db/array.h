/*
 * An array as one SQL parameter ($1::bytea[]), in PostgreSQL's binary form: many rows go in with
 * one statement, `INSERT ... SELECT * FROM unnest($1::bigint[], $2::bytea[])`. Zero-initialise with
 * DB_ARRAY(kind, bytes_max) and free with DEFER(db_array_free).
 *
 * Format: the server's array_recv; dimensions i32, flags i32, element type i32, then size and lower
 * bound, then each element as length i32 (-1: NULL) and its bytes.
 */
#ifndef SM_DB_ARRAY_H
#define SM_DB_ARRAY_H

#include "db/connection.h"

struct db_array {
    enum db_kind kind; /* of the elements: DB_I64, DB_BYTES or DB_TEXT */
    struct buffer elements;
    size_t count;
    bool has_null;
};
#define DB_ARRAY(element_kind, bytes_max) \
    ((struct db_array){.kind = (element_kind), .elements = BUFFER(bytes_max)})
void db_array_free(struct db_array *array);

/* Adds an element of the array's kind, or db_null(). SM_TOO_LARGE over its limit, and
 * the array is as it was. */
SM_MUST_USE enum sm_error db_array_add(struct db_array *array, struct db_value element);

/* The whole as a parameter; lives until the array's next change. */
SM_MUST_USE enum sm_error db_array_value(struct db_array *array, struct db_value *out);

#endif
