/*
 * streamctl: the command-line client. Gathers what comes from the process (environment, terminal,
 * the folder of the installation) and hands over to daemon/client.
 */
#include "client/client.h"

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

int main(int argc, char **argv)
{
    struct client c = {
        .log = {.descriptor = STDERR_FILENO, .level = LOG_LEVEL_INFO},
        .terminal = isatty(STDERR_FILENO),
        .colour = wants_colour(),
        .environment_plugins = getenv("STREAMD_PLUGIN_PATH"),
        .batch_rows = number_of("STREAMD_BATCH_ROWS"),
        .channel_slots = number_of("STREAMD_CHANNEL_SLOTS"),
        .installed_plugins = STREAMD_PLUGIN_DIR,
        .version = PACKAGE_VERSION,
    };

    /* `streamctl ... | head`: a write that fails is looked at where it happens. */
    signal(SIGPIPE, SIG_IGN);
    /* A file at its size limit: the write fails with EFBIG. */
    signal(SIGXFSZ, SIG_IGN);
    return client_main(&c, argc, argv);
}
