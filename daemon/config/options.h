/*
 * config/options.h - from YAML to a struct, by a table of options (streamd/option.h).
 *
 * Checks everything the table says and reports all problems with their place: unknown keys and
 * words (with a did-you-mean), wrong types, ranges, units, required options, deprecated ones.
 * Engine keys (graph/keys.h) and plugins' options go through the same code, and the reference pages
 * are made from the same tables.
 *
 * Scalars: true and false; integers in decimal; floats as in JSON, and inf, -inf, nan; durations
 * 500us 500ms 30s 5m 1h 2d; sizes 100B 64KiB 128MiB 1GiB (also 0 without a unit). A quoted scalar
 * is taken like a plain one: the table knows the type.
 */
#ifndef CONFIG_OPTIONS_H
#define CONFIG_OPTIONS_H

#include "config/document.h"

#include <streamd/option.h>

/* Types beyond the ABI's, for the engine's own tables. */
enum options_type {
    OPTIONS_NODE = 1000 /* struct node *: any YAML, for the caller to judge */
};

/* Flags beyond the ABI's, for the engine's own tables. */
enum options_flags {
    OPTIONS_LATER = 1u << 16,  /* refused: "not in this version"; `doc` still says what it is for */
    OPTIONS_OR_NONE = 1u << 17 /* a DURATION that may be `none`, which is 0 */
};

/*
 * What makes sense of expressions, which a lower layer cannot. Each gets the option and the user's
 * node (a scalar; a map for the latter two: the hook checks keys and values), puts a pointer that
 * lives as long as the plan into *result, and returns 0, or adds diagnostics and returns
 * STREAMD_E_REPORTED, or STREAMD_E_NOMEM. A member that is NULL: such options are taken as given
 * and their members stay NULL.
 */
struct options_hooks {
    void *self;
    int (*expression)(void *self, const struct streamd_option *option, struct node *node,
                      const struct streamd_expr **result);
    int (*projection)(void *self, const struct streamd_option *option, struct node *node,
                      const struct streamd_projection **result);
    int (*aggregates)(void *self, const struct streamd_option *option, struct node *node,
                      const struct streamd_aggregates **result);
};

/* What a binding needs. `owner` stands in messages: "filter" gives "filter has no option 'wher'".
 */
struct options_context {
    struct arena *arena; /* strings, lists, maps; outlives the target */
    struct diagnostics *diagnostics;
    const char *owner;
    const char *word;                   /* what an entry is called: "option" (default) or "key" */
    const struct streamd_schema *input; /* FIELD and FIELDS are checked against it; NULL: not */
    const char *input_name;             /* for messages, or NULL */
    const struct options_hooks *hooks;  /* NULL: expressions are left alone */
    const char *ignored_prefix;         /* keys that begin so are not looked at; NULL: none */
    const char *unknown_help;           /* for a key that is like no other, or NULL */
    const struct streamd_option *outer; /* keys that stand beside this map, not in it; NULL: none */
    const char *outer_name;             /* what this map is called then: "config" */
};

/*
 * Fills `target` (zeroed, as large as the table says) from `map`. `map` may be NULL (the user gave
 * nothing: defaults apply, and missing options are reported at `at`). 0, STREAMD_E_REPORTED (all
 * problems are in the diagnostics; good values are filled in), or STREAMD_E_NOMEM.
 */
int options_bind(const struct options_context *c, const struct streamd_option *table,
                 struct node *map, struct span at, void *target) STREAMD_MUST_CHECK;

/* Reports SD2104 where the scalar `node` names no field of c->input. 0, also where c->input is
   NULL, or STREAMD_E_REPORTED. `index` (may be NULL) is the field's number. */
int options_check_field(const struct options_context *c, const struct node *node, uint32_t *index);

/*
 * The YAML node for a dotted option path in a node's `config:`, for a diagnostic that a plugin
 * raised; the deepest that exists. "" gives `config` itself.
 */
struct node *options_find(struct node *config, const char *path);

/*
 * Judges a plugin's own table: offsets within `size`, names, defaults that parse, choices,
 * children. 0, or STREAMD_E_PLUGIN with a message that names the option.
 */
int options_check_table(const struct streamd_option *table, uint32_t size,
                        struct streamd_error *error);

/* A whole number, duration or size from a command line. 0, or STREAMD_E_INVALID with a message. */
int options_parse_int(const char *text, int64_t *value, struct streamd_error *error);
int options_parse_duration(const char *text, int64_t *us, struct streamd_error *error);
int options_parse_size(const char *text, int64_t *bytes, struct streamd_error *error);

/* Appends a duration or a size as a user would write it: 90000000 is 90s, 1048576 is 1MiB. */
void options_print_duration(int64_t us, struct text *out);
void options_print_size(int64_t bytes, struct text *out);

/* The word for a type in documentation and messages: "duration", "list of strings", ... */
const char *options_type_name(uint32_t type);

#endif
