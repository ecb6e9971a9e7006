/*
 * The cage from within. Each attempt runs in a child that has entered it as one of the services,
 * with that service's settings and tables, and says by its end how far it came.
 */
#include "cage/cage.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/metric.h"
#include "base/sanitizer.h"
#include "cage/filter.h"
#include "cage/landlock.h"
#include "db/connection.h"
#include "tests/support/check.h"
#include "tests/support/database.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static const enum peer services[] = {
    PEER_GATEWAY, PEER_CRYPTO, PEER_NOTIFIER, PEER_RETENTION, PEER_AUDIT};
enum { SERVICES = sizeof services / sizeof services[0], PATH_BYTES = 256 };

/* What the children are given: a folder of their own, a peer that listens, and one that is none. */
static struct {
    char folder[PATH_BYTES];
    int peer, other; /* listening sockets */
    uint16_t peer_port, other_port;
    struct database *database;
} world;

/* --- ends of a child --- */

enum end { DONE, REFUSED, NO_CAGE, ELSE, KILLED, ABORTED };
static const char *const end_words[] = {
    "it did it", "refused", "there was no cage", "something else", "killed", "aborted"};

typedef enum end attempt_fn(void);

/* What a call came to: refused by the filter or by Landlock is EPERM or EACCES. */
static enum end end_of(long result)
{
    if (result >= 0)
        return DONE;
    return errno == EPERM || errno == EACCES ? REFUSED : ELSE;
}

static enum end wait_for(pid_t child)
{
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status))
        return WTERMSIG(status) == SIGSYS ? KILLED : WTERMSIG(status) == SIGABRT ? ABORTED : ELSE;
    return (enum end)WEXITSTATUS(status);
}

static void expect(enum peer self, const char *what, enum end got, enum end wanted)
{
    if (got != wanted)
        fail_msg("%s, %s: %s, not: %s", peer_name(self), what, end_words[got], end_words[wanted]);
}

/* --- settings --- */

static void set(const char *name, const char *begin, const char *rest)
{
    char value[2 * PATH_BYTES];
    int size = snprintf(value, sizeof value, "%s%s", begin, rest);
    assert_true(size > 0 && (size_t)size < sizeof value);
    assert_int_equal(setenv(name, value, 1), 0);
}

static void set_to_peer(const char *name, const char *scheme)
{
    char address[PATH_BYTES];
    (void)snprintf(address, sizeof address, "127.0.0.1:%u", (unsigned)world.peer_port);
    set(name, scheme, address);
}

static void set_all(void)
{
    static const char *const peers[] = {
        "SECURE_MAIL_CRYPTO", "SECURE_MAIL_NOTIFIER", "SECURE_MAIL_RETENTION", "SECURE_MAIL_AUDIT"};
    char operator_socket[2 * PATH_BYTES];
    (void)snprintf(
        operator_socket, sizeof operator_socket, "ipc://%s/run/operator.sock", world.folder);
    for (size_t i = 0; i < sizeof peers / sizeof peers[0]; i++)
        set_to_peer(peers[i], "tcp://");
    set_to_peer("SECURE_MAIL_SMTP_URL", "smtp://");
    set("SECURE_MAIL_LISTEN", "tcp://127.0.0.1:", "1"); /* nobody binds it here */
    set("SECURE_MAIL_OPERATOR_LISTEN", operator_socket, "");
    set("SECURE_MAIL_OBJECTS_DIR", world.folder, "/objects");
    set("SECURE_MAIL_CAPABILITY_DIR", world.folder, "/capability");
    set("SECURE_MAIL_SMTP_CA_FILE", world.folder, "/ca.pem");
    set("SECURE_MAIL_KEYS_DIR", world.folder, "/keys");
    set("SECURE_MAIL_MASTER_KEY", "0123456789abcdef", "0123456789abcdef");
    set("SECURE_MAIL_BASE_URL", "https://", "mail.example.org");
    set("SECURE_MAIL_MAIL_FROM", "secure-mail", "@example.org");
    set("SECURE_MAIL_LOG_LEVEL", "error", "");
    set("SECURE_MAIL_DATABASE", database_conninfo(world.database, "sm_crypto").text, "");
}

