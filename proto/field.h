/*
 * A message is a C struct and a table of its fields; this is the one packer and unpacker for all of
 * them, and the only place that knows msgpack. On the wire a message is a msgpack map with the
 * fields of its table, all of them, in the table's order, each once: one spelling per message, so
 * that a browser can write it from an object literal and nothing can be said in two ways.
 *
 * Decoding scans before it unpacks (a 5-byte map header must not reserve 16 GiB) and refuses: other
 * than exactly these fields, a wrong type, a number, length or count outside its limits, text that
 * is not UTF-8, nesting over FIELD_DEPTH_MAX, trailing bytes.
 *
 * Format: https://github.com/msgpack/msgpack/blob/master/spec.md
 */
#ifndef SM_PROTO_FIELD_H
#define SM_PROTO_FIELD_H

#include "base/buffer.h"
#include "base/id.h"
#include "base/memory.h"
#include "base/span.h"

/* What a field is in C and on the wire. `min` and `max` of struct field mean: */
enum field_kind {
    FIELD_U64,   /* uint64_t    <-> unsigned integer;    smallest and largest value */
    FIELD_BOOL,  /* bool        <-> boolean;             - */
    FIELD_TEXT,  /* struct span <-> str, valid UTF-8;    length in bytes */
    FIELD_LINE,  /* struct span <-> str, text_is_line;   length in bytes */
    FIELD_BYTES, /* struct span <-> bin;                length in bytes */
    FIELD_ID,    /* struct id   <-> bin of 16 bytes;     min 1: the all-zero id is refused */
    FIELD_LIST,  /* struct list <-> array of maps;       number of items */
    FIELD_MAP,   /* a struct    <-> map of `item`;       - */
};

struct fields;

struct field {
    const char *name;
    enum field_kind kind;
    size_t offset; /* of the member in the struct */
    uint64_t min, max;
    const struct fields *item; /* FIELD_LIST and FIELD_MAP: the fields of an item */
    const char *meaning;       /* one sentence, printed in docs/protocol.md */
};

struct fields {
    const char *name; /* of the message, for the docs */
    const struct field *at;
    size_t count;
    size_t struct_size;
};

/* Items lie one after the other; they live as long as the arena they were decoded into. */
struct list {
    const void *items;
    size_t count;
};
#define LIST_AT(type, list, index) ((const type *)(list).items + (index))
#define LIST_OF(array) ((struct list){(array), sizeof(array) / sizeof((array)[0])})

/*
 * Appends the message to `out`. The struct must obey its table: a value outside its limits is
 * refused with SM_BAD_VALUE, so what we send is what the other side accepts.
 */
SM_MUST_USE enum sm_error fields_encode(
    const struct fields *fields, const void *message, struct buffer *out);

/*
 * Reads exactly `bytes` into *message. Spans point into `bytes`, lists into `arena`: keep both as
 * long as the message. SM_BAD_FORMAT, SM_TOO_LARGE (a length or count), SM_BAD_VALUE (a number
 * outside its limits), SM_NO_MEMORY. On an error *message is undefined.
 */
SM_MUST_USE enum sm_error fields_decode(
    const struct fields *fields, struct span bytes, struct arena *arena, void *message);

/* How tables are written: FIELDS(open_request, F_ID(struct open_request, link, 1, "the link"), ...)
 */
#define FIELDS(table, type, ...)                              \
    static const struct field table##_list[] = {__VA_ARGS__}; \
    const struct fields table = {                             \
        #table, table##_list, sizeof table##_list / sizeof table##_list[0], sizeof(type)}
#define FIELDS_LOCAL(table, type, ...)                        \
    static const struct field table##_list[] = {__VA_ARGS__}; \
    static const struct fields table = {                      \
        #table, table##_list, sizeof table##_list / sizeof table##_list[0], sizeof(type)}
#define FIELDS_NONE(table) const struct fields table = {#table, NULL, 0, 0} /* an empty map */
#define F_U64(type, member, low, high, meaning)                                  \
    {                                                                            \
#member, FIELD_U64, offsetof(type, member), (low), (high), NULL, meaning \
    }
#define F_BOOL(type, member, meaning)                                    \
    {                                                                    \
#member, FIELD_BOOL, offsetof(type, member), 0, 0, NULL, meaning \
    }
#define F_TEXT(type, member, low, high, meaning)                                  \
    {                                                                             \
#member, FIELD_TEXT, offsetof(type, member), (low), (high), NULL, meaning \
    }
#define F_LINE(type, member, low, high, meaning)                                  \
    {                                                                             \
#member, FIELD_LINE, offsetof(type, member), (low), (high), NULL, meaning \
    }
#define F_BYTES(type, member, low, high, meaning)                                  \
    {                                                                              \
#member, FIELD_BYTES, offsetof(type, member), (low), (high), NULL, meaning \
    }
#define F_ID(type, member, required, meaning)                                          \
    {                                                                                  \
#member, FIELD_ID, offsetof(type, member), (required), ID_BYTES, NULL, meaning \
    }
#define F_LIST(type, member, low, high, item, meaning)                               \
    {                                                                                \
#member, FIELD_LIST, offsetof(type, member), (low), (high), &(item), meaning \
    }
#define F_MAP(type, member, item, meaning)                                 \
    {                                                                      \
#member, FIELD_MAP, offsetof(type, member), 0, 0, &(item), meaning \
    }
#define MS_MAX INT64_MAX

#endif
