/*
 * The tables. A service's work, read from top to bottom; a row that nobody can explain does not
 * belong here. Calls that take a pointer to what matters (clone3, openat2) cannot be judged by a
 * filter and have no row that allows them.
 */
#include "cage/table.h"

#include "base/sanitizer.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <termios.h>

enum {
    G = PEER_GATEWAY,
    C = PEER_CRYPTO,
    N = PEER_NOTIFIER,
    R = PEER_RETENTION,
    A = PEER_AUDIT,
    ALL = G | C | N | R | A,
};

/* What clone(2) may not be asked for beside a thread: new namespaces, a traced or waiting child. */
#define CLONE_OTHER                                                                               \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | \
        CLONE_NEWNET | CLONE_PTRACE | CLONE_VFORK)
#define WRITES (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND)
#define TYPE_MASK 0xfU    /* SOCK_CLOEXEC and SOCK_NONBLOCK stand above it */
#define WHOLE 0xffffffffU /* an int: what the kernel reads of the register */

#define IF(at, bits, is)                                \
    {                                                   \
        .position = (at), .mask = (bits), .value = (is) \
    }
#define IF_OWN(at)                                              \
    {                                                           \
        .position = (at), .mask = WHOLE, .is_own_process = true \
    }
#define FAMILY(family, protocol_at, protocol)                                                 \
    {                                                                                         \
        IF(0, WHOLE, family), IF(protocol_at, protocol_at == 1 ? TYPE_MASK : WHOLE, protocol) \
    }

