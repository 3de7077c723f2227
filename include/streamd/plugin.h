/*
 * streamd/plugin.h - what a plugin file is.
 *
 * A plugin is a shared library named KIND-NAME.so that exports one symbol, `streamd_plugin`: a
 * function that yields descriptors by index, so that one file can hold a source and a sink that
 * share code. Everything else in it is hidden by the linker. The file must yield a descriptor of
 * the KIND and NAME of its file name.
 *
 * A descriptor is constant and starts with struct streamd_descriptor. The host reads magic and ABI
 * version first and touches nothing else where they do not match. While the major version is 0
 * the minor must match exactly as well. Structs of the ABI grow at the end only, and `size` says
 * how much of a struct its plugin knows.
 *
 * A plugin has no mutable globals: two nodes of one type, and a restart inside one process, share
 * the image. It is never unloaded.
 */
#ifndef STREAMD_PLUGIN_H
#define STREAMD_PLUGIN_H

#include <streamd/option.h>

#ifdef __cplusplus
extern "C" {
#endif

#define STREAMD_PLUGIN_MAGIC 0x73746431u /* "std1" */
#define STREAMD_ABI_MAJOR 0
#define STREAMD_ABI_MINOR 3

/* Kinds, with the word used in file names. Never renumbered. */
enum streamd_kind {
    STREAMD_SOURCE = 1,   /* source-NAME.so     struct streamd_source */
    STREAMD_OPERATOR = 2, /* operator-NAME.so   struct streamd_operator */
    STREAMD_SINK = 3,     /* sink-NAME.so       struct streamd_operator, without outputs */
    STREAMD_FORMAT = 4,   /* format-NAME.so     struct streamd_format */
    STREAMD_STATE = 5,    /* state-NAME.so      struct streamd_backend */
    STREAMD_FUNCTIONS = 6 /* functions-NAME.so  struct streamd_functions */
};

/*
 * The common head of every descriptor.
 * options: table ended by an entry without a name, or NULL: the plugin takes none.
 * options_size: bytes of the plugin's own options struct, which the host allocates zeroed, fills
 * from the user's `config:` through the table, and passes to bind and open.
 * doc: one sentence, then optionally a blank line and more; shown by `streamctl plugins NAME`.
 */
struct streamd_descriptor {
    uint32_t magic;     /* STREAMD_PLUGIN_MAGIC */
    uint16_t abi_major; /* STREAMD_ABI_MAJOR */
    uint16_t abi_minor; /* STREAMD_ABI_MINOR */
    uint32_t size;      /* sizeof the whole descriptor, as the plugin was compiled */
    uint32_t kind;      /* enum streamd_kind */
    const char *name;   /* [a-z][a-z0-9_]{0,31}; what users write as `type:` */
    const char *doc;
    const struct streamd_option *options;
    uint32_t options_size;
};

/* Fills the first three members and the size of a descriptor of type `type`. */
#define STREAMD_DESCRIPTOR(type, kind_, name_) \
    STREAMD_PLUGIN_MAGIC, STREAMD_ABI_MAJOR, STREAMD_ABI_MINOR, (uint32_t)sizeof(type), kind_, name_

/*
 * The one exported symbol: the index-th descriptor, or NULL past the last. Called on the main
 * thread; must be quick, must not allocate or start threads.
 */
typedef const struct streamd_descriptor *streamd_plugin_fn(uint32_t index);

#if defined(__GNUC__)
#define STREAMD_EXPORT __attribute__((visibility("default")))
#else
#define STREAMD_EXPORT
#endif

/* What a plugin defines: a streamd_plugin_fn. */
STREAMD_EXPORT const struct streamd_descriptor *streamd_plugin(uint32_t index);

#ifdef __cplusplus
}
#endif
#endif
