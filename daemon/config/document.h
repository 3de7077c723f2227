/*
 * config/document.h - a YAML file as a tree that knows where everything stands.
 *
 * The subset that pipeline files use: one document of maps, lists and scalars. Duplicate keys, keys
 * that are not strings, merge keys, tags, directives, tabs outside of scalars, several documents,
 * NUL and what is not UTF-8 are errors with a position. Anchors and aliases are allowed; an alias
 * becomes a copy of the tree it stands for.
 *
 * Bounds, checked while reading: DOCUMENT_MAX_* below. What a hostile file can cost is therefore
 * known: some 10 MiB and a few tens of milliseconds.
 *
 * Scalars are texts. Their type comes from the option that reads them (options.h), so `no` is the
 * word no where a string is wanted, and an error with a fix-it where a bool is.
 *
 * Interpolation is done on parsed scalars that are values (never on keys, never on the file's
 * text): ${VAR}, ${VAR:-default} (also where VAR is empty), ${VAR:?message}, ${cred:NAME} (a file
 * in the credentials directory), ${file:/path}; $${ stands for ${. Values of the last two are
 * secret.
 *
 * A tree is read-only after loading, but for document_mark_secret. Not for two threads at once.
 */
#ifndef CONFIG_DOCUMENT_H
#define CONFIG_DOCUMENT_H

#include "base/arena.h"
#include "base/text.h"
#include "config/diagnostics.h"

struct interpolation;

enum {
    DOCUMENT_MAX_BYTES = 1 << 20,
    DOCUMENT_MAX_DEPTH = 64,
    DOCUMENT_MAX_NODES = 100000, /* aliases expanded */
    DOCUMENT_MAX_SCALAR = 64 << 10,
    DOCUMENT_MAX_ANCHORS = 1000
};

enum node_kind { NODE_MAP = 1, NODE_LIST = 2, NODE_SCALAR = 3 };

/* How a node is written. Maps and lists are BLOCK or FLOW. */
enum node_style {
    NODE_PLAIN = 1,
    NODE_SINGLE_QUOTED = 2,
    NODE_DOUBLE_QUOTED = 3,
    NODE_LITERAL = 4, /* | */
    NODE_FOLDED = 5,  /* > */
    NODE_BLOCK = 6,
    NODE_FLOW = 7 /* {...} [...] */
};

/* Why a node is secret, or-ed. */
enum node_secret {
    NODE_SECRET_VALUE = 1, /* it came through ${cred:} or ${file:} */
    NODE_SECRET_OPTION = 2 /* a secret option reads it, so that the file's text is secret too */
};

/*
 * One node. offset and length are bytes of the file: for a block scalar from its | or > on, for a
 * quoted one with its quotes; for a copy made by an alias, those of the original.
 */
struct node {
    uint8_t kind;   /* enum node_kind */
    uint8_t style;  /* enum node_style */
    uint8_t secret; /* not 0: print *** instead of its text; enum node_secret */
    uint8_t bad;    /* what is wrong with it has been reported: judge it no further */
    uint32_t offset, length;
    uint32_t text_length;
    uint32_t count;   /* entries of a map, items of a list */
    const char *text; /* scalar: the value, NUL-terminated, no NUL inside; else NULL */
    const struct interpolation *interpolation; /* NULL: text stands in the file as it is */
    struct node *key; /* where the parent is a map: the scalar that is the key; else NULL */
    struct node *parent;
    struct node *first; /* map: its first value (whose key is in ->key); list: its first item */
    struct node *next;  /* the next one of the same parent */
    struct document *document;
};

/*
 * Where ${...} looks. `variable` gives the value of an environment variable or NULL; the pointer
 * must live until document_load returns. `credentials` is the folder of ${cred:NAME}, NULL: none.
 */
struct document_environment {
    const char *(*variable)(void *self, const char *name);
    void *self;
    const char *credentials;
};

