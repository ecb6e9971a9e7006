/* The parts in their order, and what is said of each. */
#include "cage/cage.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/metric.h"
#include "base/sanitizer.h"
#include "cage/filter.h"
#include "cage/landlock.h"

#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/banned.h"

enum { SELF_AND_PARENT = 2 /* links of a folder that are not sub-folders */ };

struct cage {
    enum peer self;
    bool is_required;
    bool has_filter;
    struct cage_place_list places;
};

/* --- what is said --- */

/* A part that this kernel does not give. errno says why. */
static enum sm_error part_missing(
    const struct cage *cage, enum metric_part part, const char *consequence)
{
    const char *cause = errno ? strerrordesc_np(errno) : "the kernel is too old for it";
    metric_set(METRIC_CAGED, (unsigned)part, 0);
    log_line(cage->is_required ? LOG_ERROR : LOG_WARNING, "cage-incomplete", "part",
        metric_part_name(part), "cause", cause ? cause : "unknown", "consequence", consequence,
        "remedy",
        cage->is_required ? "run a kernel that has it, or set SECURE_MAIL_CAGE=available"
                          : "run a kernel that has it (calls: seccomp; files: Landlock, 5.19 or"
                            " later; ports: 6.7 or later)",
        NULL);
    return cage->is_required ? SM_CONFIG : SM_OK;
}

static void part_is_there(enum metric_part part)
{
    metric_set(METRIC_CAGED, (unsigned)part, 1);
    log_line(LOG_INFO, "caged", "part", metric_part_name(part), NULL);
}

/* --- limits --- */

static void set_limit(const struct cage_limit *row)
{
    struct rlimit limit;
    if (getrlimit((__rlimit_resource_t)row->resource, &limit) != 0)
        return;
    if (row->most != CAGE_AS_MUCH_AS_THERE_IS && (rlim_t)row->most < limit.rlim_max)
        limit.rlim_max = (rlim_t)row->most;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit((__rlimit_resource_t)row->resource, &limit) != 0)
        log_line(
            LOG_WARNING, "cage-limit", "limit", row->name, "cause", strerrordesc_np(errno), NULL);
}

static void set_limits(enum peer self)
{
    for (size_t i = 0; i < cage_limits_count; i++)
        if (cage_limits[i].services & (unsigned)self)
            set_limit(&cage_limits[i]);
}

/* --- files and ports --- */

/* The path that a row means; NULL: none is set. An ipc:// endpoint means the folder of its socket.
 */
static const char *path_of(
    const struct cage_file *row, const struct settings *settings, struct buffer *held)
{
    static const char local[] = "ipc://";
    if (row->path)
        return row->path;
    const char *text = settings_text_or(settings, row->setting, row->otherwise);
    if (row->right != CAGE_LISTENS)
        return *text ? text : NULL;
    const char *name = strncmp(text, local, sizeof local - 1) == 0 ? text + sizeof local - 1 : NULL;
    if (!name)
        return NULL;
    const char *slash = strrchr(name, '/');
    size_t size = slash ? (size_t)(slash - name) : 0;
    if (size == 0)
        return slash ? "/" : ".";
    const char *folder = NULL;
    bool is_held =
        buffer_append(held, span_of(name, size)) == SM_OK && buffer_text(held, &folder) == SM_OK;
    return is_held ? folder : NULL;
}

static enum sm_error allow_files(
    const struct cage *cage, const struct settings *settings, int rules, int version)
{
    enum { PATH_BYTES_MAX = 4096 };
    for (size_t i = 0; i < cage_files_count; i++) {
        const struct cage_file *row = &cage_files[i];
        struct buffer held DEFER(buffer_free) = BUFFER(PATH_BYTES_MAX);
        if (!(row->services & (unsigned)cage->self) ||
            !cage_counts(&cage->places, row->when, false))
            continue;
        const char *path = path_of(row, settings, &held);
        if (path)
            TRY(landlock_allow_path(rules, version, path, row->right));
    }
    for (size_t i = 0; i < cage->places.database_files_count; i++)
        TRY(landlock_allow_path(rules, version, cage->places.database_files[i], CAGE_READS));
    return SM_OK;
}

