/* The runner: the first process of a box. It reads one job from standard input, runs its steps one after another and
 * writes what came of them to standard output.
 *
 * Why it exists: compile and simulate share one box, with limits and outputs of their own, without a shell and without
 * starting Python. It is process 1 of the box's pid namespace, so nothing in the box can kill it, and kill(-1) ends all
 * that a step left behind. It is not dumpable and closes its own descriptors on exec, so nothing a step does can reach
 * the stream that carries the results.
 *
 * What it does not do: build the box. Namespaces, the read-only root and the sized scratch file system are its caller's.
 *
 * Wire format, little endian, no padding; `str` is u32 length and bytes.
 *   job:    "VRJ1" u32 num_files {str name, str data} u32 num_env {str} u32 num_steps {u32 cpu_ms, u32 wall_ms, u32 mem_mb,
 *           u32 output_kb, u32 scratch_mb, u32 num_procs, u32 proceed_mask, u32 num_drop {str}, u32 argc {str}}
 *   result: {u8 'S', u8 status, i32 code, u64 cpu_us, u64 wall_us, u64 peak_kb, str stdout, str stderr}... u8 'D'
 *           or, when the box itself failed, u8 'F', str why
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
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
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum status { EXITED = 0, SIGNALLED = 1, CPU_LIMIT = 2, WALL_LIMIT = 3, OUTPUT_LIMIT = 4, SKIPPED = 5 };

struct limits { uint32_t cpu_ms, wall_ms, mem_mb, output_kb, scratch_mb, num_procs; };
struct buffer { char *data; size_t len, cap; int fd, overflowed; };
struct outcome { enum status status; int32_t code; uint64_t cpu_us, wall_us, peak_kb; };

#define WORK_DIR "/tmp/job"

/* ---- reading the job and writing the results ---- */

static void write_all(const void *data, size_t len)
{
    const char *p = data;
    while (len > 0) {
        ssize_t n = write(1, p, len);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) _exit(1); /* the host is gone */
        p += n;
        len -= (size_t)n;
    }
}

static void write_u32(uint32_t v) { write_all(&v, 4); }
static void write_u64(uint64_t v) { write_all(&v, 8); }

static void fail(const char *what)
{
    char text[512];
    int len = snprintf(text, sizeof text, "%s: %s", what, strerror(errno));
    write_all("F", 1);
    write_u32((uint32_t)len);
    write_all(text, (size_t)len);
    _exit(0);
}

static void read_all(void *data, size_t len)
{
    char *p = data;
    while (len > 0) {
        ssize_t n = read(0, p, len);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) _exit(1); /* the host is gone, or gave up before it sent a job */
        p += n;
        len -= (size_t)n;
    }
}

static uint32_t read_u32(void) { uint32_t v; read_all(&v, 4); return v; }

static char *read_str(uint32_t *len)
{
    uint32_t n = read_u32();
    char *s = malloc((size_t)n + 1);
    if (!s) fail("malloc");
    read_all(s, n);
    s[n] = 0;
    if (len) *len = n;
    return s;
}

static char **read_strs(uint32_t extra)
{
    uint32_t n = read_u32();
    char **list = calloc((size_t)n + extra + 1, sizeof *list);
    if (!list) fail("calloc");
    for (uint32_t i = 0; i < n; i++) list[i] = read_str(NULL);
    return list;
}

