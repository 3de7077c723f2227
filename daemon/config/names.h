/*
 * config/names.h - which names have been seen: keys of maps and anchors.
 *
 * Internal to config. One hash table for a whole file, so that 50,000 keys in one map cost no more
 * than 50,000 maps. Its seed differs from run to run, so that nobody can make a file of keys that
 * collide. Start with {0}.
 */
#ifndef CONFIG_NAMES_H
#define CONFIG_NAMES_H

#include <stddef.h>

struct node;

struct names_entry {
    const void *scope; /* the map; NULL for anchors */
    const char *name;  /* not copied; NULL: a free slot */
    struct node *node;
};

struct names {
    struct names_entry *slots; /* a power of two of them */
    size_t count, capacity;
};

/* The node of a name in a scope, or NULL. */
struct node *names_find(const struct names *n, const void *scope, const char *name);

/* Adds a name that is not there. 0 or STREAMD_E_NOMEM. */
int names_add(struct names *n, const void *scope, const char *name, struct node *node);

/* Forgets them all. */
void names_clear(struct names *n);

#endif
