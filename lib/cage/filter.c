/* One rule of libseccomp for each name of each row that counts. */
#include "cage/filter.h"

#include "base/log.h"
#include "base/memory.h"

#include <errno.h>
#include <seccomp.h>
#include <string.h>
#include <unistd.h>

enum { NAME_BYTES = 64 };

static void filter_free(scmp_filter_ctx *filter)
{
    if (*filter)
        seccomp_release(*filter);
}

/*
 * What the first filter says of a call that is lacking stands: the second is silent on it, because
 * what the second refuses is a line in the kernel's log, and this is no refusal that anybody should
 * read of.
 */
static uint32_t action_of(enum cage_verdict verdict, bool is_ready)
{
    switch (verdict) {
    case CAGE_ALLOWS:
        return SCMP_ACT_ALLOW;
    case CAGE_LACKS:
        return is_ready ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(ENOSYS);
    case CAGE_KILLS:
        return SCMP_ACT_KILL_PROCESS;
    }
    return SCMP_ACT_KILL_PROCESS;
}

/* __NR_SCMP_ERROR for a name that nobody has. */
static int number_of(const char *name, size_t size)
{
    char text[NAME_BYTES] = "";
    if (size >= sizeof text)
        return __NR_SCMP_ERROR;
    memcpy(text, name, size);
    return seccomp_syscall_resolve_name(text);
}

bool filter_knows(const char *name, size_t size)
{
    return number_of(name, size) != __NR_SCMP_ERROR;
}

static unsigned arguments_of(
    const struct cage_call *row, struct scmp_arg_cmp out[static CAGE_ARGUMENTS])
{
    unsigned count = 0;
    for (; count < CAGE_ARGUMENTS && row->arguments[count].mask; count++) {
        const struct cage_argument *argument = &row->arguments[count];
        out[count] = (struct scmp_arg_cmp){.arg = argument->position,
            .op = SCMP_CMP_MASKED_EQ,
            .datum_a = argument->mask,
            .datum_b = argument->is_own_process ? (scmp_datum_t)getpid() : argument->value};
    }
    return count;
}

/* A name that is new to an older libseccomp is left out, and so refused. */
static int add_row(scmp_filter_ctx filter, const struct cage_call *row, bool is_ready)
{
    struct scmp_arg_cmp arguments[CAGE_ARGUMENTS];
    unsigned count = arguments_of(row, arguments);
    const char *name = row->names;
    for (size_t size; (size = strcspn(name, " ")) > 0; name += size, name += *name == ' ') {
        int number = number_of(name, size);
        if (number == __NR_SCMP_ERROR)
            continue;
        int failed = seccomp_rule_add_array(
            filter, action_of(row->verdict, is_ready), number, count, arguments);
        if (failed != 0 && failed != -EEXIST)
            return failed;
    }
    return 0;
}

static int add_rows(
    scmp_filter_ctx filter, enum peer self, const struct cage_place_list *places, bool is_ready)
{
    for (size_t i = 0; i < cage_calls_count; i++) {
        const struct cage_call *row = &cage_calls[i];
        if (!(row->services & (unsigned)self) || !cage_counts(places, row->when, is_ready))
            continue;
        int failed = add_row(filter, row, is_ready);
        if (failed != 0)
            return failed;
    }
    return 0;
}

/* A call by another machine's numbers is nobody's. What an older kernel or library lacks of the
 * first three makes nothing laxer. */
static int set_attributes(scmp_filter_ctx filter, bool is_ready)
{
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, is_ready);
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    (void)seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1); /* the kernel's own reason */
    int failed = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    return failed ? failed : seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, is_ready);
}

enum sm_error filter_load(enum peer self, const struct cage_place_list *places, bool is_ready)
{
    scmp_filter_ctx filter DEFER(filter_free) = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    if (!filter)
        return SM_NO_MEMORY;
    int failed = set_attributes(filter, is_ready);
    if (failed == 0)
        failed = add_rows(filter, self, places, is_ready);
    if (failed == 0)
        failed = seccomp_load(filter);
    errno = -failed;
    return failed == 0 ? SM_OK : SM_UNAVAILABLE;
}