/* A piece of the file that must not be printed. */
struct secret_range {
    struct secret_range *next;
    uint32_t offset, length;
};

struct document {
    struct arena arena;
    char *data; /* the file */
    size_t length;
    struct node *root; /* NULL: nothing could be read */
    uint32_t *lines;   /* offsets of the beginnings of lines; NULL until they are known */
    uint32_t line_count;
    struct secret_range *secrets;
    uint8_t broken;     /* reading ended in an error: there is no tree */
    uint8_t hide_lines; /* a secret could not be noted for want of memory: print no excerpts */
};

/* The process's environment and $CREDENTIALS_DIRECTORY. */
struct document_environment document_system_environment(void);

/*
 * Reads a file, or a text of `length` bytes as if it were the file d->file, into a tree. Problems
 * go to `d`, whose document it becomes. 0: all is well. STREAMD_E_REPORTED: there are errors; where
 * root is not NULL the tree is whole, but for nodes that are marked bad, and should be judged
 * further. STREAMD_E_NOMEM. `environment` NULL: ${...} is left as it is. Release with
 * document_clear in all cases.
 */
int document_load(struct document *doc, const struct document_environment *environment,
                  struct diagnostics *d) STREAMD_MUST_CHECK;
int document_load_text(struct document *doc, const char *text, size_t length,
                       const struct document_environment *environment,
                       struct diagnostics *d) STREAMD_MUST_CHECK;

/* Releases the tree; not before its diagnostics have been printed. */
void document_clear(struct document *doc);

/* The value of a key of a map, or NULL; NULL also where `map` is NULL or no map. */
struct node *document_get(const struct node *map, const char *key);

/*
 * The node at a path of keys and list indices, "window.every" or "topics.0", below `node`. Where
 * it does not lead to the end, the deepest node on the way. Never NULL for a node that is not.
 */
struct node *document_find(struct node *node, const char *path);

/* Where a node stands; its key where it has one, else the node itself. */
struct span node_span(const struct node *node);
struct span node_key_span(const struct node *node);

/*
 * The piece of the file that `length` bytes of a scalar's text from `value_offset` on were made
 * from. Right through quotes, escapes, folded lines, block scalars and ${...} (which is pointed at
 * as a whole). Never fails: where there is nothing better it is the whole node.
 */
struct span document_span_inside(const struct node *node, size_t value_offset, size_t length);

/* Line, from 1, of a byte offset; 1 where lines are not known. */
uint32_t document_line(const struct document *doc, size_t offset);

/* Line and column, from 1, of a byte offset; column counts characters. */
void document_position(const struct document *doc, size_t offset, uint32_t *line, uint32_t *column);

/* "operators.sums.config.window" of a node; appended to `out`. The root is "". */
void document_path(const struct node *node, struct text *out);

/* A scalar's text, shortened where long, for a message: 'amount', or *** where secret; "a map" and
   "a list" for the others. Lives as long as `d`. */
const char *document_quote(struct diagnostics *d, const struct node *node);

/*
 * Why a scalar may say less than its writer meant: "YAML takes ... for a comment: ...". NULL where
 * nothing speaks for that. A help for values that cannot be read; static.
 */
const char *document_hint(const struct node *node);

/* Marks a node and everything in it as secret, where a secret option reads it. */
void document_mark_secret(struct node *node);

/* 1 for a plain scalar that is empty, `~` or `null`: a key without a value. A reference is a value,
   also where it stands for nothing. */
int node_is_null(const struct node *node);

/*
 * Appends a node as JSON: plain scalars that are JSON numbers, true, false or null as these, all
 * other scalars as strings. `mask`: secrets as "***".
 */
void document_json(const struct node *node, struct text *out, int mask);

/* Appends the tree as YAML as streamd read it: after interpolation, aliases expanded, secrets as
 ***. It reads back to the same tree, but for the secrets. */
void document_yaml(const struct node *node, struct text *out);

#endif