/* clang-format off */
const struct cage_call cage_calls[] = {
    /* --- what every program of the C library does --- */
    {ALL, CAGE_ALWAYS, CAGE_ALLOWS, "brk munmap mremap madvise mlock mlock2 munlock msync mincore", {{0}},
     "memory; secrets are locked and kept out of dumps"},
    {ALL, CAGE_UNTIL_READY, CAGE_ALLOWS, "mmap mprotect", {{0}},
     "libraries that are loaded at first use"},
    {ALL, CAGE_ALWAYS, CAGE_ALLOWS, "mmap mprotect", {IF(2, PROT_EXEC, 0)},
     "memory, of which none becomes code any more"},
    {ALL, CAGE_ALWAYS, CAGE_ALLOWS, "futex get_robust_list set_robust_list rseq sched_yield sched_getaffinity sched_getparam sched_getscheduler sched_setscheduler set_tid_address exit exit_group",
     {{0}}, "threads and their locks (libzmq sets the schedule that a thread has already)"},
    {C, CAGE_UNTIL_READY, CAGE_ALLOWS, "sched_setattr", {IF(0, WHOLE, 0)},
     "the threads that hash passwords step back behind all others"},
    {ALL, CAGE_ALWAYS, CAGE_LACKS, "clone3", {{0}},
     "its arguments cannot be seen by a filter; the C library goes on with clone"},
    {ALL, CAGE_ALWAYS, CAGE_ALLOWS, "clone", {IF(0, CLONE_THREAD | CLONE_OTHER, CLONE_THREAD)},
     "threads, and nothing but threads"},
    {ALL, CAGE_ALWAYS, CAGE_ALLOWS, "rt_sigaction rt_sigprocmask rt_sigreturn rt_sigtimedwait sigaltstack restart_syscall", {{0}},
     "signals, which the main thread waits for"},
    {ALL, CAGE_ALWAYS, CAGE_ALLOWS, "kill tgkill", {IF_OWN(0)},
     "a server that cannot go on tells its own main thread; abort"},
    {ALL, CAGE_ALWAYS, CAGE_ALLOWS, "clock_gettime clock_getres gettimeofday time nanosleep clock_nanosleep getrandom", {{0}},
     "time and randomness"},
    {ALL, CAGE_ALWAYS, CAGE_ALLOWS, "getpid gettid getppid getuid geteuid getgid getegid getcpu uname sysinfo times getrusage", {{0}},
     "libraries ask who and where they are"},
    {ALL, CAGE_ALWAYS, CAGE_ALLOWS, "prctl", {IF(0, WHOLE, PR_SET_NAME)},
     "names of threads"},
    {ALL, CAGE_ALWAYS, CAGE_ALLOWS, "prctl", {IF(0, WHOLE, PR_GET_DUMPABLE)},
     "whether it can be traced"},
    {ALL, CAGE_ALWAYS, CAGE_ALLOWS, "prlimit64", {IF(2, UINT64_MAX, 0)},
     "limits are read, not set"},
    {ALL, CAGE_UNTIL_READY, CAGE_ALLOWS, "seccomp", {{0}}, "the second, narrower filter"},
    {ALL, CAGE_UNTIL_READY, CAGE_ALLOWS, "prctl", {IF(0, WHOLE, PR_SET_SECCOMP)}, "the second, narrower filter"},
    {ALL, CAGE_UNTIL_READY, CAGE_ALLOWS, "prctl", {IF(0, WHOLE, PR_SET_NO_NEW_PRIVS)}, "the second, narrower filter"},

    /* --- bytes, and who waits for them --- */
    {ALL, CAGE_ALWAYS, CAGE_ALLOWS, "read readv pread64 preadv preadv2 write writev pwrite64 pwritev pwritev2 lseek close close_range dup dup2 dup3 fcntl pipe2 eventfd2",
     {{0}}, "what is open: sockets, files, the log"},
    {ALL, CAGE_ALWAYS, CAGE_ALLOWS, "poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2", {{0}},
     "waiting"},
    {ALL, CAGE_ALWAYS, CAGE_ALLOWS, "ioctl", {IF(1, WHOLE, FIONBIO)}, "sockets that do not wait"},
    {ALL, CAGE_ALWAYS, CAGE_ALLOWS, "ioctl", {IF(1, WHOLE, FIONREAD)}, "how much of a name server's answer is there"},
    {ALL, CAGE_ALWAYS, CAGE_ALLOWS, "ioctl", {IF(1, WHOLE, TCGETS)}, "the C library asks whether the log is a terminal"},

    /* --- the network: which ports, the table of ports says --- */
    {ALL, CAGE_ALWAYS, CAGE_ALLOWS, "socket", FAMILY(AF_INET, 1, SOCK_STREAM),
     "bus, database and, for notifier and gateway, SMTP and HTTP"},
    {ALL, CAGE_ALWAYS, CAGE_ALLOWS, "socket", FAMILY(AF_INET6, 1, SOCK_STREAM), "the same"},
    {ALL, CAGE_WITH_NAMES, CAGE_ALLOWS, "socket", FAMILY(AF_INET, 1, SOCK_DGRAM),
     "name servers are asked by UDP"},
    {ALL, CAGE_WITH_NAMES, CAGE_ALLOWS, "socket", FAMILY(AF_INET6, 1, SOCK_DGRAM), "the same"},
    {ALL, CAGE_ALWAYS, CAGE_ALLOWS, "socket", FAMILY(AF_NETLINK, 2, 0),
     "which addresses this machine has, before a name is looked up or a port is bound"},
    {ALL, CAGE_UNTIL_READY, CAGE_ALLOWS, "socket", {IF(0, WHOLE, AF_UNIX)},
     "the operator's socket; a bus endpoint of a folder"},
    {ALL, CAGE_WITH_LOCAL_SOCKETS, CAGE_ALLOWS, "socket", {IF(0, WHOLE, AF_UNIX)},
     "a database or a peer of this machine"},
    {N, CAGE_ALWAYS, CAGE_ALLOWS, "socketpair", {IF(0, WHOLE, AF_UNIX)},
     "libcurl wakes its own threads by it"},
    {G | R, CAGE_WITH_S3, CAGE_ALLOWS, "socketpair", {IF(0, WHOLE, AF_UNIX)}, "the same"},
    {ALL, CAGE_ALWAYS, CAGE_ALLOWS, "bind connect accept accept4 getsockname getpeername getsockopt setsockopt shutdown sendto recvfrom sendmsg recvmsg sendmmsg recvmmsg",
     {{0}}, "connections, made anew when they are lost; bind: netlink"},
    {ALL, CAGE_UNTIL_READY, CAGE_ALLOWS, "listen", {{0}}, "no further door once it serves"},

    /* --- files: which ones, the table of files says --- */
    {ALL, CAGE_ALWAYS, CAGE_ALLOWS, "stat lstat fstat newfstatat statx access faccessat faccessat2 readlink readlinkat getcwd getdents64", {{0}},
     "libraries look for their settings; the store looks at its folders"},
    {C | N | R | A, CAGE_ALWAYS, CAGE_ALLOWS, "openat", {IF(2, WRITES, 0)}, "to read only"},
    {C | N | R | A, CAGE_ALWAYS, CAGE_ALLOWS, "open", {IF(1, WRITES, 0)}, "to read only"},
    {G, CAGE_WITH_FILES, CAGE_ALLOWS, "open openat", {{0}}, "the object store"},
    {G, CAGE_WITH_S3, CAGE_ALLOWS, "openat", {IF(2, WRITES, 0)}, "to read only"},
    {G, CAGE_WITH_S3, CAGE_ALLOWS, "open", {IF(1, WRITES, 0)}, "to read only"},
    {G, CAGE_WITH_FILES, CAGE_ALLOWS, "mkdirat fchmodat linkat ftruncate flock fallocate fadvise64", {{0}},
     "uploads, and the step by which they become objects"},
    {G, CAGE_WITH_FILES, CAGE_ALLOWS, "sync_file_range", {{0}}, "an upload goes to the disk while it arrives"},
    {G | R, CAGE_WITH_FILES, CAGE_ALLOWS, "fsync fdatasync", {{0}}, "what is said to be done is on the disk"},
    {C | A, CAGE_ALWAYS, CAGE_ALLOWS, "fdatasync", {{0}}, "the journal of erasures, opened before"},
    {G | R, CAGE_WITH_FILES, CAGE_ALLOWS, "unlinkat", {{0}},
     "abandoned uploads go, and the ciphertext of messages that ended"},
    {C, CAGE_ALWAYS, CAGE_ALLOWS, "unlink rmdir", {{0}}, "the operator's socket, before and after"},
    {G | N | R | A, CAGE_UNTIL_READY, CAGE_ALLOWS, "unlink rmdir", {{0}}, "an earlier socket of a bus endpoint of a folder"},
#if SM_HAS_SANITIZER

    /* --- a build with a sanitizer --- */
    {ALL, CAGE_ALWAYS, CAGE_ALLOWS, "mmap mprotect clone fork vfork execve wait4 ptrace process_vm_readv prctl open openat getdents socketpair arch_prctl prlimit64 kill tgkill personality", {{0}},
     "the leak detector stops and reads the process; a report is put into words by a program of its own"},
#else

    /* --- nobody, ever --- */
    {ALL, CAGE_ALWAYS, CAGE_KILLS, "execve execveat", {{0}}, "no service runs a program"},
    {ALL, CAGE_ALWAYS, CAGE_KILLS, "fork vfork", {{0}}, "or has a child"},
    {ALL, CAGE_ALWAYS, CAGE_KILLS, "clone", {IF(0, CLONE_THREAD, 0)}, "the same"},
    {ALL, CAGE_ALWAYS, CAGE_KILLS, "ptrace process_vm_readv process_vm_writev kcmp pidfd_getfd", {{0}},
     "or looks into another process"},
#endif
    {ALL, CAGE_ALWAYS, CAGE_KILLS, "mount umount2 pivot_root chroot move_mount open_tree fsopen unshare setns", {{0}},
     "or changes what it sees of the machine"},
    {ALL, CAGE_ALWAYS, CAGE_KILLS, "init_module finit_module delete_module kexec_load kexec_file_load bpf perf_event_open userfaultfd reboot swapon swapoff iopl ioperm",
     {{0}}, "or speaks to the kernel itself"},
    {ALL, CAGE_ALWAYS, CAGE_KILLS, "setuid setgid setreuid setregid setresuid setresgid setgroups capset", {{0}},
     "or becomes somebody else"},
};
const size_t cage_calls_count = sizeof cage_calls / sizeof cage_calls[0];

