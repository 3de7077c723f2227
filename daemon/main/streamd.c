/*
 * streamd: the program whose processes do the work. Each role is an internal one, started by a
 * coordinator:
 *
 *   streamd plan       judges a pipeline file with its plugins (plan/role.h)
 *   streamd worker     one worker of a pipeline (worker/process.h)
 *   streamd savepoint  converts savepoints (checkpoint/savepoint_role.h)
 */
#include "checkpoint/savepoint_role.h"
#include "plan/role.h"
#include "worker/process.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"

enum { EXIT_WRONG_USAGE = 64 };

static int usage(void)
{
    fputs("usage: streamd plan [--json] [--colour] [--parallelism N] --plugin-path FOLDERS FILE\n"
          "       streamd worker --control FD --parent PID [--log-level N]\n"
          "       streamd savepoint create|restore ...\n"
          "These roles are started by a coordinator: see `streamctl run'.\n",
          stderr);
    return EXIT_WRONG_USAGE;
}

/* A whole number from 0 to `most`; -1: it is none. */
static long number_of(const char *text, long most)
{
    char *end;
    long n = strtol(text, &end, 10);

    return *text && !*end && n >= 0 && n <= most ? n : -1;
}

static int plan(int argc, char **argv)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},
        {"colour", no_argument, NULL, 'c'},
        {"parallelism", required_argument, NULL, 'n'},
        {"plugin-path", required_argument, NULL, 'p'},
        {NULL, 0, NULL, 0},
    };
    struct plan_role role = {0};
    long n;
    int o;

    while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (o == 'j') {
            role.json = 1;
        } else if (o == 'c') {
            role.colour = 1;
        } else if (o == 'p') {
            role.plugin_path = optarg;
        } else if (o == 'n' && (n = number_of(optarg, INT32_MAX)) > 0) {
            role.parallelism = (uint32_t)n;
        } else {
            return usage();
        }
    }
    if (optind + 1 != argc || !role.plugin_path)
        return usage();
    role.file = argv[optind];
    return plan_role_main(&role);
}

static int bind_plan(void *self, const struct worker_binding *binding, const struct plan **made,
                     char hash[33], struct streamd_error *error)
{
    struct plan_bound **bound = self;
    int rc = plan_role_bind(binding->path, binding->text, binding->plugin_path,
                            binding->parallelism, bound, hash, error);

    *made = rc ? NULL : plan_bound_plan(*bound);
    return rc;
}

static int worker(int argc, char **argv)
{
    static const struct option options[] = {
        {"control", required_argument, NULL, 'c'},
        {"parent", required_argument, NULL, 'p'},
        {"log-level", required_argument, NULL, 'l'},
        {NULL, 0, NULL, 0},
    };
    struct log log = {.descriptor = STDERR_FILENO, .level = LOG_LEVEL_INFO};
    struct plan_bound *bound = NULL;
    struct worker_process process = {.control = -1, .log = &log, .bind = bind_plan, .self = &bound};
    long n;
    int o;

    while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
        n = o == '?' ? -1 : number_of(optarg, INT32_MAX);
        if (n < 0)
            return usage();
        if (o == 'c')
            process.control = (int)n;
        else if (o == 'p')
            process.parent = (pid_t)n;
        else
            log.level = (enum log_level)n;
    }
    if (optind != argc || process.control < 0 || process.parent <= 0)
        return usage();
    o = worker_process_main(&process);
    plan_bound_free(bound);
    return o;
}

int main(int argc, char **argv)
{
    /* A reader that goes away, a file at its size limit: the write fails, and is looked at. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    if (argc >= 2 && strcmp(argv[1], "plan") == 0)
        return plan(argc - 1, argv + 1);
    if (argc >= 2 && strcmp(argv[1], "worker") == 0)
        return worker(argc - 1, argv + 1);
    if (argc >= 2 && strcmp(argv[1], "savepoint") == 0)
        return savepoint_role(argc - 2, argv + 2);
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return printf("streamd %s\n", PACKAGE_VERSION) < 0;
    return usage();
}