/* A name server whose answer is long is asked again by TCP. */
static enum sm_error allow_ports(const struct cage *cage, int rules)
{
    enum { DNS = 53 };
    const struct cage_place_list *places = &cage->places;
    for (int direction = CAGE_CONNECTS; direction <= CAGE_BINDS; direction++)
        for (size_t i = 0; i < places->ports_count[direction]; i++)
            TRY(landlock_allow_port(
                rules, (enum cage_direction)direction, places->ports[direction][i]));
    return places->has_names ? landlock_allow_port(rules, CAGE_CONNECTS, DNS) : SM_OK;
}

static void rules_close(int *rules)
{
    if (*rules >= 0)
        (void)close(*rules);
}

static enum sm_error close_landlock(
    const struct cage *cage, const struct settings *settings, int version)
{
    int rules DEFER(rules_close) = -1;
    TRY(landlock_begin(version, &rules));
    TRY(allow_files(cage, settings, rules, version));
    if (version >= LANDLOCK_PORTS_FROM)
        TRY(allow_ports(cage, rules));
    return landlock_close(rules);
}

static enum sm_error close_files_and_ports(const struct cage *cage, const struct settings *settings)
{
    errno = 0;
    int version = landlock_version();
    bool is_closed =
        version >= LANDLOCK_FILES_FROM && close_landlock(cage, settings, version) == SM_OK;
    int cause = errno;
    if (is_closed) {
        part_is_there(METRIC_PART_FILES);
        cause = 0;
    } else {
        TRY(part_missing(
            cage, METRIC_PART_FILES, "only modes and the filter of calls protect files"));
    }
    errno = cause;
    if (!is_closed || version < LANDLOCK_PORTS_FROM)
        return part_missing(
            cage, METRIC_PART_PORTS, "any TCP port may be connected to that the network reaches");
    part_is_there(METRIC_PART_PORTS);
    return SM_OK;
}

/* --- entering --- */

/* Modules that the C library loads for the first look-up are loaded while they can be. */
static void warm_up_names(void)
{
    struct addrinfo *found = NULL;
    if (getaddrinfo("localhost", NULL, NULL, &found) == 0)
        freeaddrinfo(found);
}

/* Each thread is a folder there. Without /proc it cannot be known. A sanitizer has one of its own.
 */
static bool is_alone(void)
{
    struct stat facts;
    return SM_HAS_SANITIZER || stat("/proc/self/task", &facts) != 0 ||
           facts.st_nlink == SELF_AND_PARENT + 1;
}

static enum sm_error close_calls(struct cage *cage)
{
    if (filter_load(cage->self, &cage->places, false) != SM_OK)
        return part_missing(
            cage, METRIC_PART_CALLS, "every system call that the user may make is possible");
    cage->has_filter = true;
    part_is_there(METRIC_PART_CALLS);
    return SM_OK;
}

static void tell_off(void)
{
    for (unsigned part = 0; part < METRIC_PARTS; part++)
        metric_set(METRIC_CAGED, part, 0);
    log_line(LOG_WARNING, "cage-off", "consequence",
        "this service keeps every right of its user: SECURE_MAIL_CAGE is \"off\"", NULL);
}

enum sm_error cage_enter(enum peer self, const struct settings *settings, struct cage **out)
{
    const char *mode = settings_text(settings, SETTING_CAGE);
    struct cage *cage DEFER(cage_free) = NULL;
    TRY(memory_zeroed(1, sizeof *cage, (void **)&cage));
    cage->self = self;
    cage->is_required = strcmp(mode, "required") == 0;
    set_limits(self);
    if (strcmp(mode, "off") == 0) {
        tell_off();
        *out = TAKE(cage);
        return SM_OK;
    }
    assert(is_alone());
    TRY(cage_places_read(self, settings, &cage->places));
    if (cage->places.has_names)
        warm_up_names();
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return log_failure("cage", SM_CONFIG, "new privileges cannot be given up");
    TRY(close_files_and_ports(cage, settings));
    TRY(close_calls(cage));
    *out = TAKE(cage);
    return SM_OK;
}

enum sm_error cage_lock(const struct cage *cage)
{
    if (!cage->has_filter || filter_load(cage->self, &cage->places, true) == SM_OK)
        return SM_OK;
    return log_failure("cage", SM_CONFIG, strerrordesc_np(errno));
}

void cage_free(struct cage **cage)
{
    if (!*cage)
        return;
    cage_places_free(&(*cage)->places);
    memory_free(cage);
}
