/*
 * An array of at most BUCKETS_OPEN buckets, searched from the front once per batch and bucket. A
 * bucket keeps its place when its part is closed, for the number of its next part; it loses the
 * place to another one when it was used least recently.
 */
#include "buckets.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { FLUSH_BYTES = 256 * 1024 };

static char *copy_text(struct streamd_context *c, const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *copy = streamd_alloc(c, bytes);

    if (copy)
        memcpy(copy, text, bytes);
    return copy;
}

int buckets_open(struct streamd_context *c, struct buckets *b)
{
    char path[PATH_MAX];

    if (folder_make(c, b->options->path, path) ||
        packer_init(c, &b->packer, (enum compression)b->options->compression))
        return STREAMD_E_IO;
    b->folder = copy_text(c, path);
    if (!b->folder)
        return sink_no_memory(c);
    if (c->durable && owned_open(c, &b->owned, b->folder, b->options->bucket != NULL))
        return STREAMD_E_IO;
    return ledger_open(c, &b->ledger, c->durable ? &b->owned : NULL);
}

/* ---- making buckets ---------------------------------------------------------------------- */

/* A part of an earlier run that will never be finished. It may be another pipeline's, so it stays.
 */
static void report_leftovers(struct streamd_context *c, const struct buckets *b,
                             const struct bucket *bucket, const struct folder_survey *survey)
{
    char name[PATH_MAX], message[480];

    if (survey->leftovers == 0)
        return;
    if (snprintf(name, sizeof(name), "%s/%s", bucket->folder, survey->leftover) <
            (int)sizeof(name) &&
        ledger_has(&b->ledger, name))
        return;
    snprintf(
        message, sizeof(message),
        "'%.280s' has %llu unfinished parts of an earlier run, such as %.60s; they are no part "
        "of the output and can be removed",
        bucket->folder, (unsigned long long)survey->leftovers, survey->leftover);
    streamd_log(c, STREAMD_LOG_WARNING, message);
}

static void free_bucket(struct streamd_context *c, struct bucket *bucket)
{
    part_discard(c, &bucket->part);
    streamd_free(c, bucket->folder);
    streamd_free(c, bucket);
}

static struct bucket *make_bucket(struct streamd_context *c, const struct buckets *b,
                                  const char *name)
{
    struct bucket *bucket = streamd_alloc(c, sizeof(*bucket));
    struct folder_survey survey;
    char path[PATH_MAX], made[PATH_MAX];

    if (!bucket) {
        (void)sink_no_memory(c);
        return NULL;
    }
    *bucket = (struct bucket){.part = PART_CLOSED};
    snprintf(bucket->name, sizeof(bucket->name), "%s", name);
    if (snprintf(path, sizeof(path), "%s/%s", b->folder, name) >= (int)sizeof(path)) {
        (void)sink_fault(c, "make the folder", path, ENAMETOOLONG);
    } else if (folder_make(c, path, made) == 0) {
        bucket->folder = copy_text(c, made);
        if (!bucket->folder)
            (void)sink_no_memory(c);
    }
    if (!bucket->folder || folder_survey(c, bucket->folder, &survey)) {
        free_bucket(c, bucket);
        return NULL;
    }
    bucket->number = survey.next;
    report_leftovers(c, b, bucket, &survey);
    return bucket;
}

/* Where a new bucket can stand: behind the last, or in place of the one used least recently. */
static int64_t free_place(struct streamd_context *c, struct buckets *b)
{
    uint32_t oldest = 0;

    if (b->count < BUCKETS_OPEN)
        return b->count++;
    for (uint32_t i = 1; i < b->count; i++) {
        if (b->items[i]->used < b->items[oldest]->used)
            oldest = i;
    }
    if (b->items[oldest]->part.fd >= 0 &&
        part_close(c, &b->items[oldest]->part, &b->packer, &b->ledger))
        return -1;
    free_bucket(c, b->items[oldest]);
    b->items[oldest] = NULL;
    return oldest;
}

/* ---- timers ------------------------------------------------------------------------------ */

/* When a part is to be closed whatever its size; INT64_MAX: never. */
static int64_t due_at(const struct sink_options *o, const struct part *p)
{
    int64_t due = INT64_MAX;

    if (p->fd < 0)
        return due;
    if (o->roll.every > 0)
        due = p->opened_at + o->roll.every;
    if (o->roll.idle > 0 && p->written_at + o->roll.idle < due)
        due = p->written_at + o->roll.idle;
    return due;
}

int buckets_tick(struct streamd_context *c, struct buckets *b)
{
    int64_t now = streamd_now(c), next = INT64_MAX;

    for (uint32_t i = 0; i < b->count; i++) {
        struct part *p = &b->items[i]->part;
        int64_t due = due_at(b->options, p);

        if (due <= now && part_close(c, p, &b->packer, &b->ledger))
            return STREAMD_E_IO;
        if (due > now && due < next)
            next = due;
    }
    if (next != INT64_MAX)
        streamd_wake_at(c, next);
    return 0;
}

/* ---- writing ----------------------------------------------------------------------------- */

static struct bucket *find(const struct buckets *b, const char *name)
{
    for (uint32_t i = 0; i < b->count; i++) {
        if (strcmp(b->items[i]->name, name) == 0)
            return b->items[i];
    }
    return NULL;
}

static int start_part(struct streamd_context *c, struct buckets *b, struct bucket *bucket)
{
    int rc = part_open(c, &bucket->part, bucket->folder, &bucket->number, &b->packer,
                       c->durable ? &b->owned : NULL);
    int64_t due = rc ? INT64_MAX : due_at(b->options, &bucket->part);

    if (due != INT64_MAX)
        streamd_wake_at(c, due);
    return rc;
}

struct bucket *buckets_get(struct streamd_context *c, struct buckets *b, const char *name)
{
    struct bucket *bucket = find(b, name);

    if (!bucket) {
        int64_t place;

        bucket = make_bucket(c, b, name);
        if (!bucket)
            return NULL;
        place = free_place(c, b);
        if (place < 0) {
            free_bucket(c, bucket);
            return NULL;
        }
        b->items[place] = bucket;
    }
    bucket->used = ++b->calls;
    if (bucket->part.fd < 0 && start_part(c, b, bucket))
        return NULL;
    return bucket;
}

int buckets_wrote(struct streamd_context *c, struct buckets *b, struct bucket *bucket)
{
    struct part *p = &bucket->part;

    if (b->options->roll.idle > 0)
        p->written_at = streamd_now(c);
    if (part_flush(c, p, &b->packer, FLUSH_BYTES))
        return STREAMD_E_IO;
    return part_size(p) >= b->options->roll.size ? part_close(c, p, &b->packer, &b->ledger) : 0;
}

int buckets_close_parts(struct streamd_context *c, struct buckets *b)
{
    for (uint32_t i = 0; i < b->count; i++) {
        struct part *p = &b->items[i]->part;

        if (p->fd >= 0 && part_close(c, p, &b->packer, &b->ledger))
            return STREAMD_E_IO;
    }
    return 0;
}

void buckets_clear(struct streamd_context *c, struct buckets *b)
{
    for (uint32_t i = 0; i < b->count; i++)
        free_bucket(c, b->items[i]);
    b->count = 0;
    ledger_close(c, &b->ledger);
    packer_clear(c, &b->packer);
    streamd_free(c, b->folder);
}
