/*
 * What is removed, and when: checkpoints beyond the newest `keep`, and what crashes left behind.
 *
 * A folder without a manifest is no checkpoint. It is emptied, but for files that a checkpoint
 * which is kept refers to, if it lies behind the newest complete one (at opening: wherever it
 * lies; in between a folder after that one may be being written). The folder with the highest
 * number of all stays, empty: it says which ids were given out if meta.db is lost.
 */
#include "checkpoint/store_form.h"

#include "base/error.h"
#include "base/failpoint.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Adds the files of other checkpoints that a manifest names. */
static int add_uses(const struct store *s, const char *lineage, uint64_t id,
                    struct store_uses *uses, struct streamd_error *error)
{
    char folder[PATH_MAX];
    struct manifest m;
    int rc = store_folder_of(s, lineage, id, folder, error);

    if (!rc)
        rc = manifest_read(s->ops, folder, &m, error);
    if (rc)
        return rc;
    for (size_t i = 0; i < m.file_count && !rc; i++) {
        struct store_use use = {.checkpoint = m.files[i].checkpoint};

        memcpy(use.name, m.files[i].name, sizeof(use.name));
        if (use.checkpoint != id && array_push(uses, use))
            rc = error_set_nomem(error);
    }
    manifest_clear(&m);
    return rc;
}

static int is_pinned(const struct store *s, uint64_t id)
{
    for (size_t i = 0; i < s->pins.count; i++)
        if (s->pins.items[i] == id)
            return 1;
    return 0;
}

/* Which of a lineage's checkpoints stay: the newest `keep` complete ones and those pinned.
   `kept` is parallel to `ids`; *newest gets the newest complete id, 0: none. */
static void choose(const struct store *s, const char *lineage, const struct store_ids *ids,
                   uint32_t keep, uint8_t *kept, uint64_t *newest)
{
    *newest = 0;
    for (size_t i = ids->count; i-- > 0;) {
        int complete = store_is_complete(s, lineage, ids->items[i]);

        kept[i] = complete && (keep > 0 || is_pinned(s, ids->items[i]));
        if (complete && keep > 0)
            keep--;
        if (complete && !*newest)
            *newest = ids->items[i];
    }
}

/* Empties the folders that are not kept. All their manifests go first: what is in one folder may be
   needed by a later checkpoint that goes as well. */
static int sweep(struct store *s, const char *lineage, const struct store_ids *ids, uint32_t keep,
                 uint64_t highest, int opening, struct streamd_error *error)
{
    struct store_uses uses = {.items = NULL};
    uint8_t *kept = memory_zalloc(ids->count, 1);
    uint64_t newest;
    int rc = kept ? 0 : error_set_nomem(error);

    if (!rc)
        choose(s, lineage, ids, keep, kept, &newest);
    for (size_t i = 0; i < ids->count && !rc; i++)
        if (kept[i])
            rc = add_uses(s, lineage, ids->items[i], &uses, error);
    for (size_t i = 0; i < ids->count && !rc; i++)
        if (!kept[i] && (opening || ids->items[i] < newest))
            rc = store_remove_manifest(s, lineage, ids->items[i], error);
    for (size_t i = 0; i < ids->count && !rc; i++)
        if (!kept[i] && (opening || ids->items[i] < newest))
            rc = store_empty_folder(s, lineage, ids->items[i], &uses, ids->items[i] != highest,
                                    error);
    array_clear(&uses);
    memory_free(kept);
    return rc;
}

int store_retain(struct store *s, uint32_t keep, struct streamd_error *error)
{
    struct store_ids ids = {.items = NULL};
    int rc = store_ids_read(s, s->meta.lineage, &ids, error);

    if (!rc)
        rc = sweep(s, s->meta.lineage, &ids, keep ? keep : 1, s->meta.last_id, 0, error);
    array_clear(&ids);
    return rc;
}

void store_abandon(struct store *s, uint64_t id)
{
    if (!store_is_complete(s, s->meta.lineage, id))
        store_empty_folder(s, s->meta.lineage, id, NULL, id != s->meta.last_id, NULL);
}

static int clean_lineage(void *self, const char *lineage)
{
    struct store *s = self;
    struct store_ids ids = {.items = NULL};
    char path[PATH_MAX];

    if (!store_ids_read(s, lineage, &ids, NULL))
        sweep(s, lineage, &ids, UINT32_MAX, s->meta.last_id, 1, NULL);
    if (strcmp(lineage, s->meta.lineage) != 0 && !ids.count &&
        !store_join(path, s->path, lineage, NULL))
        s->ops->rmdir(s->ops->self, path); /* only where it is empty */
    array_clear(&ids);
    return 0;
}

void store_clean(struct store *s)
{
    store_each_lineage(s, clean_lineage, s, NULL);
}

int store_pin(struct store *s, uint64_t id)
{
    return array_push(&s->pins, id) ? STREAMD_E_NOMEM : 0;
}

void store_unpin(struct store *s, uint64_t id)
{
    for (size_t i = 0; i < s->pins.count; i++) {
        if (s->pins.items[i] != id)
            continue;
        s->pins.items[i] = s->pins.items[--s->pins.count];
        return;
    }
}
