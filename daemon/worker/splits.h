/*
 * worker/splits.h - the splits of a source while they are read. Private to source.c and batches.c.
 */
#ifndef WORKER_SPLITS_H
#define WORKER_SPLITS_H

#include "worker/source.h"

struct streamd_split {
    char *id, *title;
    void *self;
    void *decoder;
    int opened, finished;
    int blocked, ready;
    int fd;
    int64_t until;
    int64_t max_time;    /* largest event time so far; INT64_MIN: none */
    int64_t empty_since; /* since when it was polled and had nothing; 0: it had something */
    int idle;
    struct streamd_batch *batch;
    char *position; /* where to open it, NULL: at its beginning; until it is opened */
    struct {
        uint8_t *data; /* NULL: none */
        size_t length;
    } decoder_state; /* the same of its decoder */
};

/* What a checkpoint says of a split. Texts and bytes are owned by whoever has the memory. */
struct split_memory {
    char *id, *position;
    uint8_t *decoder;
    size_t decoder_length;
    int64_t max_time;
    int idle, finished;
};

struct source_driver {
    struct {
        struct streamd_split **items;
        size_t count, capacity;
    } splits;
    struct {
        struct valve_input *items;
        size_t count, capacity;
    } inputs;
    uint32_t open_count, finished_count;
    struct streamd_split *current; /* whose next() runs */
    int64_t list_again_at;
    int ending;  /* told to stop */
    int drained; /* all splits have ended, and the plan says to hold there */
};

/* Its place among the splits, which is its place in the valve. */
static inline uint32_t split_index(const struct source_driver *d, const struct streamd_split *split)
{
    uint32_t i = 0;

    while (d->splits.items[i] != split)
        i++;
    return i;
}

/* A split as a checkpoint left it: what `memory` owns becomes the split's. 0 or negative: nothing
   was taken. */
int source_remember(struct task *task, const struct split_memory *memory);

/* The watermark of a split whose largest event time is `max_time`. */
int64_t split_watermark(const struct task *task, int64_t max_time);

/* Says downstream what changed in the valve. 0 or negative. */
int split_send_change(struct task *node, struct valve_change change);

/* The split was polled, had room, and nothing came: it may go idle. 0 or negative. */
int split_had_nothing(struct task *node, struct streamd_split *split, int64_t now);

/* Sends the batch being filled. Answers as streamd_emit. */
int split_flush(struct task *node, struct streamd_split *split);

#endif