static void read_files(void)
{
    for (uint32_t n = read_u32(); n > 0; n--) {
        uint32_t len;
        char *name = read_str(NULL), *data = read_str(&len);
        int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
        if (fd < 0) fail(name);
        for (uint32_t done = 0; done < len;) {
            ssize_t w = write(fd, data + done, len - done);
            if (w <= 0) fail(name);
            done += (uint32_t)w;
        }
        close(fd);
        free(name);
        free(data);
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
    __NR_shmget, __NR_msgget, __NR_semget, __NR_sched_setscheduler, __NR_sched_setparam, __NR_sched_setattr,
    __NR_sched_setaffinity, __NR_ioprio_set, __NR_mbind, __NR_move_pages, __NR_migrate_pages, __NR_set_mempolicy,
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

static void child(char **argv, char **env, const struct limits *l, int in, int out, int err, int exec_error)
{
    rlim_t cpu_s = (l->cpu_ms + 999) / 1000;
    rlim_t file = (rlim_t)l->scratch_mb << 20, as = ((rlim_t)l->mem_mb << 20) * 2;
    limit(RLIMIT_CPU, cpu_s, cpu_s + 1);
    limit(RLIMIT_AS, as, as);
    limit(RLIMIT_FSIZE, file, file);
    limit(RLIMIT_NPROC, l->num_procs, l->num_procs);
    limit(RLIMIT_NOFILE, 256, 256);
    limit(RLIMIT_CORE, 0, 0);
    setpriority(PRIO_PROCESS, 0, 19); /* a training step on the same host comes first */
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid();
    if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0) _exit(127);
    execvpe(argv[0], argv, env);
    int e = errno;
    if (write(exec_error, &e, sizeof e) < 0) _exit(126);
    _exit(127);
}

static void take(struct buffer *b, size_t cap)
{
    char chunk[65536];
    ssize_t n;
    while (b->fd >= 0 && (n = read(b->fd, chunk, sizeof chunk)) != 0) {
        if (n < 0) {
            if (errno == EINTR) continue;
            if (errno == EAGAIN) return;
            break;
        }
        size_t room = cap - b->len, keep = (size_t)n < room ? (size_t)n : room;
        if (keep > 0) {
            if (b->len + keep > b->cap) {
                b->cap = (b->len + keep) * 2;
                b->data = realloc(b->data, b->cap);
                if (!b->data) fail("realloc");
            }
            memcpy(b->data + b->len, chunk, keep);
            b->len += keep;
        }
        if ((size_t)n > room) {
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

static struct outcome run_step(char **argv, char **env, const struct limits *l, int sigfd, struct buffer *out, struct buffer *err)
{
    struct outcome o = {0};
    int in_p[2], out_p[2], err_p[2], exec_p[2];
    if (pipe2(in_p, O_CLOEXEC) || pipe2(out_p, O_CLOEXEC) || pipe2(err_p, O_CLOEXEC) || pipe2(exec_p, O_CLOEXEC)) fail("pipe");
    uint64_t start = now_us(), deadline = start + (uint64_t)l->wall_ms * 1000;
    pid_t pid = fork();
    if (pid < 0) fail("fork");
    if (pid == 0) child(argv, env, l, in_p[0], out_p[1], err_p[1], exec_p[1]);
    close(in_p[0]); close(in_p[1]); close(out_p[1]); close(err_p[1]); close(exec_p[1]);
    int exec_errno = 0;
    if (read(exec_p[0], &exec_errno, sizeof exec_errno) > 0) { errno = exec_errno; fail(argv[0]); }
    close(exec_p[0]);
    out->fd = out_p[0];
    err->fd = err_p[0];
    fcntl(out->fd, F_SETFL, O_NONBLOCK);
    fcntl(err->fd, F_SETFL, O_NONBLOCK);

    int done = 0, st = 0;
    size_t cap = (size_t)l->output_kb << 10;
    enum status cut = EXITED;
    while (!done && cut == EXITED) {
        uint64_t now = now_us();
        if (now >= deadline) { cut = WALL_LIMIT; break; }
        struct pollfd fds[3] = {{.fd = sigfd, .events = POLLIN}, {.fd = out->fd, .events = POLLIN}, {.fd = err->fd, .events = POLLIN}};
        poll(fds, 3, (int)((deadline - now + 999) / 1000));
        struct signalfd_siginfo info;
        while (read(sigfd, &info, sizeof info) > 0) {}
        take(out, cap);
        take(err, cap);
        if (out->overflowed || err->overflowed) cut = OUTPUT_LIMIT;
        reap(pid, &done, &st, &o, 0);
    }
    kill(-1, SIGKILL); /* all but us: the step, and whatever it left running */
    reap(pid, &done, &st, &o, 1);
    take(out, cap);
    take(err, cap);
    if (out->overflowed || err->overflowed) cut = OUTPUT_LIMIT;
    if (out->fd >= 0) close(out->fd);
    if (err->fd >= 0) close(err->fd);

    o.wall_us = now_us() - start;
    o.status = cut;
    if (cut == EXITED || cut == WALL_LIMIT) {
        int over = o.cpu_us >= (uint64_t)l->cpu_ms * 1000 || (WIFSIGNALED(st) && WTERMSIG(st) == SIGXCPU);
        if (over) o.status = CPU_LIMIT;
        else if (cut == EXITED && WIFSIGNALED(st)) { o.status = SIGNALLED; o.code = WTERMSIG(st); }
        else if (cut == EXITED) o.code = WEXITSTATUS(st);
    }
    return o;
}

static void report(const struct outcome *o, const struct buffer *out, const struct buffer *err)
{
    uint8_t head[2] = {'S', (uint8_t)o->status};
    write_all(head, 2);
    write_u32((uint32_t)o->code);
    write_u64(o->cpu_us);
    write_u64(o->wall_us);
    write_u64(o->peak_kb);
    write_u32((uint32_t)out->len);
    write_all(out->data, out->len);
    write_u32((uint32_t)err->len);
    write_all(err->data, err->len);
}

int main(void)
{
    sigset_t chld;
    sigemptyset(&chld);
    sigaddset(&chld, SIGCHLD);
    sigprocmask(SIG_BLOCK, &chld, NULL);
    int sigfd = signalfd(-1, &chld, SFD_NONBLOCK | SFD_CLOEXEC);
    if (sigfd < 0) fail("signalfd");
    fcntl(0, F_SETFD, FD_CLOEXEC); /* replaced by dup2 in the child */
    if (prctl(PR_SET_DUMPABLE, 0)) fail("dumpable");
    deny_system_calls();

    char magic[4];
    read_all(magic, 4);
    if (memcmp(magic, "VRJ1", 4)) { errno = EPROTO; fail("job"); }
    if (mkdir(WORK_DIR, 0755) || chdir(WORK_DIR)) fail(WORK_DIR);
    read_files();
    char **env = read_strs(0);
    int skip = 0;
    for (uint32_t n = read_u32(); n > 0; n--) {
        struct limits l;
        read_all(&l, sizeof l);
        uint32_t proceed = read_u32();
        char **drop = read_strs(0), **argv = read_strs(0);
        struct buffer out = {.fd = -1}, err = {.fd = -1};
        struct outcome o = {.status = SKIPPED};
        if (!skip) {
            for (char **name = drop; *name; name++) unlink(*name);
            o = run_step(argv, env, &l, sigfd, &out, &err);
            skip = o.status != EXITED || o.code > 31 || !(proceed >> o.code & 1);
        }
        report(&o, &out, &err);
        free(out.data);
        free(err.data);
    }
    write_all("D", 1);
    return 0;
}
