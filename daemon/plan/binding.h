/*
 * plan/binding.h - what the parts of the bind step share. Private to plan/.
 */
#ifndef PLAN_BINDING_H
#define PLAN_BINDING_H

#include "config/options.h"
#include "expr/aggregates.h"
#include "expr/expr.h"
#include "plan/plan.h"

/* Codes of this layer's own diagnostics; those of expressions are in expr/expr.h. */
enum plan_code {
    PLAN_NO_SUCH_OUTPUT = 2301,   /* an input names a side output that its node does not have */
    PLAN_SCHEMAS_DIFFER = 2302,   /* the inputs of a node have different schemas */
    PLAN_CHANGELOG = 2303,        /* a node cannot take the updates that its input gives */
    PLAN_NO_FIELD = 2304,         /* key_by or event_time names no field of the schema */
    PLAN_KEY_TYPE = 2305,         /* a key of type json */
    PLAN_EVENT_TIME_TYPE = 2306,  /* event_time on a field that is no timestamp */
    PLAN_NEEDS_FORMAT = 2307,     /* no format where one is needed, or one where none is used */
    PLAN_NEEDS_SCHEMA = 2308,     /* a source without a schema, or one that cannot have one */
    PLAN_DELIVERY = 2309,         /* a sink cannot deliver exactly once */
    PLAN_EMPTY_MAP = 2310,        /* an expression map without an entry, or a bad entry */
    PLAN_FORMAT_DIRECTION = 2311, /* a format that cannot be read, or not be written */
    PLAN_BAD_PLUGIN = 3007        /* a plugin that breaks the contract of bind */
};

/* Everything that lives as long as the plan. */
struct built_plan {
    struct plan plan;
    struct expr_store store;
    struct expr_registry *functions;
};

/* The bind step of one node. */
struct binding {
    struct streamd_bind base; /* first: plugins hold a pointer to it */
    struct built_plan *built;
    const struct pipeline *pipeline;
    const struct pipeline_node *node;
    struct plan_node *out;
    struct diagnostics *diagnostics;
    const char *reader;            /* "operator 'sums'" */
    const char *input_name;        /* "input 'paid'" */
    struct node *config;           /* YAML of the options being bound: config or format */
    struct streamd_strings key_by; /* only those fields that exist */
    uint32_t accepts;              /* enum streamd_changelog, or-ed */
    int input_event_time;
    int own_event_time; /* the source's rows carry one */
    int needs_format;
    int has_outbox;
    int says_what_it_reads;
    const struct streamd_schema *declared; /* by streamd_bind_output */
    struct {
        struct plan_table *items;
        size_t count, capacity;
    } tables;
    struct {
        struct plan_output *items;
        size_t count, capacity;
    } outputs;
    int alone;          /* judged without its input: see binding_alone */
    int options_judged; /* those of `config:`; problems are reported */
    int nomem;
};

/* The functions behind streamd_bind. */
const struct streamd_bind_ops *binding_ops(void);

/* Fills the plugin's options struct from YAML; with expressions, see expressions.c. NULL after
   diagnostics. */
void *binding_options(struct binding *b, const struct streamd_descriptor *descriptor,
                      struct node *config, int skip_type);

/* Hooks for options that are expressions. `self` is the binding. */
const struct options_hooks *binding_hooks(struct binding *b, struct options_hooks *hooks);

/* Reports the problems of expressions that stand in `nodes[problem.item]`. */
void binding_report(struct binding *b, struct node *const *nodes,
                    const struct expr_problems *problems);

/* The format of a source or sink: options, fields, check. 0 or STREAMD_E_REPORTED. */
int binding_format(struct binding *b, struct plugin_registry *plugins);

/*
 * Judges what can be judged of a node that cannot be bound, so that a user need not mend one
 * mistake to hear of the next: that its plugins exist, and their options as far as these need no
 * input. `descriptor` is NULL where the node's plugin was not found. Reports; what comes out of it
 * is of no use.
 */
void binding_alone(struct binding *b, struct plugin_registry *plugins,
                   const struct streamd_descriptor *descriptor);

/* Marks what somebody reads, from the sinks upwards. 0 or STREAMD_E_NOMEM. */
int plan_needs(struct plan *plan);

#endif
