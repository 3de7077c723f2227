/*
 * client/verbs.h - the command line as tables.
 *
 * The parser, --help, the shell completions and the check of the man page all read them.
 */
#ifndef CLIENT_VERBS_H
#define CLIENT_VERBS_H

#include "client/client.h"

enum verb_flags {
    VERB_JSON = 1,
    VERB_QUIET = 2,
    VERB_LOG_LEVEL = 4,
    VERB_PLUGIN_PATH = 8,
    VERB_FORMAT = 16,
    VERB_TUNING = 32, /* --batch-rows, --channel-slots */
    VERB_STATE_DIR = 64,
    VERB_WORKERS = 128, /* --parallelism, --restore, --drop-state, --accept-duplicates */
    VERB_ANY_FILE = 256 /* its arguments can be files beside `words` */
};

struct verb {
    const char *name; /* NULL ends the table */
    const char *arguments;
    const char *summary;
    const char *details;
    unsigned flags;    /* which options it takes, enum verb_flags */
    int least, most;   /* how many arguments */
    int hidden;        /* not in lists: for those who build streamd */
    const char *words; /* what the first argument can be, separated by spaces; NULL: a file */
    int (*run)(struct client *c, int count, char **arguments);
};

struct verb_option {
    const char *name;     /* without --; NULL ends the table */
    char letter;          /* 0: none */
    unsigned flag;        /* enum verb_flags; 0: every verb has it */
    const char *argument; /* NULL: takes none */
    const char *words;    /* choices of the argument, separated by spaces; NULL: anything */
    const char *doc;
};

extern const struct verb client_verbs[];
extern const struct verb_option client_options[];

#endif