/* What is set before, for one test. */
struct change {
    const char *name, *value;
};
static const struct change no_change = {0};

/* --- children --- */

static enum end attempt_as(
    enum peer self, const struct change *change, attempt_fn *before, attempt_fn *attempt)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child > 0)
        return wait_for(child);
    struct settings *settings = NULL;
    struct cage *cage = NULL;
    set_all();
    if (change->name)
        (void)setenv(change->name, change->value, 1);
    if (settings_load(self, &settings) != SM_OK || cage_enter(self, settings, &cage) != SM_OK)
        _exit(NO_CAGE);
    if (before && before() != DONE)
        _exit(ELSE);
    if (cage_lock(cage) != SM_OK)
        _exit(NO_CAGE);
    _exit((int)attempt());
}

static enum end attempt_in(enum peer self, attempt_fn *attempt)
{
    return attempt_as(self, &no_change, NULL, attempt);
}

/* --- what nobody may --- */

static enum end tcp_to(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int wire = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (wire < 0)
        return ELSE;
    enum end end = end_of(connect(wire, (struct sockaddr *)&address, sizeof address));
    (void)close(wire);
    return end;
}

static enum end reads_the_users(void)
{
    return end_of(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}
static enum end reads_its_bus_key_again(void)
{
    char path[2 * PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/keys/secret", world.folder);
    return end_of(open(path, O_RDONLY | O_CLOEXEC));
}
static enum end makes_a_file(void)
{
    char path[2 * PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/made", world.folder);
    return end_of(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}
static enum end removes_a_file(void)
{
    char path[2 * PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/ca.pem", world.folder);
    return end_of(unlinkat(AT_FDCWD, path, 0));
}
static enum end connects_elsewhere(void)
{
    return tcp_to(world.other_port);
}
static enum end opens_a_door(void)
{
    int wire = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return wire < 0 ? ELSE : end_of(listen(wire, 1));
}
static enum end sniffs(void)
{
    return end_of(socket(AF_PACKET, SOCK_RAW, 0));
}
static enum end speaks_udp(void)
{
    return end_of(socket(AF_INET, SOCK_DGRAM, 0));
}
static enum end speaks_to_the_kernels_audit(void)
{
    return end_of(socket(AF_NETLINK, SOCK_RAW, 9));
}
static enum end speaks_to_virtual_machines(void)
{
    return end_of(socket(AF_VSOCK, SOCK_STREAM, 0));
}
static enum end makes_code(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
               ? end_of(-1)
               : DONE;
}
static enum end turns_memory_into_code(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return page == MAP_FAILED ? ELSE : end_of(mprotect(page, 4096, PROT_READ | PROT_EXEC));
}
static enum end uses_the_kernels_keys(void)
{
    return end_of(syscall(SYS_keyctl, 0, -3, 0, 0, 0));
}
static enum end makes_a_ring(void)
{
    struct io_uring_params parameters = {0};
    return end_of(syscall(SYS_io_uring_setup, 1, &parameters));
}
static enum end signals_its_parent(void)
{
    return end_of(kill(getppid(), 0));
}
static enum end raises_a_limit(void)
{
    struct rlimit more = {1, 1};
    return end_of(setrlimit(RLIMIT_CORE, &more));
}
static enum end lets_itself_be_traced(void)
{
    return end_of(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}
static enum end types_into_the_terminal(void)
{
    return end_of(ioctl(STDERR_FILENO, 0x5412 /* TIOCSTI */, "x"));
}
static enum end runs_a_program(void)
{
    char *const arguments[] = {NULL};
    return end_of(execve("/bin/true", arguments, arguments));
}
static enum end has_a_child(void)
{
    return end_of(fork());
}
static enum end has_a_child_by_an_old_call(void)
{
    return end_of(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}
static enum end traces(void)
{
    return end_of(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
}
static enum end reads_its_parent(void)
{
    return end_of(syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0));
}
static enum end mounts(void)
{
    return end_of(mount("none", "/mnt", "tmpfs", 0, NULL));
}
static enum end leaves_its_namespace(void)
{
    return end_of(unshare(CLONE_NEWUSER));
}
static enum end loads_a_program_into_the_kernel(void)
{
    return end_of(syscall(SYS_bpf, 0, NULL, 0));
}
static enum end becomes_somebody_else(void)
{
    return end_of(setuid(12345));
}

enum needs { NOTHING, FILES, PORTS, NO_SANITIZER };

static const struct forbidden {
    const char *what;
    attempt_fn *attempt;
    enum end end;
    enum needs needs; /* what this kernel or build must have, so that it is refused */
} forbidden[] = {
    {"reads /etc/passwd", reads_the_users, REFUSED, FILES},
    {"reads its keys again", reads_its_bus_key_again, REFUSED, FILES},
    {"makes a file elsewhere", makes_a_file, REFUSED, FILES},
    {"removes a file elsewhere", removes_a_file, REFUSED, FILES},
    {"connects to another port", connects_elsewhere, REFUSED, PORTS},
    {"opens a further door", opens_a_door, REFUSED, NOTHING},
    {"listens to all that passes", sniffs, REFUSED, NOTHING},
    {"speaks UDP without names to look up", speaks_udp, REFUSED, NOTHING},
    {"speaks to the kernel's audit", speaks_to_the_kernels_audit, REFUSED, NOTHING},
    {"speaks to virtual machines", speaks_to_virtual_machines, REFUSED, NOTHING},
    {"makes code", makes_code, REFUSED, NO_SANITIZER},
    {"turns memory into code", turns_memory_into_code, REFUSED, NO_SANITIZER},
    {"uses the kernel's keys", uses_the_kernels_keys, REFUSED, NOTHING},
    {"makes an io_uring", makes_a_ring, REFUSED, NOTHING},
    {"signals its parent", signals_its_parent, REFUSED, NO_SANITIZER},
    {"raises a limit", raises_a_limit, REFUSED, NO_SANITIZER},
    {"lets itself be traced", lets_itself_be_traced, REFUSED, NO_SANITIZER},
    {"types into the terminal", types_into_the_terminal, REFUSED, NOTHING},
    {"runs a program", runs_a_program, KILLED, NO_SANITIZER},
    {"has a child", has_a_child, KILLED, NO_SANITIZER},
    {"has a child by an old call", has_a_child_by_an_old_call, KILLED, NO_SANITIZER},
    {"traces", traces, KILLED, NO_SANITIZER},
    {"reads another process", reads_its_parent, KILLED, NO_SANITIZER},
    {"mounts", mounts, KILLED, NOTHING},
    {"leaves its namespace", leaves_its_namespace, KILLED, NOTHING},
    {"loads a program into the kernel", loads_a_program_into_the_kernel, KILLED, NOTHING},
    {"becomes somebody else", becomes_somebody_else, KILLED, NOTHING},
};

static bool is_there(enum needs needs)
{
    switch (needs) {
    case NOTHING:
        return true;
    case FILES:
        return landlock_version() >= LANDLOCK_FILES_FROM;
    case PORTS:
        return landlock_version() >= LANDLOCK_PORTS_FROM;
    case NO_SANITIZER:
        return !SM_HAS_SANITIZER;
    }
    return true;
}

static void what_nobody_needs_is_refused_to_each_service(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof forbidden / sizeof forbidden[0]; i++)
        for (size_t k = 0; k < SERVICES && is_there(forbidden[i].needs); k++)
            expect(services[k], forbidden[i].what, attempt_in(services[k], forbidden[i].attempt),
                forbidden[i].end);
    if (!is_there(PORTS))
        (void)printf("note: this kernel has no Landlock for files or ports: not tried\n");
}

/* Else the test above would prove nothing. */
static void all_of_it_works_without_the_cage(void **state)
{
    static const struct change off = {"SECURE_MAIL_CAGE", "off"};
    static attempt_fn *const attempts[] = {
        reads_the_users, connects_elsewhere, opens_a_door, speaks_udp, makes_code, has_a_child};
    (void)state;
    for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++)
        expect(
            PEER_CRYPTO, "without a cage", attempt_as(PEER_CRYPTO, &off, NULL, attempts[i]), DONE);
}

/* --- what each needs --- */

static enum end in_folder(const char *name, int flags)
{
    char path[2 * PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/%s", world.folder, name);
    int file = open(path, flags | O_CLOEXEC, 0600);
    if (file >= 0)
        (void)close(file);
    return end_of(file);
}

static enum end connects_to_its_peer(void)
{
    return tcp_to(world.peer_port);
}
static enum end reaches_the_database(void)
{
    struct db *db DEFER(db_close) = NULL;
    return db_open(database_conninfo(world.database, "sm_crypto").text, &db) == SM_OK ? DONE
                                                                                      : REFUSED;
}
static void *nothing(void *context)
{
    return context;
}
static enum end starts_a_thread(void)
{
    pthread_t thread;
    errno = pthread_create(&thread, NULL, nothing, NULL);
    return errno ? end_of(-1) : pthread_join(thread, NULL) == 0 ? DONE : ELSE;
}

static void each_service_keeps_its_peers_its_database_and_its_threads(void **state)
{
    (void)state;
    for (size_t i = 0; i < SERVICES; i++) {
        bool calls = services[i] != PEER_AUDIT || !is_there(PORTS); /* audit calls nobody */
        expect(services[i], "peer", attempt_in(services[i], connects_to_its_peer),
            calls ? DONE : REFUSED);
        expect(services[i], "database", attempt_in(services[i], reaches_the_database), DONE);
        expect(services[i], "threads", attempt_in(services[i], starts_a_thread), DONE);
    }
}

static enum end looks_up(void)
{
    struct addrinfo *found = NULL;
    struct addrinfo wanted = {.ai_socktype = SOCK_STREAM};
    int failed = getaddrinfo("localhost", "1", &wanted, &found);
    if (failed == 0)
        freeaddrinfo(found);
    return failed == 0 ? DONE : REFUSED;
}

static void names_are_looked_up_where_a_setting_has_one(void **state)
{
    static const struct change by_name = {"SECURE_MAIL_AUDIT", "tcp://localhost:5701"};
    (void)state;
    expect(PEER_CRYPTO, "name", attempt_as(PEER_CRYPTO, &by_name, NULL, looks_up), DONE);
    expect(PEER_CRYPTO, "udp", attempt_as(PEER_CRYPTO, &by_name, NULL, speaks_udp), DONE);
    expect(PEER_CRYPTO, "users", attempt_as(PEER_CRYPTO, &by_name, NULL, reads_the_users),
        is_there(FILES) ? REFUSED : DONE);
}

static enum end opens_a_local_socket(void)
{
    return end_of(socket(AF_UNIX, SOCK_STREAM, 0));
}

static void local_sockets_are_for_a_local_database_alone(void **state)
{
    static const struct change elsewhere = {
        "SECURE_MAIL_DATABASE", "host=192.0.2.1 user=sm_crypto dbname=securemail"};
    (void)state;
    expect(PEER_CRYPTO, "local", attempt_in(PEER_CRYPTO, opens_a_local_socket), DONE);
    expect(PEER_CRYPTO, "elsewhere",
        attempt_as(PEER_CRYPTO, &elsewhere, NULL, opens_a_local_socket), REFUSED);
}

/* --- files --- */

static enum end writes_an_object(void)
{
    return in_folder("objects/new", O_WRONLY | O_CREAT);
}
static enum end reads_an_object(void)
{
    return in_folder("objects/kept", O_RDONLY);
}
static enum end moves_an_object(void)
{
    char from[2 * PATH_BYTES];
    char to[2 * PATH_BYTES];
    (void)snprintf(from, sizeof from, "%s/objects/kept", world.folder);
    (void)snprintf(to, sizeof to, "%s/objects/shard/kept", world.folder);
    return end_of(linkat(AT_FDCWD, from, AT_FDCWD, to, 0));
}
static enum end removes_an_object(void)
{
    char path[2 * PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/objects/gone", world.folder);
    (void)close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    return end_of(unlinkat(AT_FDCWD, path, 0));
}
static enum end reads_the_capability(void)
{
    return in_folder("capability/capability.pub", O_RDONLY);
}
static enum end reads_the_authorities(void)
{
    return in_folder("ca.pem", O_RDONLY);
}
static enum end writes_the_capability(void)
{
    return in_folder("capability/capability.pub", O_WRONLY);
}

static const struct touch {
    const char *what;
    attempt_fn *attempt;
    unsigned who; /* may */
} touches[] = {
    {"write an object", writes_an_object, PEER_GATEWAY},
    {"read an object", reads_an_object, PEER_GATEWAY},
    {"move an object", moves_an_object, PEER_GATEWAY},
    {"read the public key of capabilities", reads_the_capability, PEER_AUDIT},
    {"read the relay's authorities", reads_the_authorities, PEER_NOTIFIER},
    {"write the public key of capabilities", writes_the_capability, 0},
};

static int make_objects(void **state);

static void each_service_reaches_its_own_files_and_no_others(void **state)
{
    if (!is_there(FILES))
        skip();
    for (size_t i = 0; i < sizeof touches / sizeof touches[0]; i++)
        for (size_t k = 0; k < SERVICES; k++) {
            bool may = touches[i].who & (unsigned)services[k];
            assert_int_equal(make_objects(state), 0);
            expect(services[k], touches[i].what, attempt_in(services[k], touches[i].attempt),
                may ? DONE : REFUSED);
        }
}

static void retention_removes_what_it_cannot_open(void **state)
{
    (void)state;
    char path[2 * PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/objects/gone", world.folder);
    assert_int_equal(close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)), 0);
    expect(PEER_RETENTION, "removes", attempt_in(PEER_RETENTION, removes_an_object), DONE);
    assert_int_equal(access(path, F_OK), -1);
}

/* Without Landlock the filter still lets nobody but the gateway open a file for writing. */
static void only_the_gateway_writes_files_even_on_a_kernel_without_landlock(void **state);

/* --- the two steps --- */

static int listener = -1;
static pthread_mutex_t step = PTHREAD_MUTEX_INITIALIZER;
static pthread_t early;

static void *listens_late(void *context)
{
    (void)context;
    (void)pthread_mutex_lock(&step);
    enum end end = end_of(listen(listener, 1));
    (void)pthread_mutex_unlock(&step);
    return (void *)(intptr_t)end;
}
static enum end a_thread_waits(void)
{
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)pthread_mutex_lock(&step);
    return listener >= 0 && pthread_create(&early, NULL, listens_late, NULL) == 0 ? DONE : ELSE;
}
static enum end the_thread_goes_on(void)
{
    void *end = NULL;
    (void)pthread_mutex_unlock(&step);
    return pthread_join(early, &end) == 0 ? (enum end)(intptr_t)end : ELSE;
}

static void doors_are_opened_until_it_serves_and_threads_from_before_are_held_too(void **state)
{
    (void)state;
    for (size_t i = 0; i < SERVICES; i++) {
        expect(services[i], "before",
            attempt_as(services[i], &no_change, opens_a_door, starts_a_thread), DONE);
        expect(services[i], "a thread from before",
            attempt_as(services[i], &no_change, a_thread_waits, the_thread_goes_on), REFUSED);
    }
}

static void *waits(void *context)
{
    (void)pause();
    return context;
}

static void a_thread_that_would_stay_outside_ends_the_program(void **state)
{
    (void)state;
    if (SM_HAS_SANITIZER)
        skip();
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        pthread_t thread;
        struct settings *settings = NULL;
        struct cage *cage = NULL;
        set_all();
        (void)close(STDERR_FILENO); /* what assert says */
        (void)signal(SIGABRT, SIG_DFL);
        if (settings_load(PEER_AUDIT, &settings) != SM_OK ||
            pthread_create(&thread, NULL, waits, NULL) != 0)
            _exit(ELSE);
        _exit(cage_enter(PEER_AUDIT, settings, &cage) == SM_OK ? DONE : NO_CAGE);
    }
    expect(PEER_AUDIT, "a second thread", wait_for(child), ABORTED);
}

/* --- older kernels --- */

/* In a child: a kernel without these calls, as a filter of the test makes it. */
static void be_a_kernel_without(const char *const calls[])
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    for (size_t i = 0; filter && calls[i]; i++)
        if (seccomp_rule_add(
                filter, SCMP_ACT_ERRNO(ENOSYS), seccomp_syscall_resolve_name(calls[i]), 0) != 0)
            _exit(ELSE);
    if (!filter || seccomp_load(filter) != 0)
        _exit(ELSE);
    seccomp_release(filter);
}

struct old_kernel {
    const char *lacks[3];
    bool has_calls, has_files;
};

static enum end enter_on(
    const struct old_kernel *kernel, enum peer self, const char *mode, attempt_fn *attempt)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child > 0)
        return wait_for(child);
    struct settings *settings = NULL;
    struct cage *cage = NULL;
    set_all();
    (void)setenv("SECURE_MAIL_CAGE", mode, 1);
    be_a_kernel_without(kernel->lacks);
    if (settings_load(self, &settings) != SM_OK)
        _exit(ELSE);
    if (cage_enter(self, settings, &cage) != SM_OK || cage_lock(cage) != SM_OK)
        _exit(NO_CAGE);
    bool is_told = metric_value(METRIC_CAGED, METRIC_PART_CALLS) == kernel->has_calls &&
                   metric_value(METRIC_CAGED, METRIC_PART_FILES) == kernel->has_files;
    _exit(is_told ? (int)attempt() : ELSE);
}

static const struct old_kernel without_landlock = {{"landlock_create_ruleset"}, true, false};
static const struct old_kernel without_seccomp = {{"seccomp"}, false, true};

static void an_older_kernel_is_told_and_refused_only_where_the_cage_is_required(void **state)
{
    (void)state;
    if (!is_there(PORTS))
        skip();
    for (size_t i = 0; i < SERVICES; i++) {
        enum peer self = services[i];
        expect(self, "without Landlock", enter_on(&without_landlock, self, "available", sniffs),
            REFUSED);
        expect(self, "without seccomp",
            enter_on(&without_seccomp, self, "available", reads_the_users), REFUSED);
        expect(self, "required", enter_on(&without_landlock, self, "required", sniffs), NO_CAGE);
        expect(self, "required", enter_on(&without_seccomp, self, "required", sniffs), NO_CAGE);
    }
}

static enum end writes_a_file(void)
{
    return in_folder("run/written", O_WRONLY | O_CREAT);
}

static void only_the_gateway_writes_files_even_on_a_kernel_without_landlock(void **state)
{
    (void)state;
    if (SM_HAS_SANITIZER)
        skip();
    for (size_t i = 0; i < SERVICES; i++)
        expect(services[i], "writes",
            enter_on(&without_landlock, services[i], "available", writes_a_file),
            services[i] == PEER_GATEWAY ? DONE : REFUSED);
}

static void all_parts_are_there_where_the_kernel_has_them(void **state)
{
    static const struct change required = {"SECURE_MAIL_CAGE", "required"};
    (void)state;
    if (!is_there(PORTS))
        skip();
    for (size_t i = 0; i < SERVICES; i++)
        expect(services[i], "required", attempt_as(services[i], &required, NULL, starts_a_thread),
            DONE);
}

/* In a child: the object store, closed with an older Landlock's means alone. */
static enum end on_landlock(int version, attempt_fn *attempt)
{
    char objects[2 * PATH_BYTES];
    int rules = -1;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child > 0)
        return wait_for(child);
    (void)snprintf(objects, sizeof objects, "%s/objects", world.folder);
    bool is_closed = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
                     landlock_begin(version, &rules) == SM_OK &&
                     landlock_allow_path(rules, version, objects, CAGE_KEEPS) == SM_OK &&
                     landlock_close(rules) == SM_OK;
    _exit(is_closed ? (int)attempt() : NO_CAGE);
}