#define FIXED(text) .path = (text)
#define NAMED_BY(id) .setting = (id), .otherwise = (id)
#define NAMED_BY_OR(id, second) .setting = (id), .otherwise = (second)
#define BECAUSE(text) .reason = (text)

const struct cage_file cage_files[] = {
    {G, CAGE_WITH_FILES, CAGE_KEEPS, NAMED_BY(SETTING_OBJECTS_DIR), BECAUSE("the ciphertext")},
    {R, CAGE_WITH_FILES, CAGE_REMOVES, NAMED_BY(SETTING_OBJECTS_DIR), BECAUSE("the ciphertext goes, and is never opened")},
    {G, CAGE_ALWAYS, CAGE_READS, NAMED_BY(SETTING_TLS_CERTIFICATE), BECAUSE("HTTPS")},
    {G, CAGE_ALWAYS, CAGE_READS, NAMED_BY(SETTING_TLS_KEY), BECAUSE("HTTPS")},
    {A, CAGE_ALWAYS, CAGE_READS, NAMED_BY_OR(SETTING_CAPABILITY_DIR, SETTING_KEYS_DIR),
     BECAUSE("the public key of capabilities, which crypto may write later")},
    {C, CAGE_ALWAYS, CAGE_LISTENS, NAMED_BY(SETTING_OPERATOR_LISTEN), BECAUSE("the operator's socket")},
    {C | N | R | A, CAGE_ALWAYS, CAGE_LISTENS, NAMED_BY(SETTING_LISTEN), BECAUSE("a bus endpoint of a folder, where there is one")},
    {N, CAGE_ALWAYS, CAGE_READS, NAMED_BY(SETTING_SMTP_CA_FILE), BECAUSE("the relay's authorities, at every connection")},
    {G | R, CAGE_WITH_S3, CAGE_READS, NAMED_BY(SETTING_S3_CA_FILE), BECAUSE("the store's authorities, at every connection")},
    {G | R, CAGE_WITH_S3, CAGE_READS, FIXED("/etc/ssl/certs"), BECAUSE("the system's authorities")},
    {G | R, CAGE_WITH_S3, CAGE_READS, FIXED("/usr/share/ca-certificates"), BECAUSE("where those are links to")},
    {G | R, CAGE_WITH_S3, CAGE_READS, FIXED("/usr/local/share/ca-certificates"), BECAUSE("the same, a site's own")},
    {N, CAGE_ALWAYS, CAGE_READS, FIXED("/etc/ssl/certs"), BECAUSE("the system's authorities")},
    {N, CAGE_ALWAYS, CAGE_READS, FIXED("/usr/share/ca-certificates"), BECAUSE("where those are links to")},
    {N, CAGE_ALWAYS, CAGE_READS, FIXED("/usr/local/share/ca-certificates"), BECAUSE("the same, a site's own")},
    {ALL, CAGE_ALWAYS, CAGE_READS, FIXED("/etc/ssl/openssl.cnf"), BECAUSE("libpq's TLS reads it at its first connection")},
    {ALL, CAGE_WITH_NAMES, CAGE_READS, FIXED("/etc/resolv.conf"), BECAUSE("which name servers to ask")},
    {ALL, CAGE_WITH_NAMES, CAGE_READS, FIXED("/run/systemd/resolve"), BECAUSE("the same, where it is a link to here")},
    {ALL, CAGE_WITH_NAMES, CAGE_READS, FIXED("/etc/hosts"), BECAUSE("names without a name server")},
    {ALL, CAGE_WITH_NAMES, CAGE_READS, FIXED("/etc/nsswitch.conf"), BECAUSE("how names are looked up")},
    {ALL, CAGE_WITH_NAMES, CAGE_READS, FIXED("/etc/host.conf"), BECAUSE("the same")},
    {ALL, CAGE_WITH_NAMES, CAGE_READS, FIXED("/etc/gai.conf"), BECAUSE("which address comes first")},
#if SM_HAS_SANITIZER
    {ALL, CAGE_ALWAYS, CAGE_READS, FIXED("/proc"), BECAUSE("a sanitizer reads its own process")},
    {ALL, CAGE_ALWAYS, CAGE_RUNS, FIXED("/usr/bin"), BECAUSE("and has its report put into words")},
    {ALL, CAGE_ALWAYS, CAGE_RUNS, FIXED("/usr/lib"), BECAUSE("the same")},
    {ALL, CAGE_ALWAYS, CAGE_RUNS, FIXED("/lib64"), BECAUSE("the same")},
#endif
};
const size_t cage_files_count = sizeof cage_files / sizeof cage_files[0];

