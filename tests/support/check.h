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

#define assert_ok(call) assert_string_equal(error_name(call), error_name(SM_OK))
#define assert_error(call, expected) assert_string_equal(error_name(call), error_name(expected))

#endif
