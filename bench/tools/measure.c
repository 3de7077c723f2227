/*
 * measure: run one command and say what its whole process tree cost.
 *
 *   measure REPORT COMMAND [ARGUMENT...]
 *
 * REPORT gets one line of JSON: user and system CPU seconds, wall seconds, peak RSS, involuntary
 * context switches, exit status. The program is a child subreaper, so descendants that outlive the
 * command are waited for and counted too. It exists because a figure taken by the Python driver
 * would start at Python's own memory: the peak of a forked child includes what it had before exec.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct cost {
    double user_s;
    double system_s;
    double wall_s;
    long peak_rss_kib;
    long involuntary_switches;
    int status;
};

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static double now(void)
{
    struct timespec t;
    if (clock_gettime(CLOCK_MONOTONIC, &t) != 0)
        return 0;
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* wait4 gives a child's own use plus that of the children it has waited for: adding up all that we
 * reap counts every process once. */
static void reap_all(pid_t command, double start, struct cost *cost)
{
    for (;;) {
        struct rusage use;
        int status;
        pid_t pid = wait4(-1, &status, 0, &use);
        if (pid < 0 && errno == EINTR)
            continue;
        if (pid < 0)
            return;
        cost->user_s += seconds(use.ru_utime);
        cost->system_s += seconds(use.ru_stime);
        cost->involuntary_switches += use.ru_nivcsw;
        if (use.ru_maxrss > cost->peak_rss_kib)
            cost->peak_rss_kib = use.ru_maxrss;
        if (pid == command) {
            cost->wall_s = now() - start;
            cost->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        }
    }
}

int main(int argc, char **argv)
{
    struct cost cost = {0};
    FILE *report;
    double start;
    pid_t pid;

    if (argc < 3) {
        fprintf(stderr, "usage: measure REPORT COMMAND [ARGUMENT...]\n");
        return 64;
    }
    if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) {
        perror("measure: prctl");
        return 1;
    }
    start = now();
    pid = fork();
    if (pid < 0) {
        perror("measure: fork");
        return 1;
    }
    if (pid == 0) {
        execvp(argv[2], argv + 2);
        fprintf(stderr, "measure: %s: %s\n", argv[2], strerror(errno));
        _exit(127);
    }
    reap_all(pid, start, &cost);
    report = fopen(argv[1], "w");
    if (report == NULL) {
        perror("measure: report");
        return 1;
    }
    fprintf(report,
            "{\"user_s\": %.6f, \"system_s\": %.6f, \"wall_s\": %.6f, \"peak_rss_kib\": %ld, "
            "\"involuntary_switches\": %ld, \"status\": %d}\n",
            cost.user_s, cost.system_s, cost.wall_s, cost.peak_rss_kib, cost.involuntary_switches,
            cost.status);
    return fclose(report) == 0 ? cost.status : 1;
}
