/* The members, sorted as they stand in the file. */
#include "cli/verify/shape.h"

/* clang-format off */
const struct shape_member shape_header[] = {
    {"canonicalisation", FORM_TEXT, true}, {"first_seq", FORM_NUMBER, true}, {"format", FORM_TEXT, true},
    {"hash", FORM_TEXT, true}, {"keys", FORM_LIST, true}, {"last_seq", FORM_NUMBER, true}, {"log", FORM_ID, true},
    {"organisation", FORM_ID, true}, {"type", FORM_TEXT, true}, {"version", FORM_NUMBER, true}, {0}};
const struct shape_member shape_key[] = {
    {"note_key", FORM_TEXT, true}, {"public_key", FORM_HASH, true}, {0}};
const struct shape_member shape_entry_line[] = {
    {"disclosures", FORM_LIST, false}, {"entry", FORM_OBJECT, true}, {"entry_base64", FORM_TEXT, false},
    {"hash", FORM_HASH, true}, {"seq", FORM_NUMBER, true}, {"type", FORM_TEXT, true}, {0}};
const struct shape_member shape_checkpoint[] = {
    {"note", FORM_TEXT, true}, {"size", FORM_NUMBER, true}, {"type", FORM_TEXT, true}, {0}};
const struct shape_member shape_footer[] = {
    {"count", FORM_NUMBER, true}, {"hash", FORM_HASH, true}, {"note", FORM_TEXT, true}, {"root", FORM_HASH, true},
    {"type", FORM_TEXT, true}, {0}};
const struct shape_member shape_first_entry[] = {
    {"kind", FORM_TEXT, true}, {"log", FORM_ID, true}, {"organisation", FORM_ID, true}, {"prev", FORM_HASH, true},
    {"public_key", FORM_HASH, true}, {"random", FORM_HASH, true}, {"recorded", FORM_TEXT, true},
    {"seq", FORM_NUMBER, true}, {"source", FORM_TEXT, true}, {"version", FORM_NUMBER, true}, {0}};
const struct shape_member shape_entry[] = {
    {"actor", FORM_ID, false}, {"actor_class", FORM_TEXT, true}, {"at", FORM_TEXT, true},
    {"erased", FORM_LIST, false}, {"event", FORM_ID, true},
    {"kind", FORM_TEXT, true}, {"link", FORM_ID, false}, {"message", FORM_ID, false}, {"organisation", FORM_ID, true},
    {"personal", FORM_LIST, false}, {"prev", FORM_HASH, true}, {"reason", FORM_TEXT, false},
    {"recorded", FORM_TEXT, true}, {"result", FORM_TEXT, true}, {"seq", FORM_NUMBER, true},
    {"source", FORM_TEXT, true}, {"version", FORM_NUMBER, true}, {0}};
const struct shape_member shape_personal[] = {
    {"commitment", FORM_HASH, true}, {"name", FORM_TEXT, true}, {0}};
const struct shape_member shape_erased[] = {{"place", FORM_NUMBER, true}, {"seq", FORM_NUMBER, true}, {0}};
const struct shape_member shape_disclosure[] = {
    {"name", FORM_TEXT, true}, {"place", FORM_NUMBER, true}, {"salt", FORM_HASH, true}, {"value", FORM_TEXT, true}, {0}};
const struct shape_member shape_proof[] = {
    {"disclosures", FORM_LIST, false}, {"entry", FORM_OBJECT, true}, {"format", FORM_TEXT, true},
    {"hashes", FORM_LIST, true}, {"keys", FORM_LIST, true}, {"note", FORM_TEXT, true},
    {"organisation", FORM_ID, true}, {"seq", FORM_NUMBER, true}, {"type", FORM_TEXT, true},
    {"version", FORM_NUMBER, true}, {0}};
const struct shape_member shape_extension[] = {
    {"format", FORM_TEXT, true}, {"hashes", FORM_LIST, true}, {"keys", FORM_LIST, true}, {"note", FORM_TEXT, true},
    {"older", FORM_TEXT, true}, {"organisation", FORM_ID, true}, {"type", FORM_TEXT, true},
    {"version", FORM_NUMBER, true}, {0}};
const struct shape_member shape_declaration[] = {
    {"declaration", FORM_OBJECT, true}, {"format", FORM_TEXT, true}, {"public_key", FORM_HASH, true},
    {"signature", FORM_SIGNATURE, true}, {"version", FORM_NUMBER, true}, {0}};
/* clang-format on */

enum { ID_BYTES = 16, HASH_BYTES = 32, SIGNATURE_BYTES = 64 };

bool shape_fits(const struct object *object, const struct shape_member shape[])
{
    size_t place = 0;
    for (size_t i = 0; i < object->count; i++, place++) {
        while (shape[place].name && !slice_name_is(object->members[i].key, shape[place].name))
            place++;
        if (!shape[place].name)
            return false;
    }
    return object->is_whole;
}

static bool has_form(struct slice value, enum shape_form form)
{
    uint8_t bytes[SIGNATURE_BYTES];
    uint64_t number;
    switch (form) {
    case FORM_TEXT:
        return value.at[0] == '"';
    case FORM_NUMBER:
        return slice_number(value, &number);
    case FORM_ID:
        return slice_hex(value, bytes, ID_BYTES);
    case FORM_HASH:
        return slice_hex(value, bytes, HASH_BYTES);
    case FORM_SIGNATURE:
        return slice_hex(value, bytes, SIGNATURE_BYTES);
    case FORM_LIST:
        return value.at[0] == '[';
    case FORM_OBJECT:
        return value.at[0] == '{';
    }
    return false;
}

/* The members stand in the shape's order: one look at each is enough. */
bool shape_is_whole(const struct object *object, const struct shape_member shape[])
{
    size_t next = 0;
    for (; shape->name; shape++) {
        bool is_next =
            next < object->count && slice_name_is(object->members[next].key, shape->name);
        if (is_next ? !has_form(object->members[next].value, shape->form) : shape->is_there)
            return false;
        next += is_next;
    }
    return true;
}
