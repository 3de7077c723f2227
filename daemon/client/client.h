/*
 * client/client.h - streamctl: what all verbs share.
 *
 * A verb gets the parsed command line, writes results to standard output and everything else to
 * standard error, and returns the exit code. Output is gathered in texts and written at once.
 * Main thread.
 */
#ifndef CLIENT_CLIENT_H
#define CLIENT_CLIENT_H

#include "base/log.h"
#include "base/text.h"

struct plugin_registry;

/* Exit codes; those above 1 are of sysexits.h. */
enum client_exit {
    CLIENT_OK = 0,
    CLIENT_FAILED = 1,       /* a check, test or run failed */
    CLIENT_USAGE = 64,       /* the command line is wrong */
    CLIENT_UNREACHABLE = 69, /* the daemon does not answer */
    CLIENT_TRY_AGAIN = 75,   /* timed out */
    CLIENT_INVALID = 78      /* a file is not valid */
};

/* How many nodes --drop-state can name. */
enum { CLIENT_DROPS_MAX = 64 };

/* The command line. */
struct client {
    struct log log;
    int json;
    int quiet;
    int colour;                      /* standard error is a terminal, and NO_COLOR is not set */
    int terminal;                    /* standard error is a terminal */
    const char *plugin_path;         /* of --plugin-path, NULL: not given */
    const char *environment_plugins; /* STREAMD_PLUGIN_PATH, NULL: not set */
    const char *built_plugins; /* the folder of the build tree, where the program runs from it */
    const char *installed_plugins; /* the folder of the installation */
    const char *format;            /* of --format, NULL: not given */
    long long batch_rows;          /* 0: not given */
    long long channel_slots;       /* 0: not given */
    long long parallelism;         /* 0: not given */
    const char *state_dir;         /* of --state-dir, NULL: not given */
    const char *restore;           /* of --restore, NULL: not given */
    int accept_duplicates;
    const char *drop_state[CLIENT_DROPS_MAX]; /* of --drop-state */
    size_t drop_count;
    const char *program; /* streamd, which works for streamctl */
    const char *version;
};

/* Parses the command line and runs the verb. The exit code. */
int client_main(struct client *c, int argc, char **argv);

/* Writes a text to standard output, or to standard error, and releases it. CLIENT_OK, also where
   the reader has gone away; CLIENT_FAILED where it cannot be written or there was no memory. */
int client_print(struct text *text);
int client_complain(struct text *text);

/* Appends the folders in which plugins are looked for, separated by ':': those of --plugin-path, of
   STREAMD_PLUGIN_PATH, of the build tree, of the installation. */
void client_plugin_path(const struct client *c, struct text *out);

/* A registry over these folders. NULL: no memory. */
struct plugin_registry *client_registry(const struct client *c);

/* "streamctl: " and a line on standard error; returns `code`. */
int client_fail(int code, const char *format, ...) STREAMD_PRINTF(2, 3);

/* The verbs. `count` arguments that are no options. */
int client_validate(struct client *c, int count, char **arguments);
int client_run(struct client *c, int count, char **arguments);
int client_status(struct client *c, int count, char **arguments);
int client_savepoint(struct client *c, int count, char **arguments);
int client_savepoint_take(struct client *c, const char *file);
int client_rescale(struct client *c, int count, char **arguments);
int client_stop(struct client *c, int count, char **arguments);
int client_graph(struct client *c, int count, char **arguments);
int client_echo(struct client *c, int count, char **arguments);
int client_explain(struct client *c, int count, char **arguments);
int client_plugins(struct client *c, int count, char **arguments);
int client_functions(struct client *c, int count, char **arguments);
int client_new(struct client *c, int count, char **arguments);
int client_completion(struct client *c, int count, char **arguments);
int client_reference(struct client *c, int count, char **arguments);

#endif
