/*
 * checkpoint/native.h - snapshot files: the state that one worker had at one checkpoint.
 *
 *   header | blocks ... | footer | trailer            docs/internals/files.md, byte by byte
 *
 * A file holds sections, one per state table, and each section blocks of encoded rows
 * (columnar/rowcode.h), each of one key group. The footer has the tables' schemas and the place,
 * size, row count and hash of every block. Every byte is covered by a hash (XXH3), and the header
 * says whose file it is, so that a file of another checkpoint is refused although its hashes are
 * right. Readers check every length against the size of the file before they trust it.
 *
 * A section may also refer to blocks in files of earlier checkpoints of the same lineage
 * (namespaces that do not change any more): see snapshot_writer_refer.
 *
 * A writer or reader belongs to one thread at a time.
 */
#ifndef CHECKPOINT_NATIVE_H
#define CHECKPOINT_NATIVE_H

#include "base/file.h"

#include <streamd/bind.h>

#include <stdint.h>

enum {
    SNAPSHOT_FORMAT = 1,         /* the version that is written, and the only one that is read */
    SNAPSHOT_NAME_MAX = 255,     /* bytes of the name of a pipeline, node, table or field */
    SNAPSHOT_FIELDS_MAX = 65536, /* fields of one table */
    SNAPSHOT_BLOCK = 256 * 1024, /* a block is closed when it has so many bytes */
};

/* The key group of rows that belong to none: those of BROADCAST tables. */
#define SNAPSHOT_NO_GROUP UINT32_MAX

/* Whose file it is. */
struct snapshot_identity {
    char lineage[33]; /* 32 hex digits, lower case, and NUL */
    uint64_t checkpoint;
    const char *pipeline;
    uint32_t task, parallelism, key_groups;
};

/* One state table. The writer copies what it is given; what a reader gives lives as long as it. */
struct snapshot_section {
    const char *node, *table;
    uint32_t flags; /* enum streamd_table_flags */
    uint32_t key_count, column_count;
    uint32_t order_by;                  /* as in struct streamd_table_decl */
    const struct streamd_field *fields; /* keys, then columns */
    uint64_t rows, bytes;               /* readers only: in all blocks */
};

/* A block, as the footer knows it. In a section, blocks are sorted by group. */
struct snapshot_block {
    uint32_t group;
    uint32_t file; /* 0: this file; else 1 + index of the file referred to */
    uint32_t rows;
    uint32_t length; /* bytes */
    uint64_t offset; /* in its file */
    uint64_t hash;   /* XXH3_64 of the bytes */
    int64_t ns;      /* where sealed: the namespace of all its rows */
    uint32_t sealed; /* 0 or 1 */
    uint32_t order;  /* in the file, among the blocks of its section */
};

/* ---- writing ----------------------------------------------------------------------------------
 */

struct snapshot_writer;

/*
 * Begins PATH.tmp and writes the header. `identity` is copied. 0, or negative with the error filled
 * (SD4411 for what the disk says) and nothing left behind.
 */
int snapshot_writer_open(const struct file_ops *ops, const char *path,
                         const struct snapshot_identity *identity, struct snapshot_writer **writer,
                         struct streamd_error *error) __attribute__((warn_unused_result));

/* Begins the next section. Node and table together must be new. */
int snapshot_writer_section(struct snapshot_writer *w, const struct snapshot_section *section,
                            struct streamd_error *error) __attribute__((warn_unused_result));

/*
 * Adds `rows` encoded rows of one key group (or SNAPSHOT_NO_GROUP) to the section that was begun
 * last. Cheapest with all rows of a group one after the other; any order is right, and kept within
 * a group.
 */
int snapshot_writer_rows(struct snapshot_writer *w, uint32_t group, const void *bytes,
                         size_t length, uint32_t rows, struct streamd_error *error)
    __attribute__((warn_unused_result));

/*
 * The same for rows of a sealed namespace, which change no more: they get blocks of their own, so
 * that files of later checkpoints can refer to them instead of repeating them.
 */
int snapshot_writer_sealed(struct snapshot_writer *w, uint32_t group, int64_t ns, const void *bytes,
                           size_t length, uint32_t rows, struct streamd_error *error)
    __attribute__((warn_unused_result));

/* The blocks of the sealed namespace whose rows were added last: *count of them, *blocks from
   memory_alloc (NULL where there are none). For snapshot_writer_refer of later checkpoints. */
