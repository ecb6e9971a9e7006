/* Good messages by hand, and each way to spoil them; through the dispatcher, without sockets. */
#include "tests/support/contract.h"

#include "base/clock.h"
#include "tests/support/check.h"

#include <stdio.h>

enum { MESSAGE_BYTES = 2 * 1024 * 1024, LARGE_BYTES = 70000 };

/* --- msgpack by hand: not by the code under test --- */

static void put_head(struct buffer *out, uint8_t fix, uint8_t long_form, size_t count)
{
    if (count < 16) {
        assert_ok(buffer_append_u8(out, (uint8_t)(fix | count)));
        return;
    }
    assert_ok(buffer_append_u8(out, long_form));
    assert_ok(buffer_append_be(out, count, 2));
}

/* Text or bytes of `size` letters 'a', in the shortest form. */
static void put_letters(struct buffer *out, bool is_text, size_t size)
{
    uint8_t *room;
    if (is_text && size < 32) {
        assert_ok(buffer_append_u8(out, (uint8_t)(0xa0 | size)));
    } else {
        size_t width = size < 0x100 ? 1 : size < 0x10000 ? 2 : 4;
        uint8_t step = width == 1 ? 0 : width == 2 ? 1 : 2;
        assert_ok(buffer_append_u8(out, (uint8_t)((is_text ? 0xd9 : 0xc4) + step)));
        assert_ok(buffer_append_be(out, size, width));
    }
    assert_ok(buffer_extend(out, size, &room));
    memset(room, 'a', size);
}

static void put_number(struct buffer *out, uint64_t number)
{
    static const struct {
        uint64_t below;
        uint8_t type, width;
    } forms[] = {{0x100, 0xcc, 1}, {0x10000, 0xcd, 2}, {0x100000000, 0xce, 4}};
    if (number < 0x80) {
        assert_ok(buffer_append_u8(out, (uint8_t)number));
        return;
    }
    for (size_t i = 0; i < 3; i++)
        if (number < forms[i].below) {
            assert_ok(buffer_append_u8(out, forms[i].type));
            assert_ok(buffer_append_be(out, number, forms[i].width));
            return;
        }
    assert_ok(buffer_append_u8(out, 0xcf));
    assert_ok(buffer_append_be(out, number, 8));
}

static void put_name(struct buffer *out, const char *name)
{
    assert_true(strlen(name) < 32);
    assert_ok(buffer_append_u8(out, (uint8_t)(0xa0 | strlen(name))));
    assert_ok(buffer_append_text(out, name));
}

static void put_good_message(struct buffer *out, const struct fields *fields);

static void put_good(struct buffer *out, const struct field *field)
{
    switch (field->kind) {
    case FIELD_U64:
        put_number(out, field->min);
        return;
    case FIELD_BOOL:
        assert_ok(buffer_append_u8(out, 0xc2));
        return;
    case FIELD_TEXT:
    case FIELD_LINE:
    case FIELD_BYTES:
        put_letters(out, field->kind != FIELD_BYTES, (size_t)field->min);
        return;
    case FIELD_ID:
        put_letters(out, false, ID_BYTES);
        return;
    case FIELD_LIST:
        put_head(out, 0x90, 0xdc, (size_t)field->min);
        for (size_t i = 0; i < field->min; i++)
            put_good_message(out, field->item);
        return;
    case FIELD_MAP:
        put_good_message(out, field->item);
        return;
    }
}

static void put_good_message(struct buffer *out, const struct fields *fields)
{
    put_head(out, 0x80, 0xde, fields->count);
    for (size_t i = 0; i < fields->count; i++) {
        put_name(out, fields->at[i].name);
        put_good(out, &fields->at[i]);
    }
}

/* --- spoiling one field --- */

/* Writes a bad value; false when this way of spoiling does not apply to the field. */
typedef bool spoil(struct buffer *out, const struct field *field);

