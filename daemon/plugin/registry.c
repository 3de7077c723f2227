/*
 * The registry: a search path, the files found in it, and the descriptors loaded so far.
 * A file is judged and probed once; afterwards its image stays for the life of the process.
 */
#include "plugin/registry.h"

#include "base/array.h"
#include "base/error.h"
#include "base/memory.h"
#include "plugin/judge.h"

#include <dirent.h>
#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct loaded {
    uint32_t kind;
    const char *name;
    const struct streamd_descriptor *descriptor;
};

struct plugin_registry {
    struct arena arena;
    struct {
        const char **items;
        size_t count, capacity;
    } folders;
    struct {
        struct loaded *items;
        size_t count, capacity;
    } loaded;
    struct {
        struct plugin_info *items;
        size_t count, capacity;
    } infos;
};

static const char *const kind_words[] = {NULL,     "source", "operator", "sink",
                                         "format", "state",  "functions"};

const char *plugin_kind_word(uint32_t kind)
{
    return kind < sizeof(kind_words) / sizeof(*kind_words) ? kind_words[kind] : NULL;
}

static uint32_t kind_of_word(const char *word, size_t length)
{
    for (uint32_t i = 1; i < sizeof(kind_words) / sizeof(*kind_words); i++)
        if (strlen(kind_words[i]) == length && memcmp(kind_words[i], word, length) == 0)
            return i;
    return 0;
}

struct plugin_registry *plugin_registry_new(const char *search_path)
{
    struct plugin_registry *r = memory_zalloc(1, sizeof(*r));
    const char *at = search_path;

    while (r && *at) {
        size_t length = strcspn(at, ":");

        if (length > 0) {
            const char *folder = arena_strndup(&r->arena, at, length);

            if (!folder || array_push(&r->folders, folder)) {
                plugin_registry_free(r);
                return NULL;
            }
        }
        at += length + (at[length] == ':');
    }
    return r;
}

void plugin_registry_free(struct plugin_registry *r)
{
    if (!r)
        return;
    array_clear(&r->folders);
    array_clear(&r->loaded);
    array_clear(&r->infos);
    arena_clear(&r->arena);
    memory_free(r);
}

int plugin_add(struct plugin_registry *r, const struct streamd_descriptor *descriptor)
{
    struct loaded entry = {descriptor->kind, descriptor->name, descriptor};

    return array_push(&r->loaded, entry) ? STREAMD_E_NOMEM : 0;
}

/* The first file KIND-NAME.so in the search path: 0 and its path, or negative. */
static int locate(struct plugin_registry *r, uint32_t kind, const char *name, char path[PATH_MAX],
                  struct streamd_error *error)
{
    char searched[300] = "";
    size_t used = 0;

    for (size_t i = 0; i < r->folders.count; i++) {
        int n =
            snprintf(path, PATH_MAX, "%s/%s-%s.so", r->folders.items[i], kind_words[kind], name);

        if (n > 0 && n < PATH_MAX && access(path, F_OK) == 0)
            return 0;
        n = snprintf(searched + used, sizeof(searched) - used, "%s%s", i ? ", " : "",
                     r->folders.items[i]);
        used = n > 0 && used + (size_t)n < sizeof(searched) ? used + (size_t)n : used;
    }
    return error_set_full(error, STREAMD_E_PLUGIN, STREAMD_FAIL_PIPELINE, PLUGIN_MISSING,
                          "there is no %s '%s': no file %s-%s.so in %s", kind_words[kind], name,
                          kind_words[kind], name, searched[0] ? searched : "an empty search path");
}

static int load(const char *path, uint32_t kind, const char *name,
                const struct streamd_descriptor **descriptor, struct streamd_error *error)
{
    char real[PATH_MAX];
    streamd_plugin_fn *enumerate;
    void *image;
    int rc = judge_file(path, error);

    if (!rc)
        rc = judge_in_child(path, kind, name, NULL, error);
    if (rc)
        return rc;
    image = dlopen(realpath(path, real) ? real : path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    *(void **)&enumerate = image ? dlsym(image, "streamd_plugin") : NULL;
    if (!enumerate)
        return error_set_full(error, STREAMD_E_PLUGIN, STREAMD_FAIL_PIPELINE, PLUGIN_NOT_LOADABLE,
                              "plugin %s: %s", path, dlerror());
    return judge_descriptors(enumerate, path, kind, name, descriptor, error);
}

/* Names become part of a path: nothing but [a-z0-9_] is looked for. */
static int is_plugin_name(const char *name)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");

    return length > 0 && length < 64 && name[length] == '\0';
}

