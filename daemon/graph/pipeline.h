/*
 * graph/pipeline.h - the typed, checked definition of one pipeline file.
 *
 * Made from the YAML tree alone; no plugin is asked. What needs them (does `type:` exist, its
 * options, side outputs, schemas along edges) is checked by daemon/plan, which fills nothing in
 * here. Everything lives in the pipeline's arena, but for pointers to YAML nodes, so that the
 * document must outlive the pipeline. Read-only once made.
 */
#ifndef GRAPH_PIPELINE_H
#define GRAPH_PIPELINE_H

#include "base/arena.h"
#include "config/document.h"

#include <streamd/bind.h>
#include <streamd/format.h>
#include <streamd/plugin.h>

/* Longest name of a pipeline or node, and of a plugin's type. */
enum {
    PIPELINE_NAME_MAX = 63,
    PIPELINE_KEYS_MAX = 64,
    PIPELINE_FIELDS_MAX = 4096,
    PIPELINE_NODES_MAX = 1000,
    PIPELINE_INPUTS_MAX = 10000
};

/* What happens to a row that fails. */
enum pipeline_on_error { PIPELINE_FAIL = 0, PIPELINE_SKIP = 1, PIPELINE_OUTPUT = 2 };

/* One edge. `output` is "" for the main output, else the name of a side output: "late", "error". */
struct pipeline_input {
    uint32_t node; /* index of the producer */
    const char *output;
    struct node *yaml; /* the scalar, as the user wrote it */
};

/* One field of a source's `schema:`. */
struct pipeline_field {
    const char *name;
    struct streamd_type type;
    uint32_t unit;           /* enum streamd_unit */
    const char *path;        /* "$.a.b" or NULL */
    const char *time_format; /* PostgreSQL's template pattern or NULL */
    struct node *time_format_yaml;
    struct streamd_strings nulls; /* texts that mean NULL */
    struct node *yaml;            /* its value; its key is ->key */
};

struct pipeline_event_time {
    const char *field; /* NULL: none */
    struct node *field_yaml;
    int64_t out_of_orderness_us;
    int64_t idle_after_us;  /* 0 with has_idle_after: never idle */
    uint8_t has_idle_after; /* else: 10s for unbounded sources, never for the others */
    uint8_t given;
};

struct pipeline_node {
    uint32_t kind; /* STREAMD_SOURCE, STREAMD_OPERATOR, STREAMD_SINK */
    const char *name;
    const char *type;  /* NULL only while the file has errors */
    struct node *yaml; /* the node's map; yaml->key is its name */
    struct node *type_yaml;
    struct node *config; /* NULL: the user gave none */

    uint8_t inputs_bad, config_bad, format_bad; /* reported: what is there is not all */
    uint32_t input_count;
    struct pipeline_input *inputs;
    struct streamd_strings key_by;
    struct node *key_by_yaml; /* NULL: none; items in order */

    uint32_t on_error; /* enum pipeline_on_error */
    uint32_t delivery; /* of a sink: enum streamd_delivery, 0: the pipeline's */
    struct node *delivery_yaml;
    int64_t parallelism; /* at most the pipeline's; 0: the pipeline's */

    const char *format_type; /* NULL: no `format:` */
    struct node *format;     /* its map: `type` and the format's own options */
    struct node *format_type_yaml;

    uint32_t field_count;
    struct pipeline_field *fields;
    struct streamd_schema schema; /* the same; field_count 0: the user gave none */
    struct node *schema_yaml;     /* NULL: none */
    uint8_t schema_bad; /* fields with errors are missing in it: do not complain of what it lacks */
    struct pipeline_event_time event_time;
};

/* `checkpoint:`. */
struct pipeline_checkpoint {
    int64_t every_us;    /* 0: only at the end, at a stop and for a savepoint */
    uint8_t every_given; /* else PIPELINE_EVERY_US with a state directory, and 0 without */
    uint32_t keep;
    int64_t timeout_us;
};

#define PIPELINE_EVERY_US (10 * 1000 * 1000LL)

/* `restart:`. The values of enum restart_kind and struct restart_policy (checkpoint/restart.h). */
enum pipeline_restart_policy {
    PIPELINE_RESTART_EXPONENTIAL = 1,
    PIPELINE_RESTART_FIXED = 2,
    PIPELINE_RESTART_FAILURE_RATE = 3,
    PIPELINE_RESTART_NONE = 4
};

struct pipeline_restart {
    enum pipeline_restart_policy policy;
    int64_t initial_us, max_us, reset_after_us; /* exponential */
    int64_t delay_us;                           /* fixed, failure_rate */
    uint32_t attempts;                          /* fixed */
    uint32_t failures;                          /* failure_rate */
    int64_t per_us;                             /* failure_rate */
    uint32_t poison;                            /* 0: never */
};

/* What happens when all input has been read. */
enum pipeline_at_end { PIPELINE_DRAIN = 0, PIPELINE_SAVEPOINT = 1 };

struct pipeline {
    struct arena arena;
    const char *name; /* the file's stem */
    struct document *document;
    int64_t parallelism; /* 1 to key_groups */
    int64_t key_groups;
    struct pipeline_checkpoint checkpoint;
    struct pipeline_restart restart;
    enum pipeline_at_end at_end;
    uint32_t delivery; /* enum streamd_delivery; 0: the strongest that each sink gives */
    struct node *delivery_yaml;
    int64_t memory_bytes, record_bytes; /* limits */
    const char *backend;                /* state.backend */
    struct node *backend_yaml;          /* NULL: the default */

    uint32_t node_count;
    struct pipeline_node *nodes; /* sources, operators, sinks, each in the file's order */
    uint32_t *order;             /* node indices, producers before consumers; whole only where the
                                    file has no errors */
};

/*
 * Reads and checks a document: keys and values, then names, inputs, cycles, what is unused. All
 * problems go to `d`. 0, STREAMD_E_REPORTED (what could be read is filled in; with that much daemon
 * /plan can go on to find more), STREAMD_E_NOMEM. Release with pipeline_clear in all cases.
 */
int pipeline_read(struct pipeline *p, struct document *document,
                  struct diagnostics *d) STREAMD_MUST_CHECK;

/* Releases what pipeline_read filled in; the document stays the caller's. */
void pipeline_clear(struct pipeline *p);

/* The index of a node by name, or -1. */
int64_t pipeline_find(const struct pipeline *p, const char *name);

/* "source", "operator", "sink". */
const char *pipeline_kind_word(uint32_t kind);

/* 1 where `name` is [a-z][a-z0-9_-]{0,62}. */
int pipeline_name_is_valid(const char *name);

/*
 * Parses "decimal(10,2)|null". 0, or STREAMD_E_INVALID with a message and the place in the text.
 */
struct pipeline_type_error {
    size_t at, length;
    char message[120];
    char help[120]; /* or "" */
};
int pipeline_parse_type(const char *text, struct streamd_type *type,
                        struct pipeline_type_error *error);

/* Appends "decimal(10,2)|null". */
void pipeline_print_type(struct streamd_type type, struct text *out);

#endif
