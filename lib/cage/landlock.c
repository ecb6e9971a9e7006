/*
 * The kernel's interface of Landlock up to version 6, spelt out: Debian's headers stop at 2. A
 * version that lacks a right is not told of it.
 */
#include "cage/landlock.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ASK_VERSION = 1, RULE_PATH = 1, RULE_PORT = 2 };

#define FS_EXECUTE (1ULL << 0)
#define FS_WRITE_FILE (1ULL << 1)
#define FS_READ_FILE (1ULL << 2)
#define FS_READ_DIR (1ULL << 3)
#define FS_REMOVE_DIR (1ULL << 4)
#define FS_REMOVE_FILE (1ULL << 5)
#define FS_MAKE_DIR (1ULL << 7)
#define FS_MAKE_REG (1ULL << 8)
#define FS_MAKE_SOCK (1ULL << 9)
#define FS_REFER (1ULL << 13)
#define FS_TRUNCATE (1ULL << 14)
#define FS_IOCTL_DEV (1ULL << 15)
#define FS_OF_2 ((1ULL << 14) - 1) /* all that version 2 knows */
#define FS_OF_A_FILE (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV)
#define NET_BIND (1ULL << 0)
#define NET_CONNECT (1ULL << 1)
#define SCOPE_ABSTRACT (1ULL << 0) /* sockets without a file */
#define SCOPE_SIGNAL (1ULL << 1)

struct ruleset_facts {
    uint64_t fs, net, scoped;
};
/* The kernel's own layout has no gap. */
struct path_facts {
    uint64_t allowed;
    int32_t folder;
} __attribute__((packed));
struct port_facts {
    uint64_t allowed, port;
};

/* What a version handles beside the one before it. */
static const struct {
    int from;
    struct ruleset_facts more;
} versions[] = {
    {2, {.fs = FS_OF_2}},
    {3, {.fs = FS_TRUNCATE}},
    {4, {.net = NET_BIND | NET_CONNECT}},
    {5, {.fs = FS_IOCTL_DEV}},
    {6, {.scoped = SCOPE_ABSTRACT | SCOPE_SIGNAL}},
};

static const uint64_t fs_of_right[] = {
    [CAGE_READS] = FS_READ_FILE | FS_READ_DIR,
    [CAGE_KEEPS] = FS_READ_FILE | FS_READ_DIR | FS_WRITE_FILE | FS_TRUNCATE | FS_MAKE_DIR |
                   FS_MAKE_REG | FS_REMOVE_DIR | FS_REMOVE_FILE | FS_REFER,
    [CAGE_REMOVES] = FS_READ_DIR | FS_REMOVE_DIR | FS_REMOVE_FILE,
    [CAGE_LISTENS] = FS_MAKE_SOCK | FS_REMOVE_FILE,
    [CAGE_RUNS] = FS_READ_FILE | FS_READ_DIR | FS_EXECUTE,
};

static struct ruleset_facts handled_by(int version)
{
    struct ruleset_facts handled = {0};
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        if (versions[i].from > version)
            continue;
        handled.fs |= versions[i].more.fs;
        handled.net |= versions[i].more.net;
        handled.scoped |= versions[i].more.scoped;
    }
    return handled;
}

static void close_file(int *file)
{
    if (*file >= 0)
        (void)close(*file);
}

int landlock_version(void)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, ASK_VERSION);
    return version > 0 ? (int)version : 0;
}

enum sm_error landlock_begin(int version, int *out)
{
    struct ruleset_facts handled = handled_by(version);
    long rules = syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0);
    if (rules < 0)
        return SM_IO;
    *out = (int)rules;
    return SM_OK;
}

enum sm_error landlock_allow_path(int rules, int version, const char *path, enum cage_right right)
{
    struct stat facts;
    int folder DEFER(close_file) = open(path, O_PATH | O_CLOEXEC);
    if (folder < 0 && (errno == ENOENT || errno == ENOTDIR || errno == EACCES))
        return SM_OK;
    if (folder < 0 || fstat(folder, &facts) != 0)
        return SM_IO;
    struct path_facts rule = {
        .allowed = fs_of_right[right] & handled_by(version).fs, .folder = folder};
    if (!S_ISDIR(facts.st_mode))
        rule.allowed &= FS_OF_A_FILE;
    if (rule.allowed == 0)
        return SM_OK;
    return syscall(SYS_landlock_add_rule, rules, RULE_PATH, &rule, 0) == 0 ? SM_OK : SM_IO;
}

enum sm_error landlock_allow_port(int rules, enum cage_direction direction, uint16_t port)
{
    struct port_facts rule = {
        .allowed = direction == CAGE_BINDS ? NET_BIND : NET_CONNECT, .port = port};
    return syscall(SYS_landlock_add_rule, rules, RULE_PORT, &rule, 0) == 0 ? SM_OK : SM_IO;
}

enum sm_error landlock_close(int rules)
{
    return syscall(SYS_landlock_restrict_self, rules, 0) == 0 ? SM_OK : SM_IO;
}
