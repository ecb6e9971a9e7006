/*
 * Functions that have a safer sibling here. Included last, after every system header. Each use is a
 * compile error that names the reason.
 */
#ifndef SM_BASE_BANNED_H
#define SM_BASE_BANNED_H

#define BANNED(function, instead) banned_##function##_use_##instead

#undef strcpy
#define strcpy(...) BANNED(strcpy, buffer)
#undef strcat
#define strcat(...) BANNED(strcat, buffer)
#undef sprintf
#define sprintf(...) BANNED(sprintf, buffer_format)
#undef vsprintf
#define vsprintf(...) BANNED(vsprintf, buffer_format)
#undef strncpy
#define strncpy(...) BANNED(strncpy, buffer)
#undef strncat
#define strncat(...) BANNED(strncat, buffer)
#undef strtok
#define strtok(...) BANNED(strtok, span)
#undef atoi
#define atoi(...) BANNED(atoi, config)
#undef gmtime
#define gmtime(...) BANNED(gmtime, clock_text)
#undef localtime
#define localtime(...) BANNED(localtime, clock_text)
#undef rand
#define rand(...) BANNED(rand, random_below)
#undef alloca
#define alloca(...) BANNED(alloca, arena)

#endif
