/*
 * streamctl: the command-line client. Gathers what comes from the process (environment, terminal,
 * the folder of the installation) and hands over to daemon/client.
 */
#include "client/client.h"

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"

static int wants_colour(void)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

    return isatty(STDERR_FILENO) && (!no || !*no) && term && strcmp(term, "dumb") != 0;
}

/* Tuning from the environment, so that a test suite can run everything with batches of one row. */
static long long number_of(const char *variable)
{
    const char *value = getenv(variable);

    return value ? atoll(value) : 0;
}

/* Something beside the program that runs, if it is there and can be used; `path` holds the answer.
 */
static const char *beside_program(const char *name, char path[PATH_MAX])
{
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - strlen(name) - 1);
    char *slash;

    if (length <= 0)
        return NULL;
    path[length] = '\0';
    slash = strrchr(path, '/');
    if (!slash)
        return NULL;
    strcpy(slash + 1, name);
    return access(path, R_OK | X_OK) == 0 ? path : NULL;
}

/* The program that workers are started from. */
static const char *streamd_program(char path[PATH_MAX])
{
    const char *given = getenv("STREAMD_PROGRAM");

    if (given && *given)
        return given;
    return beside_program("streamd", path) ? path : STREAMD_PROGRAM;
}

int main(int argc, char **argv)
{
    char built[PATH_MAX], program[PATH_MAX];
    struct client c = {
        .log = {.descriptor = STDERR_FILENO, .level = LOG_LEVEL_INFO},
        .terminal = isatty(STDERR_FILENO),
        .colour = wants_colour(),
        .environment_plugins = getenv("STREAMD_PLUGIN_PATH"),
        .batch_rows = number_of("STREAMD_BATCH_ROWS"),
        .channel_slots = number_of("STREAMD_CHANNEL_SLOTS"),
        .built_plugins = beside_program("plugins-live", built),
        .installed_plugins = STREAMD_PLUGIN_DIR,
        .program = streamd_program(program),
        .version = PACKAGE_VERSION,
    };

    /* `streamctl ... | head`: a write that fails is looked at where it happens. */
    signal(SIGPIPE, SIG_IGN);
    /* A file at its size limit: the write fails with EFBIG. */
    signal(SIGXFSZ, SIG_IGN);
    return client_main(&c, argc, argv);
}
