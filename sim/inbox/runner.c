/* The runner: what waits in a box for jobs. It reads a job, runs its steps one after another in a room of the job's own,
 * answers with what came of them, and waits for the next.
 *
 * Why it exists: a box costs more to build than a small simulation takes. The box (a sandbox of the caller's: namespaces,
 * read-only root, no network) is built once; per job the runner clones a process into a new pid and mount namespace with a
 * fresh, sized /tmp, which takes 0.2 ms, and when that process ends, all that the job started or wrote is gone with it.
 * That process is process 1 of its namespace, so nothing in the job can signal it or anything outside; it has dropped all
 * capabilities, is not dumpable and closes its own descriptors on exec, so nothing a step does can reach the stream that
 * carries the answers.
 *
 * Two faces. As a program it serves plain jobs, or launches another program as the server ("--launch"). As a shared
 * library it serves from within a process that has loaded what is slow to load (Python with parsers, vvp with cocotb):
 * `vr_serve` then returns in a fork of that process for each warm step.
 *
 * What it does not do: build the box. Where namespaces cannot be had (an ordinary container), "uid" isolation gives each job
 * a user id and a directory of its own instead; see `enter_room`.
 *
 * Wire format on descriptors 8 (in) and 9 (out), little endian, no padding; `str` is u32 length and bytes.
 *   hello:  "VRS2", once, when the server is ready
 *   job:    u32 size, then: u32 scratch_mb u32 num_files {str name, str data} u32 num_env {str} u32 num_steps {u32 cpu_ms, u32 wall_ms,
 *           u32 mem_mb, u32 output_kb, u32 scratch_mb, u32 num_procs, u32 proceed_mask, u32 flags (1 warm, 2 evidence, 4 urgent),
 *           u32 num_drop {str}, u32 argc {str}}
 *   answer: u32 size, then: {u8 'S', u8 status, i32 code, u64 cpu_us, u64 wall_us, u64 peak_kb, str stdout, str stderr,
 *           str evidence}... u8 'D'    or, when the box itself failed, u8 'F', str why
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum status { EXITED = 0, SIGNALLED = 1, CPU_LIMIT = 2, WALL_LIMIT = 3, OUTPUT_LIMIT = 4, SKIPPED = 5 };
enum { WARM = 1, EVIDENCE = 2, URGENT = 4 };
enum { IN = 8, OUT = 9, EVIDENCE_FD = 3, NUM_STREAMS = 3 };

struct limits { uint32_t cpu_ms, wall_ms, mem_mb, output_kb, scratch_mb, num_procs; };
struct buffer { char *data; size_t len, cap; int fd, overflowed; };
struct outcome { enum status status; int32_t code; uint64_t cpu_us, wall_us, peak_kb; };
struct step { struct limits limits; uint32_t proceed, flags; char **drop, **argv; };

static int by_uid;      /* uid isolation instead of namespaces */
static uid_t job_uid;   /* the job's own, with uid isolation */
static char room[64];   /* the job's directory */

/* ---- bytes in and out ---- */

static void write_all(int fd, const void *data, size_t len)
{
    const char *p = data;
    while (len > 0) {
        ssize_t n = write(fd, p, len);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) _exit(1); /* the host is gone */
        p += n;
        len -= (size_t)n;
    }
}

static int read_all(int fd, void *data, size_t len)
{
    char *p = data;
    while (len > 0) {
        ssize_t n = read(fd, p, len);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return -1;
        p += n;
        len -= (size_t)n;
    }
    return 0;
}

static void append(struct buffer *b, const void *data, size_t len)
{
    if (b->len + len > b->cap) {
        b->cap = (b->len + len) * 2;
        b->data = realloc(b->data, b->cap);
        if (!b->data) _exit(1);
    }
    memcpy(b->data + b->len, data, len);
    b->len += len;
}

static void append_u32(struct buffer *b, uint32_t v) { append(b, &v, 4); }
static void append_u64(struct buffer *b, uint64_t v) { append(b, &v, 8); }
static void append_str(struct buffer *b, const void *data, size_t len) { append_u32(b, (uint32_t)len); append(b, data, len); }

static void send_answer(const struct buffer *b)
{
    uint32_t size = (uint32_t)b->len;
    write_all(OUT, &size, 4);
    write_all(OUT, b->data, b->len);
}

