/*
 * Days and hours for people, from milliseconds since 1970 UTC: in the letters by the legal time of
 * the Netherlands (European summer time: from the last Sunday of March to the last Sunday of
 * October, both at 01:00 UTC; directive 2000/84/EC), in headers by UTC (RFC 5322 section 3.3).
 * Computed here, so that no time zone of a machine or container can change what a letter says.
 */
#ifndef SM_NOTIFIER_CALENDAR_H
#define SM_NOTIFIER_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

struct calendar {
    int year;
    int month;   /* 1..12 */
    int day;     /* 1..31 */
    int weekday; /* 0 is Sunday */
    int hour, minute, second;
};

/* For any time from 1970 on; a negative time counts as 1970's first moment. */
struct calendar calendar_utc(int64_t unix_ms);
struct calendar calendar_dutch(int64_t unix_ms);

/* "Tue, 24 Nov 2026 08:13:00 +0000" for a Date header. */
struct calendar_header {
    char text[40];
};
struct calendar_header calendar_header(int64_t unix_ms);

#endif
