/*
 * state/sealed.h - where the rows of sealed namespaces stand in files of checkpoints, so that a
 * later checkpoint refers to them instead of writing them again.
 *
 *   table --- sealed_list --- sealed_space --- sealed_space ...     ascending by namespace
 *                                  |                |
 *                                  +--- sealed_file +               counted, shared
 *
 * A list belongs to one table at one checkpoint. It may be used for the next checkpoint only when
 * that one is complete: files of others are removed. Spaces are counted and never change, so the
 * thread that writes may hold those that the dataflow thread has replaced.
 */
#ifndef STATE_SEALED_H
#define STATE_SEALED_H

#include "checkpoint/native.h"

/* A file of one checkpoint. Size and checksum are set when it is written, before anybody else hears
   of it. */
struct sealed_file {
    _Atomic uint32_t references;
    uint64_t checkpoint;
    uint64_t bytes;
    char name[64];
    char checksum[33];
    uint64_t used; /* bytes of it that are referred to; the thread that writes */
    int given_up;  /* nothing refers to it any more after this checkpoint; the same */
};

/* The blocks of one sealed namespace, all in one file. */
struct sealed_space {
    _Atomic uint32_t references;
    int64_t ns;
    uint64_t seal; /* which sealing of it: streamd_table_sealed */
    struct sealed_file *file;
    struct snapshot_block *blocks;
    uint32_t count;
};

struct sealed_list {
    struct sealed_space **items;
    size_t count, capacity;
};

/* A file to be; one reference is the caller's. NULL: no memory. `name` is cut at 63 bytes. */
struct sealed_file *sealed_file_new(uint64_t checkpoint, const char *name)
    __attribute__((warn_unused_result));
/* Gives a reference back. NULL is fine. Any thread. */
void sealed_file_unref(struct sealed_file *file);

/* A space with these blocks, from memory_alloc, which it takes over in every case; it takes a
   reference on the file. NULL: no memory. */
struct sealed_space *sealed_space_new(int64_t ns, uint64_t seal, struct sealed_file *file,
                                      struct snapshot_block *blocks, uint32_t count)
    __attribute__((warn_unused_result));

/* Adds a space to a list, which takes over the caller's reference in every case. 0 or
   STREAMD_E_NOMEM. */
int sealed_list_push(struct sealed_list *list, struct sealed_space *space)
    __attribute__((warn_unused_result));

/* The same for a space of another list; that one keeps its reference. */
int sealed_list_share(struct sealed_list *list, struct sealed_space *space)
    __attribute__((warn_unused_result));

/* The space of a namespace, or NULL; the list must be sorted. */
struct sealed_space *sealed_list_find(const struct sealed_list *list, int64_t ns);

/* Puts a list in the order that sealed_list_find wants. */
void sealed_list_sort(struct sealed_list *list);

/* Takes out the spaces whose files were given up; the order stays. */
void sealed_list_thin(struct sealed_list *list);

/* Gives all references back. */
void sealed_list_clear(struct sealed_list *list);

#endif