static void send_failure(const char *what, int error)
{
    char text[512];
    int len = snprintf(text, sizeof text, error ? "%.200s: %s" : "%.200s", what, strerror(error));
    struct buffer b = {0};
    append(&b, "F", 1);
    append_str(&b, text, (size_t)len);
    send_answer(&b);
    free(b.data);
}

static void fail(const char *what)
{
    send_failure(what, errno);
    _exit(0);
}

/* ---- the job's message ---- */

static const char *at, *end;

static const void *take(size_t len)
{
    if ((size_t)(end - at) < len) { errno = EPROTO; fail("a job that ends early"); }
    const void *p = at;
    at += len;
    return p;
}

static uint32_t take_u32(void) { uint32_t v; memcpy(&v, take(4), 4); return v; }

static char *take_str(uint32_t *len)
{
    uint32_t n = take_u32();
    const char *p = take(n);
    char *s = malloc((size_t)n + 1);
    if (!s) fail("malloc");
    memcpy(s, p, n);
    s[n] = 0;
    if (len) *len = n;
    return s;
}

static char **take_strs(void)
{
    uint32_t n = take_u32();
    char **list = calloc((size_t)n + 1, sizeof *list);
    if (!list) fail("calloc");
    for (uint32_t i = 0; i < n; i++) list[i] = take_str(NULL);
    return list;
}

static void write_files(void)
{
    for (uint32_t n = take_u32(); n > 0; n--) {
        char *name = take_str(NULL);
        uint32_t len = take_u32();
        const char *data = take(len);
        int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
        if (fd < 0) fail(name);
        for (uint32_t done = 0; done < len;) {
            ssize_t w = write(fd, data + done, len - done);
            if (w <= 0) fail(name);
            done += (uint32_t)w;
        }
        if (by_uid && fchown(fd, job_uid, job_uid)) fail(name);
        close(fd);
        free(name);
    }
}

/* ---- what a step may not ask of the kernel ---- */

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#else
#error "the runner knows the system calls of x86_64 and aarch64 only"
#endif

static const int denied[] = {
    __NR_ptrace, __NR_process_vm_readv, __NR_process_vm_writev, __NR_mount, __NR_umount2, __NR_pivot_root, __NR_chroot,
    __NR_unshare, __NR_setns, __NR_bpf, __NR_perf_event_open, __NR_userfaultfd, __NR_keyctl, __NR_add_key,
    __NR_request_key, __NR_kexec_load, __NR_init_module, __NR_finit_module, __NR_delete_module, __NR_reboot,
    __NR_swapon, __NR_swapoff, __NR_acct, __NR_quotactl, __NR_open_by_handle_at, __NR_name_to_handle_at,
    __NR_move_mount, __NR_open_tree, __NR_fsopen, __NR_fsconfig, __NR_fsmount, __NR_fspick, __NR_mount_setattr,
    __NR_io_uring_setup, __NR_io_uring_enter, __NR_io_uring_register, __NR_syslog, __NR_settimeofday,
    __NR_clock_settime, __NR_clock_adjtime, __NR_adjtimex, __NR_pidfd_getfd, __NR_kcmp, __NR_lookup_dcookie,
    __NR_shmget, __NR_msgget, __NR_semget, __NR_mq_open, __NR_mq_unlink, __NR_sched_setscheduler, __NR_sched_setparam, __NR_sched_setattr,
    __NR_sched_setaffinity, __NR_setsid, __NR_ioprio_set, __NR_mbind, __NR_move_pages, __NR_migrate_pages, __NR_set_mempolicy,
};
#define NUM_DENIED (sizeof denied / sizeof *denied)

static void deny_system_calls(void)
{
    struct sock_filter code[NUM_DENIED + 20];
    unsigned n = 0;
    const uint32_t refuse = SECCOMP_RET_ERRNO | EPERM;
#define EMIT(...) code[n++] = (struct sock_filter)__VA_ARGS__
    EMIT(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)));
    EMIT(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0));
    EMIT(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
    EMIT(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)));
#if defined(__x86_64__)
    EMIT(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1)); /* the x32 twins of every call */
    EMIT(BPF_STMT(BPF_RET | BPF_K, refuse));