static void an_older_landlock_is_asked_for_no_more_than_it_knows(void **state)
{
    enum { NEWEST = 6 };
    for (int version = LANDLOCK_FILES_FROM; version <= NEWEST && version <= landlock_version();
         version++) {
        bool has_ports = version >= LANDLOCK_PORTS_FROM;
        assert_int_equal(make_objects(state), 0);
        expect(PEER_GATEWAY, "writes", on_landlock(version, writes_an_object), DONE);
        expect(PEER_GATEWAY, "moves", on_landlock(version, moves_an_object), DONE);
        expect(PEER_GATEWAY, "users", on_landlock(version, reads_the_users), REFUSED);
        expect(PEER_GATEWAY, "port", on_landlock(version, connects_elsewhere),
            has_ports ? REFUSED : DONE);
    }
}

/* --- the tables --- */

static void every_call_of_the_table_exists_and_has_a_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < cage_calls_count; i++) {
        const struct cage_call *row = &cage_calls[i];
        assert_true(row->services && row->reason && *row->reason);
        const char *name = row->names;
        for (size_t size; (size = strcspn(name, " ")) > 0; name += size, name += *name == ' ')
            if (!filter_knows(name, size))
                fail_msg("no such call: %.*s", (int)size, name);
    }
    for (size_t i = 0; i < cage_files_count; i++)
        assert_true(cage_files[i].reason && *cage_files[i].reason);
}

