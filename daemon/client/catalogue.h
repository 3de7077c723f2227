/*
 * client/catalogue.h - all functions and aggregates that an expression may call.
 *
 * Those built in, and those of every plugin of kind `functions` in the search path, from the same
 * tables that compile a user's expression. Main thread.
 */
#ifndef CLIENT_CATALOGUE_H
#define CLIENT_CATALOGUE_H

#include "client/client.h"

#include <stddef.h>
#include <stdint.h>

/* One signature. Texts and types point into the tables. */
struct catalogue_entry {
    const char *name;
    const char *plugin; /* whose it is; NULL: built in */
    int aggregate;
    int rows;            /* takes whole rows, as count(*) */
    const uint8_t *args; /* enum streamd_type_id, 0: any type; none where it takes rows */
    uint32_t argc;
    uint32_t flags; /* enum streamd_function_flags */
    uint8_t result; /* enum streamd_type_id, 0: that of the arguments */
    const char *doc;
};

/* Start with {0}; release with catalogue_clear. */
struct catalogue {
    struct catalogue_entry *items; /* functions before aggregates, then by name */
    size_t count, capacity;
    struct expr_registry *functions;
    struct plugin_registry *plugins;
};

/*
 * Fills a catalogue. A plugin that cannot be used is told on standard error and left out; the
 * result is then CLIENT_FAILED, and what there is can be shown all the same. CLIENT_FAILED with no
 * entries: no memory.
 */
int catalogue_load(struct catalogue *catalogue, const struct client *c);
void catalogue_clear(struct catalogue *catalogue);

/* Appends "lpad(string, int64, string) -> string". */
void catalogue_signature(const struct catalogue_entry *entry, struct text *out);

/* The name of a type of an argument or a result. */
const char *catalogue_type(uint8_t id);

#endif
