/*
 * Where the fields of a schema lie in a record: a tree of the keys that somebody reads.
 *
 *   schema: {user: string, city: {type: string, path: $.address.city}}
 *   root -> user (field 0)
 *        -> address -> city (field 1)
 *
 * A path is `$` and then, one or more times, `.name` or `['name']`, in which quotes and backslashes
 * stand for themselves. Names are compared byte by byte with the keys of a record, after the
 * escapes of those were resolved.
 */
#ifndef JSON_PATH_H
#define JSON_PATH_H

#include <streamd/format.h>

#define JSON_NO_FIELD UINT32_MAX

enum { JSON_PATH_DEPTH = 32 }; /* names in a path */

/* A key at its place in a record. `first_field` heads the list of the fields that lie there
   (json_field.same_place); `slots` is a hash table of the children, by name. */
struct json_member {
    const uint8_t *name; /* 8 bytes behind it are readable */
    size_t length;
    uint32_t first_field;
    uint32_t mask; /* of slots; a power of two less one */
    uint32_t child_count;
    struct json_member **slots; /* NULL: no children */
    struct json_member *first_child, *next_sibling, *last_found;
    uint32_t seen; /* the record that this key was seen in last, see json_decoder.record */
};

/*
 * Takes the next name off a path, of which *at is the rest: 1 with the name, 0 at its end, -1 where
 * the path is none. A path begins at its `$`.
 */
int json_path_next(const char **at, struct streamd_str *name);

/* What is wrong with the path, or NULL. */
const char *json_path_fault(const char *path);

/*
 * Adds field `field` at its place below `root` (its path, or its name). *previous is set to the
 * field that was first in the list of that place, or JSON_NO_FIELD. 0 or STREAMD_E_NOMEM; memory is
 * released by json_path_clear in either case.
 */
int json_path_add(struct streamd_context *c, struct json_member *root,
                  const struct streamd_format_field *f, uint32_t field, uint32_t *previous);

/* Makes the hash tables, after all fields were added. 0 or STREAMD_E_NOMEM. */
int json_path_finish(struct streamd_context *c, struct json_member *root);

/* Releases all that is below the root. */
void json_path_clear(struct streamd_context *c, struct json_member *root);

/* The child of that name, or NULL. 8 bytes behind the name must be readable. */
struct json_member *json_path_find(struct json_member *parent, const uint8_t *name, size_t length);

#endif