/* --- the world --- */

static int listen_somewhere(uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int wire = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(wire >= 0 && bind(wire, (struct sockaddr *)&address, sizeof address) == 0);
    assert_int_equal(listen(wire, 64), 0);
    assert_int_equal(getsockname(wire, (struct sockaddr *)&address, &size), 0);
    *port = ntohs(address.sin_port);
    return wire;
}

static void put(const char *name, bool is_folder)
{
    char path[2 * PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/%s", world.folder, name);
    if (is_folder)
        assert_true(mkdir(path, 0700) == 0 || errno == EEXIST);
    else
        assert_int_equal(close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)), 0);
}

static void drop(const char *name)
{
    char path[2 * PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/%s", world.folder, name);
    (void)remove(path);
}

static int make_objects(void **state)
{
    (void)state;
    drop("objects/shard/kept");
    drop("objects/new");
    put("objects", true);
    put("objects/shard", true);
    put("objects/kept", false);
    return 0;
}

static int make_world(void **state)
{
    static const char *const folders[] = {"keys", "run", "capability"};
    static const char *const files[] = {"keys/secret", "ca.pem", "capability/capability.pub"};
    log_start("test", LOG_ERROR);
    (void)snprintf(world.folder, sizeof world.folder, "/tmp/secure-mail-cage-XXXXXX");
    if (!mkdtemp(world.folder) || database_new(&world.database) != SM_OK)
        return -1;
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        put(folders[i], true);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        put(files[i], false);
    world.peer = listen_somewhere(&world.peer_port);
    world.other = listen_somewhere(&world.other_port);
    return make_objects(state);
}

static int drop_world(void **state)
{
    static const char *const all[] = {"keys/secret", "ca.pem", "capability/capability.pub",
        "objects/shard/kept", "objects/new", "objects/kept", "objects/shard", "objects", "keys",
        "run/written", "run", "capability", ""};
    (void)state;
    (void)close(world.peer);
    (void)close(world.other);
    database_free(&world.database);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        drop(all[i]);
    return access(world.folder, F_OK) == 0 ? -1 : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_nobody_needs_is_refused_to_each_service),
        cmocka_unit_test(all_of_it_works_without_the_cage),
        cmocka_unit_test(each_service_keeps_its_peers_its_database_and_its_threads),
        cmocka_unit_test(names_are_looked_up_where_a_setting_has_one),
        cmocka_unit_test(local_sockets_are_for_a_local_database_alone),
        cmocka_unit_test(each_service_reaches_its_own_files_and_no_others),
        cmocka_unit_test(retention_removes_what_it_cannot_open),
        cmocka_unit_test(doors_are_opened_until_it_serves_and_threads_from_before_are_held_too),
        cmocka_unit_test(a_thread_that_would_stay_outside_ends_the_program),
        cmocka_unit_test(an_older_kernel_is_told_and_refused_only_where_the_cage_is_required),
        cmocka_unit_test(only_the_gateway_writes_files_even_on_a_kernel_without_landlock),
        cmocka_unit_test(an_older_landlock_is_asked_for_no_more_than_it_knows),
        cmocka_unit_test(all_parts_are_there_where_the_kernel_has_them),
        cmocka_unit_test(every_call_of_the_table_exists_and_has_a_reason),
    };
    return cmocka_run_group_tests(tests, make_world, drop_world);
}