#endif
    /* clone3 hides its flags behind a pointer; ENOSYS makes libc fall back to clone, whose flags can be seen */
    EMIT(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone3, 0, 1));
    EMIT(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS));
    for (unsigned i = 0; i < NUM_DENIED; i++) {
        EMIT(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)denied[i], (uint8_t)(NUM_DENIED - i + 7), 0));
    }
    /* limits of another process, such as the runner's own, are not a step's to change */
    EMIT(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_prlimit64, 0, 3));
    EMIT(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])));
    EMIT(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 5));
    EMIT(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    EMIT(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone, 0, 2));
    EMIT(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])));
    EMIT(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K,
                  CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP,
                  1, 0));
    EMIT(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    EMIT(BPF_STMT(BPF_RET | BPF_K, refuse));
#undef EMIT
    struct sock_fprog program = {.len = (unsigned short)n, .filter = code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) fail("no_new_privs");
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) fail("seccomp");
}

/* ---- one step ---- */

static void limit(int resource, rlim_t soft, rlim_t hard)
{
    struct rlimit r = {.rlim_cur = soft, .rlim_max = hard};
    setrlimit(resource, &r);
}

/* In the step's own process. After vfork it shares our memory: it changes nothing there. */
static int become_step(const struct step *s, const int streams[4])
{
    const struct limits *l = &s->limits;
    rlim_t cpu_s = (l->cpu_ms + 999) / 1000;
    rlim_t file = (rlim_t)l->scratch_mb << 20, as = ((rlim_t)l->mem_mb << 20) * 2;
    limit(RLIMIT_CPU, cpu_s, cpu_s + 1);
    limit(RLIMIT_AS, as, as);
    limit(RLIMIT_FSIZE, file, file);
    limit(RLIMIT_NPROC, l->num_procs, l->num_procs);
    limit(RLIMIT_NOFILE, 256, 256);
    limit(RLIMIT_CORE, 0, 0);
    limit(RLIMIT_NICE, 0, 0);
    /* A training step on the same host comes first. No session of its own: the kernel would share the processor out
     * between sessions, and niceness count within each only. A group of its own, or it could end us with it. */
    if (!(s->flags & URGENT)) setpriority(PRIO_PROCESS, 0, 19);
    if (setpgid(0, 0)) return -1;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    if (by_uid) {
        gid_t no_groups[1];
        if (syscall(SYS_setgroups, 0, no_groups) || syscall(SYS_setresgid, job_uid, job_uid, job_uid)
            || syscall(SYS_setresuid, job_uid, job_uid, job_uid))
            return -1;
    }
    for (int fd = 0; fd < 3; fd++)
        if (dup2(streams[fd], fd) < 0) return -1;
    if (streams[3] < 0) close(EVIDENCE_FD);
    else if (dup2(streams[3], EVIDENCE_FD) < 0) return -1;
    return 0;
}

static void take_output(struct buffer *b, size_t cap)
{
    char chunk[65536];
    ssize_t n;
    while (b->fd >= 0 && (n = read(b->fd, chunk, sizeof chunk)) != 0) {
        if (n < 0) {
            if (errno == EINTR) continue;
            if (errno == EAGAIN) return;
            break;
        }
        size_t space = cap - b->len, keep = (size_t)n < space ? (size_t)n : space;
        append(b, chunk, keep);
        if ((size_t)n > space) {
            b->overflowed = 1;
            return;
        }
    }
    if (b->fd >= 0) close(b->fd);
    b->fd = -1;
}

static uint64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void reap(pid_t main_pid, int *main_done, int *main_status, struct outcome *o, int block)
{
    int st;
    struct rusage r;
    pid_t pid;
    while ((pid = wait4(-1, &st, block ? 0 : WNOHANG, &r)) > 0) {
        o->cpu_us += (uint64_t)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000000
                     + (uint64_t)(r.ru_utime.tv_usec + r.ru_stime.tv_usec);
        if ((uint64_t)r.ru_maxrss > o->peak_kb) o->peak_kb = (uint64_t)r.ru_maxrss;
        if (pid == main_pid) {
            *main_done = 1;
            *main_status = st;
        }
    }
}

