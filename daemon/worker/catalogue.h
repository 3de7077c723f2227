/*
 * worker/catalogue.h - which sealed namespaces stand in which files, from the writing of a
 * checkpoint until it is complete. Private to the worker.
 *
 *   helper thread     state_frozen_write of each table --> a catalogue of checkpoint n
 *   dataflow thread   complete n --> what it says goes to the tables, for the freeze of n + 1
 *                     abort n    --> nothing of it may be used: its file is removed
 *
 * One namespace keeps a file on the disk, whatever else was in it. So files of which little is in
 * use are given up, and the smallest ones where there are many: n refers to them, n + 1 writes
 * again what it needs of them.
 */
#ifndef WORKER_CATALOGUE_H
#define WORKER_CATALOGUE_H

#include "state/sealed.h"

/* What one checkpoint has of one table; `of` is the table's list. */
struct catalogue_part {
    struct sealed_list *of;
    struct sealed_list sealed;
};

struct catalogue {
    uint64_t id;
    struct {
        struct catalogue_part *items;
        size_t count, capacity;
    } parts;
    struct {
        struct sealed_file **items;
        size_t count, capacity;
    } refers; /* files that are referred to; each once */
};

/* An empty one of checkpoint `id`. NULL: no memory. */
struct catalogue *catalogue_new(uint64_t id) __attribute__((warn_unused_result));

/* Takes the content of a list, as what the checkpoint has of the table that `of` belongs to. 0 or
   STREAMD_E_NOMEM, the list being left to the caller then. */
int catalogue_add(struct catalogue *c, struct sealed_list *of, struct sealed_list *sealed)
    __attribute__((warn_unused_result));

/* Gives files up, when all tables were added: their namespaces leave the lists, `refers` stays. */
void catalogue_thin(struct catalogue *c);

/* The checkpoint is complete: each table gets what it has of it, instead of what it had. */
void catalogue_apply(struct catalogue *c);

/* Releases it. NULL is fine. */
void catalogue_free(struct catalogue *c);

#endif
