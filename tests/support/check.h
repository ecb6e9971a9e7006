/* What every cmocka test here includes: cmocka with the headers that it needs, and our error enum.
 */
#ifndef SM_TESTS_SUPPORT_CHECK_H
#define SM_TESTS_SUPPORT_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/span.h"

#define assert_ok(call) assert_string_equal(error_name(call), error_name(SM_OK))
#define assert_error(call, expected) assert_string_equal(error_name(call), error_name(expected))

/* The bytes of a span are those of a C string. */
#define assert_span(got, text)                                     \
    do {                                                           \
        struct span got_bytes_ = (got);                            \
        assert_int_equal(got_bytes_.size, strlen(text));           \
        assert_memory_equal(got_bytes_.at, text, got_bytes_.size); \
    } while (0)

#endif
