/*
 * streamd/option.h - options as a table.
 *
 * From the table come the check of the user's YAML with its did-you-mean, the text of `streamctl
 * plugins NAME`, the reference page and the admin API. The host fills the plugin's options struct:
 * each entry says the offset of its member, and this is the member's C type:
 *
 *   BOOL        uint8_t
 *   INT         int64_t
 *   FLOAT       double
 *   DURATION    int64_t, microseconds (`500ms`, `5m`; the unit is required)
 *   SIZE        int64_t, bytes (`64MiB`; the unit is required)
 *   STRING      const char *                 UTF-8 without NUL, owned by the host
 *   ENUM        int64_t                      index into `choices`
 *   STRINGS     struct streamd_strings       list of strings
 *   FIELD       const char *                 name of a field of the input, checked at bind
 *   FIELDS      struct streamd_strings       names of fields of the input, checked at bind
 *   EXPRESSION  struct streamd_expr *        typed against the input's schema
 *   PROJECTION  struct streamd_projection *  map of name to expression
 *   AGGREGATES  struct streamd_aggregates *  map of name to expression with aggregates
 *   GROUP       the child struct itself      map with the keys of `children`
 *   MAP         struct streamd_map           map of a user's names to groups of `children`
 *   ANY         const char *                 any YAML value, given as JSON text
 *
 * A member keeps zero where the user gave nothing and there is no default. `present_offset`, where
 * not 0, is the offset of a uint8_t that becomes 1 when the user wrote the option.
 *
 * EXPRESSION, PROJECTION and AGGREGATES of an operator or sink see the fields of its input (all
 * inputs of a node have one schema unless it says otherwise). AGGREGATES see the names in
 * `extra_columns` as well, in their results: the window operator's window_start and window_end.
 */
#ifndef STREAMD_OPTION_H
#define STREAMD_OPTION_H

#include <streamd/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct streamd_expr;       /* expr.h */
struct streamd_projection; /* expr.h */
struct streamd_aggregates; /* aggregate.h */

/* Types of options; see the table above. Never renumbered. */
enum streamd_option_type {
    STREAMD_OPTION_BOOL = 1,
    STREAMD_OPTION_INT = 2,
    STREAMD_OPTION_FLOAT = 3,
    STREAMD_OPTION_DURATION = 4,
    STREAMD_OPTION_SIZE = 5,
    STREAMD_OPTION_STRING = 6,
    STREAMD_OPTION_ENUM = 7,
    STREAMD_OPTION_STRINGS = 8,
    STREAMD_OPTION_FIELD = 9,
    STREAMD_OPTION_FIELDS = 10,
    STREAMD_OPTION_EXPRESSION = 11,
    STREAMD_OPTION_PROJECTION = 12,
    STREAMD_OPTION_AGGREGATES = 13,
    STREAMD_OPTION_GROUP = 14,
    STREAMD_OPTION_MAP = 15,
    STREAMD_OPTION_ANY = 16
};

enum streamd_option_flags {
    STREAMD_OPTION_REQUIRED = 1,  /* an error where the user does not give it */
    STREAMD_OPTION_SECRET = 2,    /* printed as *** everywhere */
    STREAMD_OPTION_DEPRECATED = 4 /* works, with a warning; doc says what to write instead */
};

struct streamd_strings {
    uint32_t count;
    const char *const *items;
};

/* Entries in the user's order. `entry(i)` is at (char *)items + i * stride, `names[i]` its key. */
struct streamd_map {
    uint32_t count;
    uint32_t stride; /* the children_size of the option */
    const char *const *names;
    void *items;
};

/*
 * One option. `default_text` is what a user would write in YAML for the same effect; it is parsed
 * like a user's value, so that documentation and behaviour cannot differ. minimum and maximum
 * bound INT, DURATION, SIZE where minimum < maximum.
 */
struct streamd_option {
    const char *name; /* NULL ends the table */
    uint32_t type;    /* enum streamd_option_type */
    uint32_t flags;   /* enum streamd_option_flags */
    uint32_t offset;
    uint32_t present_offset;
    const char *default_text;
    int64_t minimum, maximum;
    const char *const *choices;                /* ENUM: words ended by NULL */
    const struct streamd_option *children;     /* GROUP, MAP: the inner table */
    uint32_t children_size;                    /* GROUP, MAP: bytes of the inner struct */
    const struct streamd_field *extra_columns; /* AGGREGATES: ended by a field without a name */
    const char *doc;                           /* one line, no final stop */
};

#ifdef __cplusplus
}
#endif
#endif
