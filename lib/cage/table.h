/*
 * What each service may still do once it has its keys: the whole of it, as tables with reasons
 * (table.c), from which docs/cage.md is printed. What no row allows is refused.
 */
#ifndef SM_CAGE_TABLE_H
#define SM_CAGE_TABLE_H

#include "runtime/settings.h"

#include <stddef.h>
#include <stdint.h>

/* When a row counts. */
enum cage_when {
    CAGE_ALWAYS,
    CAGE_UNTIL_READY,        /* while it opens what it works with */
    CAGE_WITH_NAMES,         /* where a setting names a host by name, not by number */
    CAGE_WITH_FILES,         /* where ciphertext lies in a folder */
    CAGE_WITH_S3,            /* where it lies in a bucket of a server */
    CAGE_WITH_LOCAL_SOCKETS, /* where the database or a peer is reached by a socket in a folder */
};

/* --- system calls --- */

enum cage_verdict {
    CAGE_ALLOWS,
    CAGE_LACKS, /* ENOSYS: as on a kernel that has no such call, so that its elder is used */
    CAGE_KILLS, /* ends the process: only foreign code would ask */
};

/* An argument of a call: (argument & mask) == value. A mask of zero ends the list. */
struct cage_argument {
    unsigned position; /* from 0 */
    uint64_t mask, value;
    bool is_own_process; /* the value is the process's own id */
};

enum { CAGE_ARGUMENTS = 2 };

struct cage_call {
    unsigned services; /* bits of enum peer */
    enum cage_when when;
    enum cage_verdict verdict;
    const char *names; /* of system calls, with a space between */
    struct cage_argument arguments[CAGE_ARGUMENTS];
    const char *reason;
};
extern const struct cage_call cage_calls[];
extern const size_t cage_calls_count;

/* --- files and folders --- */

enum cage_right {
    CAGE_READS,
    CAGE_KEEPS,   /* reads, writes, makes and removes files and folders */
    CAGE_REMOVES, /* lists folders and removes what is in them; opens no file */
    CAGE_LISTENS, /* makes and removes a socket */
    CAGE_RUNS,    /* reads, and runs programs */
};

/* A path, or the setting that names one (then `path` is NULL). */
struct cage_file {
    unsigned services;
    enum cage_when when;
    enum cage_right right;
    const char *path;
    enum setting setting;
    enum setting otherwise; /* where `setting` is empty; the same again: nothing */
    const char *reason;
};
extern const struct cage_file cage_files[];
extern const size_t cage_files_count;

/* --- ports --- */

enum cage_direction { CAGE_CONNECTS, CAGE_BINDS };

/* The TCP ports of what a setting names. */
struct cage_port {
    unsigned services;
    enum cage_when when; /* never CAGE_UNTIL_READY: ports stay as they are */
    enum cage_direction direction;
    enum setting setting;
    const char *reason;
};
extern const struct cage_port cage_ports[];
extern const size_t cage_ports_count;

/* --- limits --- */

enum { CAGE_AS_MUCH_AS_THERE_IS = -1 };

struct cage_limit {
    unsigned services;
    int resource; /* RLIMIT_... */
    const char *name;
    int64_t most; /* or CAGE_AS_MUCH_AS_THERE_IS: the hard limit that it was started with */
    const char *reason;
};
extern const struct cage_limit cage_limits[];
extern const size_t cage_limits_count;

#endif