int snapshot_writer_sealed_blocks(struct snapshot_writer *w, struct snapshot_block **blocks,
                                  uint32_t *count, struct streamd_error *error)
    __attribute__((warn_unused_result));

/* Adds a sealed block that lies in the file `name` of an earlier checkpoint of this lineage to the
   section that was begun last. */
int snapshot_writer_refer(struct snapshot_writer *w, uint64_t checkpoint, const char *name,
                          const struct snapshot_block *block, struct streamd_error *error)
    __attribute__((warn_unused_result));

/*
 * Writes footer and trailer, fsyncs, renames PATH.tmp to PATH, fsyncs the folder, and releases the
 * writer, in any case. On success `*bytes` and `checksum` (XXH3_128 of the whole file, 32 hex
 * digits and NUL) are for the manifest; on an error no PATH.tmp is left where that can be helped.
 */
int snapshot_writer_close(struct snapshot_writer *w, uint64_t *bytes, char checksum[33],
                          struct streamd_error *error) __attribute__((warn_unused_result));

/* Gives a file up: removes PATH.tmp and releases the writer. NULL is fine. */
void snapshot_writer_abandon(struct snapshot_writer *w);

/* ---- reading ----------------------------------------------------------------------------------
 */

struct snapshot_reader;

/*
 * Opens a file and checks header, trailer and footer. Where `expected` is not NULL, lineage,
 * checkpoint, pipeline, task, parallelism and key groups must be those. Errors: SD4405 another
 * version, SD4406 damaged, SD4407 another identity, else what the system says.
 */
int snapshot_reader_open(const struct file_ops *ops, const char *path,
                         const struct snapshot_identity *expected, struct snapshot_reader **reader,
                         struct streamd_error *error) __attribute__((warn_unused_result));

/* Closes the file and releases all that the reader gave out. NULL is fine. */
void snapshot_reader_close(struct snapshot_reader *r);

/* Who the file says it is; its path. */
const struct snapshot_identity *snapshot_reader_identity(const struct snapshot_reader *r);
const char *snapshot_reader_path(const struct snapshot_reader *r);

/* The sections: how many, the i-th (i < count), and the number of the one of a table, or -1. */
uint32_t snapshot_reader_sections(const struct snapshot_reader *r);
const struct snapshot_section *snapshot_reader_section(const struct snapshot_reader *r, uint32_t i);
int32_t snapshot_reader_find(const struct snapshot_reader *r, const char *node, const char *table);

/* The blocks of a section: *count of them. */
const struct snapshot_block *snapshot_reader_blocks(const struct snapshot_reader *r,
                                                    uint32_t section, uint32_t *count);

/* A file of an earlier checkpoint that blocks of this one lie in. */
struct snapshot_other {
    uint64_t checkpoint;
    const char *name;
};

/* Those files: *count of them; block.file - 1 is an index. */
const struct snapshot_other *snapshot_reader_others(const struct snapshot_reader *r,
                                                    uint32_t *count);

/* Rows and bytes that a section has in the groups first <= group < end, known without reading them.
   SNAPSHOT_NO_GROUP lies in no such range: say first = 0, end = UINT32_MAX + 1 for all. */
uint64_t snapshot_reader_rows(const struct snapshot_reader *r, uint32_t section, uint64_t first,
                              uint64_t end);

/* Where an iteration is; start with snapshot_reader_begin. */
struct snapshot_cursor {
    uint32_t section;
    uint64_t first, end; /* groups */
    uint32_t block;      /* the next one */
};

/* Starts an iteration over the blocks of a section with first <= group < end, by group. */
void snapshot_reader_begin(const struct snapshot_reader *r, uint32_t section, uint64_t first,
                           uint64_t end, struct snapshot_cursor *cursor);

/*
 * The next block: its rows, one after the other, for rowcode_decode. Checked against its hash.
 * `*bytes` is good until the next call on this reader. 1, 0 at the end, or negative.
 */
int snapshot_reader_next(struct snapshot_reader *r, struct snapshot_cursor *cursor,
                         const uint8_t **bytes, size_t *length, uint32_t *rows, uint32_t *group,
                         struct streamd_error *error) __attribute__((warn_unused_result));

/* Reads every block that lies in this file and checks its hash. 0 or negative. */
int snapshot_reader_verify(struct snapshot_reader *r, struct streamd_error *error)
    __attribute__((warn_unused_result));

#endif