int plugin_find(struct plugin_registry *r, uint32_t kind, const char *name,
                const struct streamd_descriptor **descriptor, struct streamd_error *error)
{
    struct loaded entry = {.kind = kind};
    char path[PATH_MAX];
    int rc;

    for (size_t i = 0; i < r->loaded.count; i++) {
        if (r->loaded.items[i].kind == kind && strcmp(r->loaded.items[i].name, name) == 0) {
            *descriptor = r->loaded.items[i].descriptor;
            return 0;
        }
    }
    if (!is_plugin_name(name))
        return error_set_full(error, STREAMD_E_PLUGIN, STREAMD_FAIL_PIPELINE, PLUGIN_MISSING,
                              "'%s' is no name of a plugin: letters a-z, digits and _ only", name);
    rc = locate(r, kind, name, path, error);
    if (!rc)
        rc = load(path, kind, name, &entry.descriptor, error);
    if (rc)
        return rc;
    entry.name = entry.descriptor->name;
    if (array_push(&r->loaded, entry))
        return error_set_nomem(error);
    *descriptor = entry.descriptor;
    return 0;
}

static int order(const void *a, const void *b)
{
    const struct plugin_info *x = a, *y = b;

    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    return strcmp(x->name, y->name);
}

static int known(const struct plugin_registry *r, uint32_t kind, const char *name)
{
    for (size_t i = 0; i < r->infos.count; i++)
        if (r->infos.items[i].kind == kind && strcmp(r->infos.items[i].name, name) == 0)
            return 1;
    return 0;
}

/* Notes the file if its name is that of a plugin and no earlier folder has it. */
static int note(struct plugin_registry *r, const char *folder, const char *file)
{
    const char *dash = strchr(file, '-');
    size_t length = strlen(file);
    struct plugin_info info;

    if (!dash || length < 4 || strcmp(file + length - 3, ".so") != 0)
        return 0;
    info.kind = kind_of_word(file, (size_t)(dash - file));
    if (!info.kind || dash + 1 >= file + length - 3)
        return 0;
    info.name = arena_strndup(&r->arena, dash + 1, (size_t)(file + length - 3 - dash - 1));
    info.path = arena_printf(&r->arena, "%s/%s", folder, file);
    if (!info.name || !info.path)
        return STREAMD_E_NOMEM;
    if (known(r, info.kind, info.name))
        return 0;
    return array_push(&r->infos, info) ? STREAMD_E_NOMEM : 0;
}

int plugin_list(struct plugin_registry *r, const struct plugin_info **infos, uint32_t *count)
{
    int rc = 0;

    r->infos.count = 0;
    for (size_t i = 0; i < r->folders.count && !rc; i++) {
        DIR *folder = opendir(r->folders.items[i]);
        struct dirent *entry;

        while (folder && !rc && (entry = readdir(folder)) != NULL)
            rc = note(r, r->folders.items[i], entry->d_name);
        if (folder)
            closedir(folder);
    }
    if (rc)
        return rc;
    if (r->infos.count)
        qsort(r->infos.items, r->infos.count, sizeof(*r->infos.items), order);
    *infos = r->infos.items;
    *count = (uint32_t)r->infos.count;
    return 0;
}

const char *const *plugin_names(struct plugin_registry *r, uint32_t kind)
{
    const struct plugin_info *infos;
    uint32_t count, n = 0;
    const char **names;

    if (plugin_list(r, &infos, &count))
        return NULL;
    names = arena_zalloc(&r->arena, (size_t)count + 1, sizeof(*names));
    for (uint32_t i = 0; names && i < count; i++)
        if (infos[i].kind == kind)
            names[n++] = infos[i].name;
    return names;
}

int plugin_probe(const char *path, char **report, struct streamd_error *error)
{
    int rc = judge_file(path, error);

    return rc ? rc : judge_in_child(path, 0, "", report, error);
}
