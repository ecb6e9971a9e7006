/* Days and hours for people: against known instants, and the two changes of the clock. */
#include "services/notifier/calendar.h"

#include "tests/support/check.h"

#include <stdlib.h>
#include <time.h>

static void assert_moment(struct calendar at, int year, int month, int day, int hour)
{
    assert_int_equal(at.year, year);
    assert_int_equal(at.month, month);
    assert_int_equal(at.day, day);
    assert_int_equal(at.hour, hour);
}

static void every_day_of_two_centuries_is_the_systems(void **state)
{
    (void)state;
    for (int64_t day = 0; day < 200 * 365; day++) {
        time_t second = (time_t)(day * 86400 + day % 86400);
        struct tm expected;
        assert_non_null(gmtime_r(&second, &expected));
        struct calendar at = calendar_utc((int64_t)second * 1000 + 999);
        assert_moment(
            at, expected.tm_year + 1900, expected.tm_mon + 1, expected.tm_mday, expected.tm_hour);
        assert_int_equal(at.weekday, expected.tm_wday);
        assert_int_equal(at.minute, expected.tm_min);
        assert_int_equal(at.second, expected.tm_sec);
    }
}

/* Every hour of ten years, against the time zone data of this machine. */
static void dutch_time_is_the_zone_databases(void **state)
{
    (void)state;
    assert_int_equal(setenv("TZ", "Europe/Amsterdam", 1), 0);
    tzset();
    if (timezone == 0)
        skip(); /* no time zone data here */
    for (int64_t hour = 0; hour < 10 * 365 * 24; hour++) {
        time_t second = (time_t)(1735689600 + hour * 3600 + 1800); /* from 2025 on */
        struct tm expected;
        assert_non_null(localtime_r(&second, &expected));
        struct calendar at = calendar_dutch((int64_t)second * 1000);
        assert_moment(
            at, expected.tm_year + 1900, expected.tm_mon + 1, expected.tm_mday, expected.tm_hour);
    }
}

static void the_clock_changes_at_one_utc_of_the_last_sunday(void **state)
{
    (void)state;
    assert_moment(calendar_dutch(1774745999999), 2026, 3, 29, 1);  /* 2026-03-29T00:59:59Z */
    assert_moment(calendar_dutch(1774746000000), 2026, 3, 29, 3);  /* 01:00:00Z */
    assert_moment(calendar_dutch(1792889999999), 2026, 10, 25, 2); /* 2026-10-25T00:59:59Z */
    assert_moment(calendar_dutch(1792890000000), 2026, 10, 25, 2); /* once more two o'clock */
    assert_moment(calendar_dutch(1792893600000), 2026, 10, 25, 3);
}

static void a_header_date_is_rfc_5322s(void **state)
{
    (void)state;
    assert_string_equal(calendar_header(1795507980123).text, "Tue, 24 Nov 2026 08:13:00 +0000");
    assert_string_equal(calendar_header(0).text, "Thu, 1 Jan 1970 00:00:00 +0000");
    assert_string_equal(calendar_header(-5).text, "Thu, 1 Jan 1970 00:00:00 +0000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_of_two_centuries_is_the_systems),
        cmocka_unit_test(dutch_time_is_the_zone_databases),
        cmocka_unit_test(the_clock_changes_at_one_utc_of_the_last_sunday),
        cmocka_unit_test(a_header_date_is_rfc_5322s),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