/* All of the job but us: the step, and whatever it left running. */
static void kill_all(void)
{
    if (!by_uid) {
        kill(-1, SIGKILL);
        return;
    }
    pid_t pid = fork(); /* only a process of that user may signal all of that user's and no other */
    if (pid == 0) {
        if (!syscall(SYS_setresuid, job_uid, job_uid, job_uid)) kill(-1, SIGKILL);
        _exit(0);
    }
    if (pid > 0) waitpid(pid, NULL, 0);
}

/* Runs a step. Returns 1 in the fork that is a warm step, else 0. */
static int run_step(const struct step *s, char **env, int sigfd, struct buffer out[NUM_STREAMS], struct outcome *o)
{
    const struct limits *l = &s->limits;
    int in_p[2], pipes[NUM_STREAMS][2];
    if (pipe2(in_p, O_CLOEXEC)) fail("pipe");
    for (int i = 0; i < NUM_STREAMS; i++)
        if (pipe2(pipes[i], O_CLOEXEC)) fail("pipe");
    const int streams[4] = {in_p[0], pipes[0][1], pipes[1][1], s->flags & EVIDENCE ? pipes[2][1] : -1};
    uint64_t start = now_us(), deadline = start + (uint64_t)l->wall_ms * 1000;
    volatile int error = 0;
    pid_t pid = s->flags & WARM ? fork() : vfork(); /* vfork: a warm process may be large to copy */
    if (pid == 0) {
        if (become_step(s, streams)) {
            if (s->flags & WARM) _exit(127);
            error = errno;
            _exit(127);
        }
        if (s->flags & WARM) {
            syscall(SYS_close_range, EVIDENCE_FD + 1, ~0U, 0); /* the streams to the host among them */
            return 1;
        }
        execvpe(s->argv[0], s->argv, env);
        error = errno;
        _exit(127);
    }
    if (pid < 0) fail("fork");
    close(in_p[0]); close(in_p[1]);
    for (int i = 0; i < NUM_STREAMS; i++) {
        close(pipes[i][1]);
        out[i].fd = pipes[i][0];
        fcntl(out[i].fd, F_SETFL, O_NONBLOCK);
    }
    if (error) { errno = error; fail(s->argv[0]); }

    int done = 0, st = 0;
    size_t cap = (size_t)l->output_kb << 10;
    enum status cut = EXITED;
    while (!done && cut == EXITED) {
        uint64_t now = now_us();
        if (now >= deadline) { cut = WALL_LIMIT; break; }
        struct pollfd fds[NUM_STREAMS + 1] = {{.fd = sigfd, .events = POLLIN}};
        for (int i = 0; i < NUM_STREAMS; i++) fds[i + 1] = (struct pollfd){.fd = out[i].fd, .events = POLLIN};
        poll(fds, NUM_STREAMS + 1, (int)((deadline - now + 999) / 1000));
        struct signalfd_siginfo info;
        while (read(sigfd, &info, sizeof info) > 0) {}
        for (int i = 0; i < NUM_STREAMS; i++) {
            take_output(&out[i], cap);
            if (out[i].overflowed) cut = OUTPUT_LIMIT;
        }
        reap(pid, &done, &st, o, 0);
    }
    kill_all();
    reap(pid, &done, &st, o, 1);
    for (int i = 0; i < NUM_STREAMS; i++) {
        take_output(&out[i], cap);
        if (out[i].overflowed) cut = OUTPUT_LIMIT;
        if (out[i].fd >= 0) close(out[i].fd);
    }

    o->wall_us = now_us() - start;
    o->status = cut;
    if (cut == EXITED || cut == WALL_LIMIT) {
        int over = o->cpu_us >= (uint64_t)l->cpu_ms * 1000 || (WIFSIGNALED(st) && WTERMSIG(st) == SIGXCPU);
        if (over) o->status = CPU_LIMIT;
        else if (cut == EXITED && WIFSIGNALED(st)) { o->status = SIGNALLED; o->code = WTERMSIG(st); }
        else if (cut == EXITED) o->code = WEXITSTATUS(st);
    }
    return 0;
}

static void report(struct buffer *answer, const struct outcome *o, const struct buffer out[NUM_STREAMS])
{
    uint8_t head[2] = {'S', (uint8_t)o->status};
    append(answer, head, 2);
    append_u32(answer, (uint32_t)o->code);
    append_u64(answer, o->cpu_us);
    append_u64(answer, o->wall_us);
    append_u64(answer, o->peak_kb);
    for (int i = 0; i < NUM_STREAMS; i++) append_str(answer, out[i].data, out[i].len);
}