static bool with_nil(struct buffer *out, const struct field *field)
{
    (void)field;
    assert_ok(buffer_append_u8(out, 0xc0));
    return true;
}

static bool with_number(struct buffer *out, const struct field *field)
{
    put_number(out, 1);
    return field->kind != FIELD_U64;
}

static bool with_text(struct buffer *out, const struct field *field)
{
    put_letters(out, true, 3);
    return field->kind != FIELD_TEXT && field->kind != FIELD_LINE;
}

static bool with_list(struct buffer *out, const struct field *field)
{
    put_head(out, 0x90, 0xdc, 0);
    return field->kind != FIELD_LIST;
}

static bool with_negative(struct buffer *out, const struct field *field)
{
    (void)field;
    assert_ok(buffer_append_u8(out, 0xff));
    return true;
}

static bool is_sized(const struct field *field)
{
    return field->kind == FIELD_TEXT || field->kind == FIELD_LINE || field->kind == FIELD_BYTES;
}

static bool with_too_much(struct buffer *out, const struct field *field)
{
    if (is_sized(field) && field->max < LARGE_BYTES) {
        put_letters(out, field->kind != FIELD_BYTES, (size_t)field->max + 1);
        return true;
    }
    if (field->kind != FIELD_U64 || field->max == UINT64_MAX)
        return false;
    put_number(out, field->max + 1);
    return true;
}

static bool with_too_little(struct buffer *out, const struct field *field)
{
    if (field->min == 0)
        return false;
    if (is_sized(field))
        put_letters(out, field->kind != FIELD_BYTES, (size_t)field->min - 1);
    else if (field->kind == FIELD_U64)
        put_number(out, field->min - 1);
    else if (field->kind == FIELD_LIST)
        put_head(out, 0x90, 0xdc, (size_t)field->min - 1);
    else
        return false;
    return true;
}

static bool with_wrong_size(struct buffer *out, const struct field *field)
{
    put_letters(out, false, ID_BYTES + 1);
    return field->kind == FIELD_ID;
}

static spoil *const spoilers[] = {with_nil, with_number, with_text, with_list, with_negative,
    with_too_much, with_too_little, with_wrong_size};

/* --- asking the dispatcher --- */

static const struct contract *contract;

static enum sm_error ask(const struct header *header, enum peer caller, struct span message)
{
    struct arena arena DEFER(arena_free) = ARENA(2 * MESSAGE_BYTES);
    struct buffer reply DEFER(buffer_free) = BUFFER(MESSAGE_BYTES);
    struct bus_server_options options = {.self = contract->self,
        .handlers = contract->handlers,
        .handlers_count = contract->handlers_count};
    struct bus_request request = {.caller = caller, .arena = &arena};
    struct header answer = {0};
    uint8_t bytes[HEADER_BYTES];
    header_write(header, bytes);
    enum sm_error error = bus_dispatch(&options, &request, SPAN(bytes), message, &answer, &reply);
    assert_int_equal(reply.size, 0); /* nothing beside an error */
    return error == SM_OK ? answer.error : error;
}

static enum peer good_caller(const struct operation_rule *rule)
{
    return (enum peer)(rule->callers & -rule->callers);
}

static struct header header_of(const struct operation_rule *rule)
{
    return (struct header){.operation = (uint16_t)rule->number,
        .idempotency = {{1}},
        .deadline_ms = clock_wall_ms() + 60000};
}

static void refuses(const struct operation_rule *rule, const struct buffer *message,
    const char *field, const char *how)
{
    struct header header = header_of(rule);
    enum sm_error error = ask(&header, good_caller(rule), buffer_span(message));
    if (error != SM_BAD_FORMAT && error != SM_BAD_VALUE && error != SM_TOO_LARGE)
        fail_msg("%s, %s, %s: %s", rule->name, field, how, error_name(error));
}

