/*
 * The proleptic Gregorian calendar by arithmetic: years are counted from March, so that the leap
 * day comes last, in eras of 400 years that are all alike.
 */
#include "services/notifier/calendar.h"

#include <stdio.h>

#include "base/banned.h"

enum { DAY_S = 24 * 60 * 60, ERA_DAYS = 146097, DAYS_TO_1970 = 719468 };

struct calendar calendar_utc(int64_t unix_ms)
{
    int64_t seconds = unix_ms > 0 ? unix_ms / 1000 : 0;
    int64_t days = seconds / DAY_S, rest = seconds % DAY_S;
    int64_t shifted = days + DAYS_TO_1970; /* since 1 March of the year 0 */
    int64_t day_of_era = shifted % ERA_DAYS;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t march_month = (5 * day_of_year + 2) / 153;
    int64_t month = march_month < 10 ? march_month + 3 : march_month - 9;
    int64_t year = shifted / ERA_DAYS * 400 + year_of_era + (month <= 2 ? 1 : 0);
    return (struct calendar){
        .year = (int)year,
        .month = (int)month,
        .day = (int)(day_of_year - (153 * march_month + 2) / 5 + 1),
        .weekday = (int)((days + 4) % 7), /* 1 January 1970 was a Thursday */
        .hour = (int)(rest / 3600),
        .minute = (int)(rest / 60 % 60),
        .second = (int)(rest % 60),
    };
}

/* Before the last Sunday (at 01:00 UTC) of a month of 31 days? */
static bool is_before_change(const struct calendar *at)
{
    int first_possible = 25; /* the last Sunday is one of 25..31 */
    int days_since_sunday = at->weekday;
    int last_sunday = at->day - days_since_sunday;
    if (last_sunday < first_possible)
        return true; /* the Sunday on or before today is not the last one yet */
    return days_since_sunday == 0 && at->hour < 1;
}

static bool is_summer_time(const struct calendar *utc)
{
    if (utc->month == 3)
        return !is_before_change(utc);
    if (utc->month == 10)
        return is_before_change(utc);
    return utc->month > 3 && utc->month < 10;
}

struct calendar calendar_dutch(int64_t unix_ms)
{
    struct calendar utc = calendar_utc(unix_ms);
    int64_t hours = is_summer_time(&utc) ? 2 : 1;
    return calendar_utc(unix_ms + hours * 60 * 60 * 1000);
}

struct calendar_header calendar_header(int64_t unix_ms)
{
    static const char weekdays[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct calendar at = calendar_utc(unix_ms);
    struct calendar_header header;
    (void)snprintf(header.text, sizeof header.text, "%s, %d %s %04d %02d:%02d:%02d +0000",
        weekdays[at.weekday], at.day, months[at.month - 1], at.year % 10000, at.hour, at.minute,
        at.second);
    return header;
}
