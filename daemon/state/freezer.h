/*
 * state/freezer.h - blocks of memory for copies of tables; what freeze.c and frozen_write.c share.
 */
#ifndef STATE_FREEZER_H
#define STATE_FREEZER_H

#include "columnar/rowcode.h"
#include "state/freeze.h"

enum { FREEZER_BLOCK = 2 * 1024 * 1024 };

/* A block of FREEZER_BLOCK bytes, 2 MiB aligned, uninitialised; NULL: no memory. Any thread. */
void *freezer_take(struct freezer *f);
void freezer_give(struct freezer *f, void *block);

/* `rows` rows of one namespace, with numbers from `first` on. A namespace has one such run, or
   several, one behind the other, where the table was swept. */
struct frozen_space {
    int64_t ns;
    uint64_t first, rows;
    uint64_t seal; /* 0: it may change */
    int written;   /* to a file of sealed namespaces */
};

/* LIST tables: where a row was, and where the next one of its key was (0: there is none). */
struct frozen_link {
    uintptr_t self, next;
};

/* The first may be a small one from memory_alloc, so that small tables do not take 2 MiB each. */
struct blocks {
    uint8_t **items;
    size_t count, capacity;
    int small;
};

struct frozen {
    struct freezer *freezer;
    const struct streamd_table_decl *decl;
    const struct streamd_row_layout *layout;
    uint64_t rows;
    uint64_t bytes;
    uint32_t per_block; /* rows in a block; of links LINKS_PER_BLOCK */
    struct blocks row_blocks, link_blocks, var_blocks;
    uint8_t *var_at, *var_end; /* free part of the newest block for values */
    struct {
        void **items; /* values larger than a block */
        size_t count, capacity;
    } large;
    struct {
        struct frozen_space *items;
        size_t count, capacity;
    } spaces, noted; /* noted: of a swept table, as it was at the barrier; `first` does not count */
    struct streamd_table *table; /* that is being swept, or NULL */
    struct streamd_shadow shadow;
    int failed;                /* while sweeping */
    struct sealed_list sealed; /* written: now, or for an earlier checkpoint */
};

enum { LINKS_PER_BLOCK = FREEZER_BLOCK / sizeof(struct frozen_link) };

/* The copy of a row. */
static inline uint8_t *frozen_row(const struct frozen *f, uint64_t number)
{
    return f->row_blocks.items[number / f->per_block] + number % f->per_block * f->layout->row_size;
}

/* What is noted of a row of a LIST table. */
static inline struct frozen_link *frozen_link(const struct frozen *f, uint64_t number)
{
    uint8_t *block = f->link_blocks.items[number / LINKS_PER_BLOCK];

    return (struct frozen_link *)(void *)block + number % LINKS_PER_BLOCK;
}

/* Copies n rows of a namespace behind those that were copied. 0 or STREAMD_E_NOMEM. */
int frozen_copy(struct frozen *f, struct streamd_table *t, int64_t ns, void *const *rows,
                uint32_t n);

/* Is a table of so many rows swept, and not copied at once? */
int frozen_is_for_sweep(const struct frozen *f, const struct streamd_table *t, uint64_t rows);

/* Begins with the namespaces in f->spaces, and ends it before all rows are there. */
int frozen_sweep_begin(struct frozen *f, struct streamd_table *t);
void frozen_sweep_end(struct frozen *f);

/* LIST tables: fills order[0 .. rows - 1] with row numbers so that the rows of a key follow each
   other as they were appended. 0 or STREAMD_E_NOMEM. */
int frozen_list_order(const struct frozen *f, uint32_t *order);

#endif
