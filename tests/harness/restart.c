/*
 * A restart: the state goes into a snapshot file and comes out of it into new tables, as it does
 * through a checkpoint. Nothing is synced: nobody pulls the plug on a test.
 */
#include "inside.h"

#include "base/file.h"
#include "checkpoint/native.h"
#include "state/freeze.h"
#include "state/thaw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KEY_GROUPS = 128 };

static int no_sync(void *self, int fd)
{
    (void)self;
    (void)fd;
    return 0;
}

static int write_table(struct harness *h, struct freezer *freezer, struct streamd_table *table,
                       struct snapshot_writer *w, struct streamd_error *error)
{
    struct frozen *frozen = NULL;
    int rc = state_freeze(freezer, table, NULL, &frozen, error);

    if (!rc)
        rc = state_frozen_write(frozen, h->context.node, KEY_GROUPS, w, error);
    state_frozen_free(frozen);
    return rc;
}

static int write_tables(struct harness *h, const struct file_ops *ops, const char *path,
                        const struct snapshot_identity *identity, struct streamd_error *error)
{
    struct freezer *freezer = freezer_new();
    struct snapshot_writer *w = NULL;
    char checksum[33];
    uint64_t bytes;
    int rc = freezer ? snapshot_writer_open(ops, path, identity, &w, error) : STREAMD_E_NOMEM;

    for (uint32_t i = 0; i < h->table_count && !rc; i++)
        rc = write_table(h, freezer, h->tables[i].table, w, error);
    if (rc)
        snapshot_writer_abandon(w);
    else
        rc = snapshot_writer_close(w, &bytes, checksum, error);
    freezer_free(freezer);
    return rc;
}

/* Replaces the tables by new ones with what is in the file. */
static int read_tables(struct harness *h, const struct file_ops *ops, const char *path,
                       const struct snapshot_identity *identity, struct streamd_error *error)
{
    struct snapshot_reader *r = NULL;
    int rc = snapshot_reader_open(ops, path, identity, &r, error);

    for (uint32_t i = 0; i < h->table_count && !rc; i++) {
        struct harness_table *t = &h->tables[i];

        h->backend->close(&h->context, t->table);
        rc = h->backend->open(&h->context, &t->decl, &t->layout, &t->table, error);
        if (rc) {
            t->table = NULL;
            break;
        }
        rc = state_thaw(t->table, r, h->context.node, 0, KEY_GROUPS, error);
    }
    snapshot_reader_close(r);
    return rc;
}

int harness_move_state(struct harness *h)
{
    struct snapshot_identity identity = {.lineage = "00000000000000000000000000000000",
                                         .checkpoint = 1,
                                         .pipeline = "test",
                                         .parallelism = 1,
                                         .key_groups = KEY_GROUPS};
    struct file_ops ops = *file_system();
    struct streamd_error error = {0};
    char folder[] = "/tmp/streamd-harness-XXXXXX", path[64];
    int rc;

    if (!mkdtemp(folder)) {
        harness_broken(h, "cannot make a folder in /tmp");
        return -1;
    }
    snprintf(path, sizeof(path), "%s/state", folder);
    ops.fsync = no_sync;
    rc = write_tables(h, &ops, path, &identity, &error);
    if (!rc)
        rc = read_tables(h, &ops, path, &identity, &error);
    (void)unlink(path);
    (void)rmdir(folder);
    if (rc)
        harness_broken(h, "the state cannot be moved: %s", error.message);
    return rc ? -1 : 0;
}