/* ---- one job, in a process of its own ---- */

static void drop_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {{0}};
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    if (syscall(SYS_capset, &header, none)) fail("capset");
}

/* A fresh directory that only this job sees, and no rights beyond it. */
static void enter_room(uint32_t scratch_mb)
{
    if (by_uid) {
        snprintf(room, sizeof room, "/tmp/vr-%u", (unsigned)job_uid);
        if (mkdir(room, 0700) || chown(room, job_uid, job_uid)) fail(room);
        setfsgid(job_uid); /* files from here on as the job's user; signals and user ids still as root */
        setfsuid(job_uid);
        if (chdir(room)) fail(room);
        if (prctl(PR_SET_CHILD_SUBREAPER, 1)) fail("subreaper");
    } else {
        char size[64];
        snprintf(size, sizeof size, "size=%um,mode=0755", scratch_mb);
        if (mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, size)) fail("mount /tmp");
        if (mkdir("/tmp/job", 0755) || chdir("/tmp/job")) fail("/tmp/job");
        drop_capabilities();
    }
    deny_system_calls();
}

/* With uid isolation /tmp is not the job's to write. */
static void point_to_room(char **env)
{
    static char home[80], temporary[80];
    snprintf(home, sizeof home, "HOME=%s", room);
    snprintf(temporary, sizeof temporary, "TMPDIR=%s", room);
    for (; *env; env++) {
        if (!strcmp(*env, "HOME=/tmp")) *env = home;
        if (!strcmp(*env, "TMPDIR=/tmp")) *env = temporary;
    }
}

/* Returns the words in the fork that is a warm step; otherwise the process ends here. */
static char **run_job(char *message, uint32_t size)
{
    sigset_t chld;
    sigemptyset(&chld);
    sigaddset(&chld, SIGCHLD);
    int sigfd = signalfd(-1, &chld, SFD_NONBLOCK | SFD_CLOEXEC);
    if (sigfd < 0) fail("signalfd");
    if (prctl(PR_SET_DUMPABLE, 0)) fail("dumpable");
    at = message;
    end = message + size;
    uint32_t scratch_mb = take_u32();
    enter_room(scratch_mb);
    write_files();
    char **env = take_strs();
    if (by_uid) point_to_room(env);
    struct buffer answer = {0};
    int skip = 0;
    for (uint32_t n = take_u32(); n > 0; n--) {
        struct step s;
        memcpy(&s.limits, take(sizeof s.limits), sizeof s.limits);
        s.proceed = take_u32();
        s.flags = take_u32();
        s.drop = take_strs();
        s.argv = take_strs();
        struct buffer out[NUM_STREAMS] = {{.fd = -1}, {.fd = -1}, {.fd = -1}};
        struct outcome o = {.status = SKIPPED};
        if (!skip) {
            for (char **name = s.drop; *name; name++) unlink(*name);
            if (run_step(&s, env, sigfd, out, &o)) {
                explicit_bzero(message, size); /* files that are dropped, or read and deleted, are not to be found here */
                environ = env;
                return s.argv;
            }
            skip = o.status != EXITED || o.code > 31 || !(s.proceed >> o.code & 1);
        }
        report(&answer, &o, out);
        for (int i = 0; i < NUM_STREAMS; i++) free(out[i].data);
    }
    append(&answer, "D", 1);
    send_answer(&answer);
    _exit(0);
}

/* ---- the server ---- */

static void remove_room(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        if (syscall(SYS_setresgid, job_uid, job_uid, job_uid) || syscall(SYS_setresuid, job_uid, job_uid, job_uid)) _exit(1);
        kill(-1, SIGKILL);
        /* a directory may have been closed to its owner; the room's own entry is in a parent that only we may write */
        char *const argv[] = {"sh", "-c", "cd \"$0\" && chmod -R u+rwX . && find . -mindepth 1 -delete", room, NULL};
        char *const env[] = {"PATH=/usr/bin:/bin", NULL};
        execve("/bin/sh", argv, env);
        _exit(127);
    }
    if (pid > 0) waitpid(pid, NULL, 0);
    if (rmdir(room) && errno != ENOENT) _exit(1); /* something is left: no more jobs beside it */
}

