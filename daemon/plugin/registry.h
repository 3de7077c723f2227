/*
 * plugin/registry.h - finding plugins, judging them, loading them.
 *
 * A registry has a search path of folders. A plugin is the file KIND-NAME.so in the first folder
 * that has one. Before its code runs, the file is judged: owner and mode of the file and its
 * folder, ELF header; then a child process loads it, so that a plugin that crashes, hangs or exits
 * on load is a diagnostic and not the end of this process; then this process loads it. Nothing is
 * ever unloaded. Main thread only.
 */
#ifndef PLUGIN_REGISTRY_H
#define PLUGIN_REGISTRY_H

#include "base/arena.h"

#include <streamd/backend.h>
#include <streamd/error.h>
#include <streamd/format.h>
#include <streamd/function.h>
#include <streamd/operator.h>
#include <streamd/source.h>

struct plugin_registry;

/* Stable numbers of what can be wrong with a plugin, in streamd_error.diagnostic. */
enum plugin_problem {
    PLUGIN_MISSING = 3001,      /* no such file in the search path */
    PLUGIN_UNTRUSTED = 3002,    /* owner or mode of the file or its folder */
    PLUGIN_NOT_LOADABLE = 3003, /* not ELF, another machine, a missing library */
    PLUGIN_NOT_A_PLUGIN = 3004, /* no streamd_plugin symbol, no descriptor of that kind and name */
    PLUGIN_OTHER_ABI = 3005,    /* another major (or, before 1.0, minor) version */
    PLUGIN_CRASHES = 3006       /* the child that loaded it died or did not answer in time */
};

/* A plugin that was found, for lists. */
struct plugin_info {
    uint32_t kind;
    const char *name;
    const char *path;
};

/* The word for a kind in file names: "source", ... or NULL. */
const char *plugin_kind_word(uint32_t kind);

/*
 * A registry over a search path: folders separated by ':'. Folders that do not exist are skipped.
 * NULL: no memory.
 */
struct plugin_registry *plugin_registry_new(const char *search_path);
void plugin_registry_free(struct plugin_registry *registry);

/* Adds a plugin that is part of the program, found before any file and not listed: for the fake
   host of tests. The descriptor outlives the registry. 0 or STREAMD_E_NOMEM. */
int plugin_add(struct plugin_registry *registry, const struct streamd_descriptor *descriptor);

/*
 * The descriptor of a plugin, loading it when it is not yet. On failure the error says which file,
 * what is wrong with it, and what to do; its diagnostic is an enum plugin_problem.
 */
int plugin_find(struct plugin_registry *registry, uint32_t kind, const char *name,
                const struct streamd_descriptor **descriptor, struct streamd_error *error);

/* All plugins in the search path by file name, none of them loaded, sorted by kind and name. The
   array belongs to the registry and lives until the next call. 0 or STREAMD_E_NOMEM. */
int plugin_list(struct plugin_registry *registry, const struct plugin_info **infos,
                uint32_t *count);

/* Names of the plugins of a kind, ended by NULL, for "did you mean"; NULL: no memory. Belongs to
   the registry. */
const char *const *plugin_names(struct plugin_registry *registry, uint32_t kind);

/*
 * Judges a file without keeping it: all checks, and the load in a child. 0, or negative with the
 * error filled. `report` gets one line per descriptor ("source file: ...") and may be NULL; it is
 * to be released with memory_free.
 */
int plugin_probe(const char *path, char **report, struct streamd_error *error);

#endif