/* Every operation of the table, one after the other. */
static void for_each_operation(void (*check)(const struct operation_rule *rule))
{
    assert_true(contract->handlers_count > 0);
    for (size_t i = 0; i < contract->handlers_count; i++)
        check(catalog_find((uint16_t)contract->handlers[i].operation));
}

/* --- the tests --- */

static void the_table_serves_what_the_catalogue_assigns(void **state)
{
    (void)state;
    for (size_t i = 0; i < contract->handlers_count; i++) {
        const struct operation_rule *rule = catalog_find((uint16_t)contract->handlers[i].operation);
        assert_non_null(rule);
        assert_true(rule->servers & (unsigned)contract->self);
        assert_non_null(contract->handlers[i].run);
    }
}

static void check_callers(const struct operation_rule *rule)
{
    struct buffer good DEFER(buffer_free) = BUFFER(MESSAGE_BYTES);
    struct header header = header_of(rule);
    put_good_message(&good, rule->request);
    for (unsigned peer = 1; peer <= PEER_OPERATOR; peer <<= 1)
        if (!(rule->callers & peer))
            assert_error(ask(&header, (enum peer)peer, buffer_span(&good)), SM_NOT_ALLOWED);
    assert_error(ask(&header, PEER_NONE, buffer_span(&good)), SM_NOT_ALLOWED);
}

static void every_caller_that_is_not_named_is_refused(void **state)
{
    (void)state;
    for_each_operation(check_callers);
}

static void unknown_operations_are_refused(void **state)
{
    (void)state;
    for (unsigned number = 0; number < 0x10000; number += 2) {
        struct header header = {
            .operation = (uint16_t)number, .deadline_ms = clock_wall_ms() + 60000};
        const struct operation_rule *rule = catalog_find((uint16_t)number);
        if (!rule || !(rule->servers & (unsigned)contract->self))
            assert_error(ask(&header, PEER_CRYPTO, span_text("\x80")), SM_UNKNOWN_OPERATION);
    }
}

static void check_sizes_and_times(const struct operation_rule *rule)
{
    struct buffer large DEFER(buffer_free) = BUFFER(MESSAGE_BYTES);
    struct header header = header_of(rule);
    uint8_t *room;
    assert_ok(buffer_extend(&large, (size_t)rule->bytes_max + 1, &room));
    memset(room, 0x80, large.size);
    assert_error(ask(&header, good_caller(rule), buffer_span(&large)), SM_TOO_LARGE);
    header.deadline_ms = clock_wall_ms() - 1;
    assert_error(ask(&header, good_caller(rule), span_text("\x80")), SM_TIMEOUT);
}

static void too_large_and_too_late_is_refused(void **state)
{
    (void)state;
    for_each_operation(check_sizes_and_times);
}

/* The message with field `spoilt` written by `spoiler`; SIZE_MAX leaves it out instead. */
static bool put_spoilt(
    struct buffer *out, const struct fields *fields, size_t spoilt, spoil *spoiler)
{
    bool applies = true;
    put_head(out, 0x80, 0xde, fields->count);
    for (size_t i = 0; i < fields->count; i++) {
        put_name(out, fields->at[i].name);
        if (i == spoilt)
            applies = spoiler(out, &fields->at[i]);
        else
            put_good(out, &fields->at[i]);
    }
    return applies;
}

static void check_values(const struct operation_rule *rule)
{
    for (size_t field = 0; field < rule->request->count; field++)
        for (size_t i = 0; i < sizeof spoilers / sizeof spoilers[0]; i++) {
            struct buffer bad DEFER(buffer_free) = BUFFER(MESSAGE_BYTES);
            char how[32];
            (void)snprintf(how, sizeof how, "spoilt in way %zu", i);
            if (put_spoilt(&bad, rule->request, field, spoilers[i]))
                refuses(rule, &bad, rule->request->at[field].name, how);
        }
}

static void every_field_of_another_type_or_size_is_refused(void **state)
{
    (void)state;
    for_each_operation(check_values);
}

