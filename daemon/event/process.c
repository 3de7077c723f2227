/*
 * Between fork and exec only calls that are safe after a fork of a process with threads are made:
 * everything is prepared before. What fails in the child travels to the parent as an errno through
 * a pipe that closes at exec, so that process_start can tell at once.
 */
#include "event/process.h"

#include "base/error.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { FIRST_DESCRIPTOR = 3 };

struct process {
    pid_t id;
    int pidfd;
    int ended, freed, closed;
    uv_poll_t poll;
    void (*tell)(void *self, struct process *p, const struct process_end *end);
    void *self;
};

/* --- In the child ------------------------------------------------------------------------------
 */

/* All descriptors to where the program finds them. 0, or -1 and errno. `report` is moved out of
   their way. */
static int place_descriptors(const struct process_spec *spec, int *report)
{
    int high = FIRST_DESCRIPTOR + PROCESS_DESCRIPTORS_MAX + 4;
    int from[FIRST_DESCRIPTOR + PROCESS_DESCRIPTORS_MAX];
    int count = FIRST_DESCRIPTOR + (int)spec->descriptor_count;

    *report = fcntl(*report, F_DUPFD_CLOEXEC, high);
    from[0] = spec->input;
    from[1] = spec->output >= 0 ? spec->output : STDOUT_FILENO;
    from[2] = spec->complaints >= 0 ? spec->complaints : STDERR_FILENO;
    for (int i = FIRST_DESCRIPTOR; i < count; i++)
        from[i] = spec->descriptors[i - FIRST_DESCRIPTOR];
    /* First out of the way of each other, then to their places. */
    for (int i = 0; i < count; i++) {
        from[i] = fcntl(from[i], F_DUPFD_CLOEXEC, high);
        if (from[i] < 0 && i < FIRST_DESCRIPTOR) /* none, or this process has it closed */
            from[i] = fcntl(open("/dev/null", O_RDWR | O_CLOEXEC), F_DUPFD_CLOEXEC, high);
    }
    for (int i = 0; i < count; i++)
        if (from[i] < 0 || dup2(from[i], i) < 0)
            return -1;
    /* All others but the report, which closes itself. */
    if (*report < high || close_range((unsigned)count, (unsigned)*report - 1, 0))
        return -1;
    return close_range((unsigned)*report + 1, ~0U, 0);
}

static void reset_signals(void)
{
    sigset_t none;

    for (int s = 1; s <= SIGRTMAX; s++)
        (void)signal(s, SIG_DFL);
    (void)signal(SIGTTIN, SIG_IGN);
    (void)signal(SIGTTOU, SIG_IGN);
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Sets a limit, where there is one; `more`: how far the hard limit lies above it. */
static int set_limit(int resource, uint64_t most, uint64_t more)
{
    struct rlimit limit = {most, most + more};

    return most ? setrlimit((unsigned)resource, &limit) : 0;
}

static int set_limits(const struct process_spec *spec)
{
    return set_limit(RLIMIT_CPU, spec->cpu_seconds, 1) ||
           set_limit(RLIMIT_AS, spec->address_bytes, 0) ||
           set_limit(RLIMIT_FSIZE, spec->file_bytes, 0);
}

/* Not being allowed to is no failure. */
static void make_expendable(void)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return;
    (void)!write(fd, "500", 3);
    close(fd);
}

static void run_child(const struct process_spec *spec, pid_t parent, int report)
    __attribute__((noreturn));

static void run_child(const struct process_spec *spec, pid_t parent, int report)
{
    int error;

    reset_signals();
    if (setpgid(0, 0) || prctl(PR_SET_PDEATHSIG, SIGKILL))
        goto failed;
    if (getppid() != parent)
        _exit(1);
    if (spec->expendable)
        make_expendable();
    if (set_limits(spec) || place_descriptors(spec, &report))
        goto failed;
    (void)execve(spec->path, (char *const *)(uintptr_t)spec->argv, environ);
failed:
    error = errno;
    (void)!write(report, &error, sizeof(error));
    _exit(1);
}

/* --- In the parent -----------------------------------------------------------------------------
 */

