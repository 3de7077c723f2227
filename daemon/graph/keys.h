/*
 * graph/keys.h - the engine's own keys in a pipeline file, as option tables.
 *
 * The check of a file, its diagnostics and the reference page (docs/reference/pipeline.md) are all
 * made from these tables. A key whose feature is not in this version has OPTIONS_LATER and is
 * refused, never ignored.
 */
#ifndef GRAPH_KEYS_H
#define GRAPH_KEYS_H

#include "config/options.h"

struct keys_limits {
    int64_t memory, record; /* bytes */
};

struct keys_state {
    const char *backend;
};

struct keys_checkpoint {
    int64_t every; /* microseconds; 0: none */
    int64_t keep, timeout;
    uint8_t has_every;
};

struct keys_restart {
    int64_t policy;                                /* enum pipeline_restart_policy - 1 */
    int64_t initial, max, reset_after, delay, per; /* microseconds */
    int64_t attempts, failures, poison;
};

/* The file. Nodes are kept as YAML and bound one by one. */
struct keys_file {
    int64_t version;
    const char *name;
    int64_t parallelism, key_groups;
    int64_t delivery; /* enum keys_delivery, where has_delivery */
    int64_t at_end;   /* enum keys_at_end */
    struct keys_limits limits;
    struct keys_state state;
    struct keys_checkpoint checkpoint;
    struct keys_restart restart;
    struct node *sources, *operators, *sinks, *tests;
    uint8_t has_delivery;
};

enum keys_delivery { KEYS_AT_LEAST_ONCE = 0, KEYS_EXACTLY_ONCE = 1 };
enum keys_at_end { KEYS_DRAIN = 0, KEYS_SAVEPOINT = 1 };

struct keys_event_time {
    const char *field;
    int64_t out_of_orderness_us, idle_after_us;
    uint8_t has_idle_after;
};

/* A source, operator or sink; each kind has its own table of these. */
struct keys_node {
    const char *type;
    struct node *inputs, *key_by, *config, *format, *schema;
    struct keys_event_time event_time;
    int64_t on_error; /* enum pipeline_on_error */
    int64_t delivery; /* enum keys_delivery, where has_delivery */
    int64_t parallelism;
    const char *renamed_from;
    uint8_t has_delivery, has_event_time;
};

/* The long form of a field in `schema:`. */
struct keys_field {
    const char *type;
    int64_t unit; /* enum streamd_unit - 1, where has_unit */
    const char *path, *format;
    struct streamd_strings nulls;
    uint8_t has_unit, has_nulls;
};

/* One entry of `tests:`. Its form is all that is checked here. */
struct keys_test {
    const char *name;
    struct node *env, *mock, *steps;
};

extern const struct streamd_option keys_of_file[], keys_of_source[], keys_of_operator[],
    keys_of_sink[], keys_of_field[], keys_of_test[];

/* The table for a node of this kind (enum streamd_kind). */
const struct streamd_option *keys_of_node(uint32_t kind);

/* The tables with what stands above them in the reference, ended by an entry without a table. */
struct keys_section {
    const char *title;
    const char *where; /* "sources.NAME" */
    const char *doc;
    const struct streamd_option *table;
};

extern const struct keys_section keys_sections[];

#endif
