/*
 * base/failpoint.h - named places where a test can hurt a process; absent from a normal build.
 *
 * Only `configure --enable-failpoints` compiles them in (-DSTREAMD_FAILPOINTS). Otherwise every
 * macro here is a constant, and neither a name nor a symbol is left in the programs.
 *
 * A test says through the environment what shall happen, entries separated by `;':
 *
 *     STREAMD_FAILPOINTS='W5=kill;W6:1=eio@3;>W15=stop'  STREAMD_FAILPOINTS_FOLDER=/tmp/fired
 *
 *   [>]POINT[:WORKER]=ACTION[@NTH]
 *     >        only counts once the entry before it has fired (also in another process)
 *     WORKER   only in the worker process of that number
 *     ACTION   kill (SIGKILL to itself), stop (SIGSTOP to itself; somebody must send SIGCONT),
 *              delay:MILLISECONDS, eio or enospc (the step fails as if a system call had)
 *     NTH      the how-manieth passing of the point in one process, 1 if absent
 *
 * Each entry fires once among all processes: whoever creates the file N-POINT-ACTION in the folder
 * (N counts entries from 1) has claimed it. The file holds the process id and the worker ("- " for
 * none) and is on its way before the action, so a test can prove that its fault happened.
 * docs/internals/faults.md lists the points. Any thread.
 */
#ifndef BASE_FAILPOINT_H
#define BASE_FAILPOINT_H

#ifdef STREAMD_FAILPOINTS

#include <streamd/error.h>

/* Says which worker this process is; before that it is none (a coordinator, a helper). */
void failpoint_set_worker(uint32_t worker);

/* Passes a point that cannot fail: acts, and leaves an entry that asks for an error alone. */
void failpoint_pass(const char *point);

/* Passes a point that stands for a system call: 0, or the errno with which it shall fail. */
int failpoint_errno(const char *point);

/* Passes a point in a step that can fail: 0, or STREAMD_E_IO and an error that names the point. */
int failpoint_fail(const char *point, struct streamd_error *error);

#define FAILPOINT(point) failpoint_pass(point)
#define FAILPOINT_ERRNO(point) failpoint_errno(point)
#define FAILPOINT_FAIL(point, error) failpoint_fail(point, error)
#define FAILPOINT_WORKER(worker) failpoint_set_worker(worker)

/* How much of `size` bytes one write(2) should take: half, so that there is a middle to die in. */
#define FAILPOINT_PART(size) (((size) + 1) / 2)

#else

#define FAILPOINT(point) ((void)0)
#define FAILPOINT_ERRNO(point) 0
#define FAILPOINT_FAIL(point, error) 0
#define FAILPOINT_WORKER(worker) ((void)0)
#define FAILPOINT_PART(size) (size)

#endif
#endif