/* Waits for the job's process; ends with it when the host goes away meanwhile. */
static int wait_for(pid_t job, int sigfd)
{
    for (;;) {
        int st;
        if (waitpid(job, &st, WNOHANG) == job) return st;
        struct pollfd fds[2] = {{.fd = sigfd, .events = POLLIN}, {.fd = IN, .events = 0}};
        poll(fds, 2, -1);
        struct signalfd_siginfo info;
        while (read(sigfd, &info, sizeof info) > 0) {}
        if (fds[1].revents & (POLLHUP | POLLERR)) {
            kill(job, SIGKILL);
            waitpid(job, &st, 0);
            if (by_uid) remove_room();
            _exit(0);
        }
    }
}

static uint32_t num_served;

static char **serve_one(char *message, uint32_t size, int sigfd)
{
    if (by_uid) {
        job_uid = (uid_t)(100000 + (getpid() % 1000) * 1000 + num_served++ % 1000);
        snprintf(room, sizeof room, "/tmp/vr-%u", (unsigned)job_uid);
    }
    pid_t job = by_uid ? fork() : (pid_t)syscall(SYS_clone, CLONE_NEWPID | CLONE_NEWNS | SIGCHLD, 0, 0, 0, 0);
    if (job == 0) {
        close(sigfd);
        return run_job(message, size);
    }
    if (job < 0) {
        send_failure("clone", errno);
        return NULL;
    }
    int st = wait_for(job, sigfd);
    if (by_uid) remove_room();
    if (st) {
        char text[80];
        snprintf(text, sizeof text, "the job's first process ended with %s %d", WIFSIGNALED(st) ? "signal" : "code",
                 WIFSIGNALED(st) ? WTERMSIG(st) : WEXITSTATUS(st));
        send_failure(text, 0);
    }
    return NULL;
}

/* Serves jobs until the host closes the stream, and then ends the process. Returns only in a fork, for each warm step: the
 * step's words, ended by NULL. There the working directory, the environment, the limits and descriptors 0 to 3 are the
 * step's. The process must have one thread. */
char **vr_serve(void)
{
    sigset_t chld;
    sigemptyset(&chld);
    sigaddset(&chld, SIGCHLD);
    sigprocmask(SIG_BLOCK, &chld, NULL);
    int sigfd = signalfd(-1, &chld, SFD_NONBLOCK | SFD_CLOEXEC);
    if (sigfd < 0) _exit(1);
    fcntl(IN, F_SETFD, FD_CLOEXEC);
    fcntl(OUT, F_SETFD, FD_CLOEXEC);
    by_uid = getenv("VR_ISOLATE_BY_UID") != NULL;
    write_all(OUT, "VRS2", 4);
    for (;;) {
        uint32_t size;
        if (read_all(IN, &size, 4)) _exit(0);
        char *message = malloc(size);
        if (!message || read_all(IN, message, size)) _exit(0);
        char **words = serve_one(message, size, sigfd);
        if (words) return words;
        explicit_bzero(message, size); /* of no interest to the next job */
        free(message);
    }
}

#ifndef LIBRARY
/* runner                      serves plain jobs
 * runner --launch PROGRAM ... starts another server, with the streams where it expects them and standard output free
 * runner --idle               does nothing but end its dead children, as the first process of a container, until its
 *                             standard input closes or a signal comes */
static int idle(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN, .sa_flags = SA_NOCLDWAIT};
    sigaction(SIGCHLD, &ignore, NULL);
    char byte;
    while (read(0, &byte, 1) > 0) {}
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "--idle")) return idle();
    int null = open("/dev/null", O_RDWR);
    if (null < 0 || dup2(0, IN) < 0 || dup2(1, OUT) < 0 || dup2(null, 0) < 0 || dup2(2, 1) < 0) return 1;
    if (null != IN && null != OUT) close(null);
    if (argc > 2 && !strcmp(argv[1], "--launch")) {
        execvp(argv[2], argv + 2);
        send_failure(argv[2], errno);
        return 1;
    }
    vr_serve();
    return 1; /* a warm step for a server that has nothing warm */
}
#endif