static int open_pidfd(pid_t id)
{
    return (int)syscall(SYS_pidfd_open, id, 0);
}

/* Forks, and waits until the child has executed its program or said why not. */
static int fork_child(const struct process_spec *spec, pid_t *id, struct streamd_error *error)
{
    sigset_t all, old;
    int report[2], child_error = 0;
    pid_t parent = getpid();
    ssize_t got;

    if (pipe2(report, O_CLOEXEC))
        return error_set_errno(error, errno, "cannot start %s", spec->path);
    /* No handler of this process may run in the child. */
    sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &old);
    *id = fork();
    if (*id == 0)
        run_child(spec, parent, report[1]);
    child_error = *id < 0 ? errno : 0;
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    close(report[1]);
    if (*id > 0)
        (void)setpgid(*id, *id); /* both sides do, whoever is first */
    do
        got = *id > 0 ? read(report[0], &child_error, sizeof(child_error)) : 0;
    while (got < 0 && errno == EINTR);
    close(report[0]);
    if (!child_error)
        return 0;
    if (*id > 0)
        (void)waitpid(*id, NULL, 0);
    return error_set_errno(error, child_error, "cannot start %s", spec->path);
}

static void reap_at_once(pid_t id)
{
    (void)kill(-id, SIGKILL);
    (void)waitpid(id, NULL, 0);
}

static void closed(uv_handle_t *handle)
{
    struct process *p = handle->data;

    p->closed = 1;
    if (p->freed)
        memory_free(p);
}

/* The leader has died: its group goes with it, and only then its number. */
static void died(uv_poll_t *poll, int status, int events)
{
    struct process *p = poll->data;
    struct process_end end = {.exit_code = -1};
    siginfo_t info = {0};

    (void)status;
    (void)events;
    if (waitid(P_PID, (id_t)p->id, &info, WEXITED | WNOWAIT | WNOHANG) || info.si_pid != p->id)
        return;
    (void)kill(-p->id, SIGKILL);
    (void)waitpid(p->id, NULL, 0);
    if (info.si_code == CLD_EXITED)
        end.exit_code = info.si_status;
    else
        end.signal = info.si_status;
    p->ended = 1;
    uv_close((uv_handle_t *)&p->poll, closed);
    close(p->pidfd);
    p->tell(p->self, p, &end);
}

int process_start(uv_loop_t *loop, const struct process_spec *spec, struct process **process,
                  struct streamd_error *error)
{
    struct process *p;
    int rc;

    *process = NULL;
    if (spec->descriptor_count > PROCESS_DESCRIPTORS_MAX)
        return error_set(error, STREAMD_E_LIMIT, "too many descriptors for a child process");
    p = memory_zalloc(1, sizeof(*p));
    if (!p)
        return error_set_nomem(error);
    p->tell = spec->ended;
    p->self = spec->self;
    rc = fork_child(spec, &p->id, error);
    if (rc) {
        memory_free(p);
        return rc;
    }
    p->pidfd = open_pidfd(p->id);
    if (p->pidfd < 0 || uv_poll_init(loop, &p->poll, p->pidfd)) {
        rc = error_set_errno(error, errno, "cannot watch the process %d", (int)p->id);
        reap_at_once(p->id);
        if (p->pidfd >= 0)
            close(p->pidfd);
        memory_free(p);
        return rc;
    }
    p->poll.data = p;
    (void)uv_poll_start(&p->poll, UV_READABLE, died);
    *process = p;
    return 0;
}

pid_t process_id(const struct process *p)
{
    return p->id;
}

void process_kill(struct process *p)
{
    if (!p->ended)
        (void)kill(-p->id, SIGKILL);
}

int process_has_ended(const struct process *p)
{
    return p->ended;
}

void process_free(struct process *p)
{
    if (!p)
        return;
    p->freed = 1;
    if (p->closed)
        memory_free(p);
}

void process_describe(const struct process_end *end, char *text, size_t size)
{
    if (end->signal)
        snprintf(text, size, "was killed by signal %d (%s)", end->signal, strsignal(end->signal));
    else
        snprintf(text, size, "exited with code %d", end->exit_code);
}