/* Writes the fields but one, and says that there are `count`. */
static void put_without(
    struct buffer *out, const struct fields *fields, size_t missing, size_t count)
{
    put_head(out, 0x80, 0xde, count);
    for (size_t i = 0; i < fields->count; i++)
        if (i != missing) {
            put_name(out, fields->at[i].name);
            put_good(out, &fields->at[i]);
        }
}

static void check_shape(const struct operation_rule *rule)
{
    const struct fields *fields = rule->request;
    struct buffer extra DEFER(buffer_free) = BUFFER(MESSAGE_BYTES);
    struct buffer trailing DEFER(buffer_free) = BUFFER(MESSAGE_BYTES);
    struct buffer nothing DEFER(buffer_free) = BUFFER(1);
    put_without(&extra, fields, SIZE_MAX, fields->count + 1);
    put_name(&extra, "more");
    put_number(&extra, 1);
    refuses(rule, &extra, "-", "an extra field");
    put_good_message(&trailing, fields);
    assert_ok(buffer_append_u8(&trailing, 0));
    refuses(rule, &trailing, "-", "a trailing byte");
    refuses(rule, &nothing, "-", "no bytes at all");
    for (size_t i = 0; i < fields->count; i++) {
        struct buffer less DEFER(buffer_free) = BUFFER(MESSAGE_BYTES);
        struct buffer cut DEFER(buffer_free) = BUFFER(MESSAGE_BYTES);
        put_without(&less, fields, i, fields->count - 1);
        refuses(rule, &less, fields->at[i].name, "missing");
        put_without(&cut, fields, i, fields->count);
        refuses(rule, &cut, fields->at[i].name, "announced and missing");
    }
}

static void missing_and_extra_fields_and_trailing_bytes_are_refused(void **state)
{
    (void)state;
    for_each_operation(check_shape);
}

/* An operation that acts once by its key refuses to act without one. */
static void check_key(const struct operation_rule *rule)
{
    struct buffer good DEFER(buffer_free) = BUFFER(MESSAGE_BYTES);
    struct header header = header_of(rule);
    assert_string_not_equal(repeat_name(rule->repeat), "unknown");
    if (rule->repeat != REPEAT_BY_KEY)
        return;
    put_good_message(&good, rule->request);
    header.idempotency = (struct id){{0}};
    assert_error(ask(&header, good_caller(rule), buffer_span(&good)), SM_BAD_VALUE);
}

static void every_operation_says_what_makes_it_act_once(void **state)
{
    (void)state;
    for_each_operation(check_key);
}

/* That the good messages are good shows that the bad ones are refused for what was spoilt. */
static void check_good(const struct operation_rule *rule)
{
    struct buffer good DEFER(buffer_free) = BUFFER(MESSAGE_BYTES);
    struct arena arena DEFER(arena_free) = ARENA(MESSAGE_BYTES);
    void *message;
    put_good_message(&good, rule->request);
    assert_ok(arena_take(&arena, 1, rule->request->struct_size, &message));
    assert_ok(fields_decode(rule->request, buffer_span(&good), &arena, message));
}

static void the_unspoilt_message_is_accepted(void **state)
{
    (void)state;
    for_each_operation(check_good);
}

int contract_run(const struct contract *of)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_serves_what_the_catalogue_assigns),
        cmocka_unit_test(the_unspoilt_message_is_accepted),
        cmocka_unit_test(every_caller_that_is_not_named_is_refused),
        cmocka_unit_test(unknown_operations_are_refused),
        cmocka_unit_test(too_large_and_too_late_is_refused),
        cmocka_unit_test(every_field_of_another_type_or_size_is_refused),
        cmocka_unit_test(missing_and_extra_fields_and_trailing_bytes_are_refused),
        cmocka_unit_test(every_operation_says_what_makes_it_act_once),
    };
    contract = of;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
