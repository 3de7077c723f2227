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

/* Where plugins of the build tree are, if the program runs from there; `path` holds the answer. */
static const char *plugins_of_build_tree(char path[PATH_MAX])
{
    static const char folder[] = "plugins-live";
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - sizeof(folder));
    char *slash;

    if (length <= 0)
        return NULL;
    path[length] = '\0';
    slash = strrchr(path, '/');
    if (!slash)
        return NULL;
    memcpy(slash + 1, folder, sizeof(folder));
    return access(path, R_OK | X_OK) == 0 ? path : NULL;
}

int main(int argc, char **argv)
{
    char built[PATH_MAX];
    struct client c = {
        .log = {.descriptor = STDERR_FILENO, .level = LOG_LEVEL_INFO},
        .terminal = isatty(STDERR_FILENO),
        .colour = wants_colour(),
        .environment_plugins = getenv("STREAMD_PLUGIN_PATH"),
        .batch_rows = number_of("STREAMD_BATCH_ROWS"),
        .channel_slots = number_of("STREAMD_CHANNEL_SLOTS"),
        .built_plugins = plugins_of_build_tree(built),
        .installed_plugins = STREAMD_PLUGIN_DIR,
        .version = PACKAGE_VERSION,
    };

    /* `streamctl ... | head`: a write that fails is looked at where it happens. */
    signal(SIGPIPE, SIG_IGN);
    /* A file at its size limit: the write fails with EFBIG. */
    signal(SIGXFSZ, SIG_IGN);
    return client_main(&c, argc, argv);
}
