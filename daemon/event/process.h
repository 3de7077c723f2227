/*
 * event/process.h - child processes of a libuv loop.
 *
 * By fork and exec, since uv_spawn reaps children by itself and can neither hold back a process
 * group nor ask for a signal at the parent's death. Every child gets
 *
 *  - a process group of its own, which is killed as a whole when its leader has died, before the
 *    leader is reaped (its number cannot go to somebody else until then);
 *  - SIGKILL when the thread that started it ends: so processes are started on the main thread, and
 *    the child checks that its parent is not gone already;
 *  - no descriptor but those it is given, no signal mask, default actions for all signals but
 *    SIGTTIN and SIGTTOU (a terminal answers with an error instead of stopping it);
 *  - limits, and a higher oom_score_adj, where asked for.
 *
 * Its end is seen through a pidfd that the loop polls. Main thread.
 */
#ifndef EVENT_PROCESS_H
#define EVENT_PROCESS_H

#include <streamd/error.h>

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <uv.h>

struct process;

enum { PROCESS_DESCRIPTORS_MAX = 8 };

/* How a process ended. */
struct process_end {
    int exit_code; /* -1: by a signal */
    int signal;    /* 0: it exited */
};

struct process_spec {
    const char *path;        /* the program */
    const char *const *argv; /* NULL at the end; argv[0] included */
    int input;               /* becomes descriptor 0; -1: /dev/null */
    int output;              /* becomes descriptor 1; -1: that of this process */
    int complaints;          /* becomes descriptor 2; -1: that of this process */
    const int *descriptors;  /* become 3, 4, ... ; all of these stay the caller's */
    size_t descriptor_count;
    uint64_t cpu_seconds;   /* 0: no limit */
    uint64_t address_bytes; /* 0: no limit */
    uint64_t file_bytes;    /* of any file that it writes; 0: no limit */
    int expendable;         /* 1: the kernel shall kill it first when memory runs out */
    /* The process and all of its group are gone and reaped. Called from the loop. */
    void (*ended)(void *self, struct process *p, const struct process_end *end);
    void *self;
};

/* Starts a process. STREAMD_E_IO also where the program cannot be executed. */
int process_start(uv_loop_t *loop, const struct process_spec *spec, struct process **process,
                  struct streamd_error *error);

/* Its process id, which is that of its group, too. */
pid_t process_id(const struct process *p);

/* SIGKILL to its whole group; `ended` follows. Nothing where it has ended. */
void process_kill(struct process *p);

/* Has `ended` been called? */
int process_has_ended(const struct process *p);

/* After `ended`, also inside of it; the memory goes with the loop's next round. NULL is fine. */
void process_free(struct process *p);

/* "exited with code 3", "was killed by signal 9 (Killed)". */
void process_describe(const struct process_end *end, char *text, size_t size);

#endif