const struct cage_port cage_ports[] = {
    {G | R, CAGE_ALWAYS, CAGE_CONNECTS, SETTING_CRYPTO, "the bus"},
    {G | C, CAGE_ALWAYS, CAGE_CONNECTS, SETTING_NOTIFIER, "the bus"},
    {G, CAGE_ALWAYS, CAGE_CONNECTS, SETTING_RETENTION, "the bus"},
    {G | C | N | R, CAGE_ALWAYS, CAGE_CONNECTS, SETTING_AUDIT, "the bus"},
    {ALL, CAGE_ALWAYS, CAGE_CONNECTS, SETTING_DATABASE, "the database, made anew when it is lost"},
    {N, CAGE_ALWAYS, CAGE_CONNECTS, SETTING_SMTP_URL, "the mail relay"},
    {G | R, CAGE_WITH_S3, CAGE_CONNECTS, SETTING_S3_ENDPOINT, "the object store"},
    {C | N | R | A, CAGE_ALWAYS, CAGE_BINDS, SETTING_LISTEN, "the bus"},
    {C | N | R | A, CAGE_ALWAYS, CAGE_CONNECTS, SETTING_LISTEN, "it knocks at its own door before it serves"},
    {G, CAGE_ALWAYS, CAGE_BINDS, SETTING_HTTP_LISTEN, "the web"},
    {ALL, CAGE_ALWAYS, CAGE_BINDS, SETTING_ADMIN_LISTEN, "livez, readyz, metrics"},
};
const size_t cage_ports_count = sizeof cage_ports / sizeof cage_ports[0];

/*
 * Not here, and why: the size of files (the log may be one), the number of processes (the kernel
 * counts all of a user's, and a thread is one; the filter refuses processes by themselves).
 */
const struct cage_limit cage_limits[] = {
    {ALL, RLIMIT_CORE, "core", 0, "a dump would hold keys"},
    {G, RLIMIT_NOFILE, "nofile", CAGE_AS_MUCH_AS_THERE_IS, "each connection is a file, each transfer two"},
    {C | N | R | A, RLIMIT_NOFILE, "nofile", 1024, "peers, connections to the database, and room"},
    {ALL, RLIMIT_MSGQUEUE, "msgqueue", 0, "nobody has message queues of the kernel"},
};
const size_t cage_limits_count = sizeof cage_limits / sizeof cage_limits[0];
/* clang-format on */
