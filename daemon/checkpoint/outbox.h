/*
 * checkpoint/outbox.h - segments: files that hold what a sink is to write when its checkpoint is
 * complete.
 *
 *   create --append--> NODE.TASK.ATTEMPT.SEQUENCE.open
 *   finish             the same, on disk
 *   name               NODE.TASK.ATTEMPT.SEQUENCE.CHECKPOINT.seg, in the folder on disk
 *   open --next-->     records, after the whole file was checked
 *   remove
 *
 * A segment belongs to a row of the state table `_outbox`, which has its size, number of records
 * and checksum: a file that differs from them in one bit is never read. Names alone say which files
 * a killed attempt left behind (outbox_clean).
 *
 * Bytes, little endian: "SDoutbox", u32 format (1), u32 length of the head, u64 sequence, u32 task,
 * u16 length of the lineage, u16 length of the node's name, lineage, name, zeros up to a multiple
 * of 8; then for each record u32 length and its bytes. The checksum is XXH3_64 over the file.
 *
 * Any thread, one at a time for each writer and reader.
 */
#ifndef CHECKPOINT_OUTBOX_H
#define CHECKPOINT_OUTBOX_H

#include "base/file.h"

#include <stdint.h>

/* Diagnostics (`streamctl explain`). */
enum outbox_code {
    OUTBOX_IO = 5240,      /* a segment cannot be made, written, synced, read or removed */
    OUTBOX_MISSING = 5241, /* the file is gone */
    OUTBOX_DAMAGED = 5242  /* it is not what was sealed */
};

enum {
    OUTBOX_NAME_BYTES = 256,      /* longest name, with its NUL */
    OUTBOX_RECORD_LIMIT = 1 << 30 /* bytes of the longest record */
};

/* Which segment it is. Texts live as long as the writer or reader. */
struct outbox_identity {
    const char *lineage;
    const char *node;
    const char *attempt; /* [0-9A-Za-z]; not looked at by readers */
    uint32_t task;
    uint64_t sequence; /* unique within an attempt's task */
};

/* What its row says of a finished segment. */
struct outbox_summary {
    uint64_t bytes, records, checksum;
};

/* ---- writing ----------------------------------------------------------------------------- */

struct outbox_writer;

/* Makes the file. `folder` outlives the writer. 0 or negative. */
int outbox_create(const struct file_ops *ops, const char *folder,
                  const struct outbox_identity *identity, struct outbox_writer **writer,
                  struct streamd_error *error);

/* Appends a record. After a failure only outbox_discard is of use. */
int outbox_append(struct outbox_writer *w, const void *data, size_t length,
                  struct streamd_error *error);

/* Bytes so far. */
uint64_t outbox_size(const struct outbox_writer *w);

/* Writes out, syncs and closes: nothing can be appended any more. 0 or negative. */
int outbox_finish(struct outbox_writer *w, struct outbox_summary *summary,
                  struct streamd_error *error);

/* Gives a finished segment its name, which `name` receives. Durable after outbox_sync. */
int outbox_name(struct outbox_writer *w, uint64_t checkpoint, char name[OUTBOX_NAME_BYTES],
                struct streamd_error *error);

/* Releases the writer; the file of one that has no name yet is removed. NULL is fine. */
void outbox_discard(struct outbox_writer *w);

/* Makes the names in the folder durable. */
int outbox_sync(const struct file_ops *ops, const char *folder, struct streamd_error *error);

/* ---- reading ----------------------------------------------------------------------------- */

struct outbox_reader;

/* Opens a segment and checks all of it against its identity and summary. OUTBOX_MISSING and
   OUTBOX_DAMAGED are the error's diagnostics. 0 or negative. */
int outbox_open(const struct file_ops *ops, const char *folder, const char *name,
                const struct outbox_identity *identity, const struct outbox_summary *summary,
                struct outbox_reader **reader, struct streamd_error *error);

/* The next record; `data` is valid until the next call. 1, 0 at the end, or negative. */
int outbox_next(struct outbox_reader *r, const uint8_t **data, size_t *length,
                struct streamd_error *error);

/* Releases the reader. NULL is fine. */
void outbox_close(struct outbox_reader *r);

/* ---- the folder -------------------------------------------------------------------------- */

/* 1 where the file is there. */
int outbox_exists(const char *folder, const char *name);

/* Removes a file; one that is not there is fine. */
int outbox_remove(const struct file_ops *ops, const char *folder, const char *name,
                  struct streamd_error *error);

/*
 * Removes what attempts other than this one left of the node that no restored row can name:
 * segments without a name, and those of this lineage for checkpoints later than `restored`. What a
 * savepoint brought along has another lineage, and stays. Of `identity` lineage, node and attempt
 * are looked at. Counts what went. A folder that is not there is fine.
 */
int outbox_clean(const struct file_ops *ops, const char *folder,
                 const struct outbox_identity *identity, uint64_t restored, uint64_t *removed,
                 struct streamd_error *error);

#endif
