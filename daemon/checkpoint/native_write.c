/*
 * Writing snapshot files. Rows are gathered into a block of one key group; a finished block gets
 * its hash and goes into the output buffer, its entry into the list of the section. The footer is
 * built at the end from what was noted. Everything that goes out is hashed on the way.
 *
 *   rows -> block (one group) -> out (1 MiB) -> PATH.tmp
 */
#include "checkpoint/native.h"

#include "base/array.h"
#include "base/error.h"
#include "base/failpoint.h"
#include "base/text.h"
#include "checkpoint/checksum.h"
#include "checkpoint/native_form.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { OUT_SIZE = 1024 * 1024 };

/* A file referred to. */
struct other {
    uint64_t checkpoint;
    char name[64];
};

/* A section: its part of the footer up to the blocks, then these. */
struct section {
    struct text head;
    char *node, *table;
    struct {
        struct snapshot_block *items;
        size_t count, capacity;
    } blocks;
};

struct snapshot_writer {
    XXH3_state_t whole; /* 64-byte aligned, therefore first */
    const struct file_ops *ops;
    char *path, *temporary;
    void *raw; /* what was allocated for this struct */
    int fd;
    int failed; /* something went wrong: close only cleans up */
    uint8_t *out;
    size_t out_used;
    uint64_t at; /* file offset behind `out` */
    struct {
        struct section *items;
        size_t count, capacity;
    } sections;
    struct {
        struct other *items;
        size_t count, capacity;
    } others;
    struct {
        uint8_t *items;
        size_t count, capacity;
    } block;
    struct snapshot_block open; /* what is known of the block being gathered */
};

/* ---- output -----------------------------------------------------------------------------------
 */

static int disk_error(struct snapshot_writer *w, const char *what, const char *path,
                      struct streamd_error *error)
{
    int saved = errno;

    w->failed = 1;
    return error_set_full(error, STREAMD_E_IO, STREAMD_FAIL_TASK, 4411, "cannot %s %s: %s", what,
                          path, strerror(saved));
}

static int no_memory(struct snapshot_writer *w, struct streamd_error *error)
{
    w->failed = 1;
    return error_set_nomem(error);
}

static int put(struct snapshot_writer *w, const void *data, size_t length,
               struct streamd_error *error)
{
    const uint8_t *at = data;

    XXH3_128bits_update(&w->whole, data, length);
    while (length > 0) {
        ssize_t n = w->ops->write(w->ops->self, w->fd, at, FAILPOINT_PART(length));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return disk_error(w, "write", w->temporary, error);
        at += n;
        length -= (size_t)n;
        if (length > 0 && (errno = FAILPOINT_ERRNO("W5")) != 0)
            return disk_error(w, "write", w->temporary, error);
    }
    return 0;
}

static int flush(struct snapshot_writer *w, struct streamd_error *error)
{
    size_t used = w->out_used;

    w->out_used = 0;
    return put(w, w->out, used, error);
}

static int emit(struct snapshot_writer *w, const void *data, size_t length,
                struct streamd_error *error)
{
    int rc = 0;

    w->at += length;
    if (w->out_used + length > OUT_SIZE)
        rc = flush(w, error);
    if (!rc && length >= OUT_SIZE)
        return put(w, data, length, error);
    if (!rc && length) {
        memcpy(w->out + w->out_used, data, length);
        w->out_used += length;
    }
    return rc;
}

/* ---- the header -------------------------------------------------------------------------------
 */

static void add_u32(struct text *t, uint32_t v)
{
    text_append(t, (const char *)&v, sizeof(v));
}

static void add_u64(struct text *t, uint64_t v)
{
    text_append(t, (const char *)&v, sizeof(v));
}

static void add_name(struct text *t, const char *name)
{
    size_t length = strlen(name);

    add_u32(t, (uint32_t)length);
    text_append(t, name, length);
}

/* The value of a hex digit, or -1. */
static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int lineage_bytes(const char *text, uint8_t bytes[16])
{
    for (int i = 0; i < 16; i++) {
        int high = digit(text[2 * i]), low = high < 0 ? -1 : digit(text[2 * i + 1]);

        if (low < 0)
            return -1;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return text[32] ? -1 : 0;
}

static int bad_identity(const struct snapshot_identity *id)
{
    uint8_t lineage[16];

    return strlen(id->pipeline) > SNAPSHOT_NAME_MAX || id->key_groups == 0 ||
           id->task >= id->parallelism || lineage_bytes(id->lineage, lineage);
}

static int write_header(struct snapshot_writer *w, const struct snapshot_identity *id,
                        struct streamd_error *error)
{
    uint8_t lineage[16];
    struct text t = {0};
    int rc;

    if (lineage_bytes(id->lineage, lineage))
        return error_set(error, STREAMD_E_STATE, "'%s' is no lineage", id->lineage);
    text_append(&t, NATIVE_MAGIC, NATIVE_MARK);
    add_u32(&t, SNAPSHOT_FORMAT);
    add_u32(&t, NATIVE_ORDER);
    text_append(&t, (const char *)lineage, sizeof(lineage));
    add_u64(&t, id->checkpoint);
    add_u32(&t, id->task);
    add_u32(&t, id->parallelism);
    add_u32(&t, id->key_groups);
    add_name(&t, id->pipeline);
    add_u64(&t, XXH3_64bits(t.data ? t.data : "", t.length));
    rc = text_failed(&t) ? no_memory(w, error) : emit(w, t.data, t.length, error);
    text_clear(&t);
    return rc;
}

/* ---- opening and closing ----------------------------------------------------------------------
 */

static void writer_free(struct snapshot_writer *w)
{
    for (size_t i = 0; i < w->sections.count; i++) {
        struct section *s = &w->sections.items[i];

        text_clear(&s->head);
        memory_free(s->node);
        memory_free(s->table);
        array_clear(&s->blocks);
    }
    array_clear(&w->sections);
    array_clear(&w->others);
    array_clear(&w->block);
    memory_free(w->out);
    memory_free(w->path);
    memory_free(w->temporary);
    memory_free(w->raw);
}

void snapshot_writer_abandon(struct snapshot_writer *w)
{
    if (!w)
        return;
    if (w->fd >= 0) {
        w->ops->close(w->ops->self, w->fd);
        w->ops->unlink(w->ops->self, w->temporary);
    }
    writer_free(w);
}

static struct snapshot_writer *writer_new(const struct file_ops *ops, const char *path)
{
    size_t size = sizeof(struct snapshot_writer) + 63, length = strlen(path);
    void *raw = memory_zalloc(1, size);
    struct snapshot_writer *w;

    if (!raw)
        return NULL;
    w = (struct snapshot_writer *)(((uintptr_t)raw + 63) & ~(uintptr_t)63);
    w->raw = raw;
    w->ops = ops;
    w->fd = -1;
    w->path = memory_strdup(path);
    w->temporary = memory_alloc(length + sizeof(".tmp"));
    w->out = memory_alloc(OUT_SIZE);
    if (!w->path || !w->temporary || !w->out) {
        writer_free(w);
        return NULL;
    }
    memcpy(w->temporary, path, length);
    memcpy(w->temporary + length, ".tmp", sizeof(".tmp"));
    XXH3_128bits_reset(&w->whole);
    return w;
}

int snapshot_writer_open(const struct file_ops *ops, const char *path,
                         const struct snapshot_identity *identity, struct snapshot_writer **writer,
                         struct streamd_error *error)
{
    struct snapshot_writer *w;
    int rc;

    if (bad_identity(identity))
        return error_set(error, STREAMD_E_STATE, "%s: an identity that cannot be", path);
    w = writer_new(ops, path);
    if (!w)
        return error_set_nomem(error);
    w->fd = ops->open(ops->self, w->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    rc =
        w->fd < 0 ? disk_error(w, "create", w->temporary, error) : write_header(w, identity, error);
    if (!rc)
        rc = FAILPOINT_FAIL("W4", error);
    if (rc) {
        snapshot_writer_abandon(w);
        return rc;
    }
    *writer = w;
    return 0;
}

/* ---- sections and rows ------------------------------------------------------------------------
 */

static int add_block(struct snapshot_writer *w, struct snapshot_block block,
                     struct streamd_error *error)
{
    struct section *s = &w->sections.items[w->sections.count - 1];

    return array_push(&s->blocks, block) ? no_memory(w, error) : 0;
}

/* Writes the block that was gathered, if any. */
static int end_block(struct snapshot_writer *w, struct streamd_error *error)
{
    struct snapshot_block block = w->open;
    int rc;

    if (!block.rows)
        return 0;
    block.offset = w->at;
    block.length = (uint32_t)w->block.count;
    block.hash = XXH3_64bits(w->block.items, w->block.count);
    w->open.rows = 0;
    rc = add_block(w, block, error);
    if (!rc)
        rc = emit(w, w->block.items, w->block.count, error);
    w->block.count = 0;
    return rc;
}

static int names_fit(const struct snapshot_section *s)
{
    uint32_t count = s->key_count + s->column_count;

    if (strlen(s->node) > SNAPSHOT_NAME_MAX || strlen(s->table) > SNAPSHOT_NAME_MAX ||
        s->key_count > SNAPSHOT_FIELDS_MAX || count > SNAPSHOT_FIELDS_MAX)
        return 0;
    for (uint32_t i = 0; i < count; i++)
        if (strlen(s->fields[i].name) > SNAPSHOT_NAME_MAX)
            return 0;
    return 1;
}

static void add_section_head(struct text *t, const struct snapshot_section *s)
{
    add_name(t, s->node);
    add_name(t, s->table);
    add_u32(t, s->flags);
    add_u32(t, s->order_by);
    add_u32(t, s->key_count);
    add_u32(t, s->column_count);
    for (uint32_t i = 0; i < s->key_count + s->column_count; i++) {
        const struct streamd_type *type = &s->fields[i].type;
        const char id[4] = {(char)type->id, (char)type->precision, (char)type->scale,
                            (char)type->nullable};

        add_name(t, s->fields[i].name);
        text_append(t, id, sizeof(id));
    }
}

int snapshot_writer_section(struct snapshot_writer *w, const struct snapshot_section *section,
                            struct streamd_error *error)
{
    struct section s = {.node = NULL};
    int rc = end_block(w, error);

    if (rc)
        return rc;
    if (!names_fit(section))
        return error_set(error, STREAMD_E_LIMIT, "%s: state table %s has a name that is too long",
                         section->node, section->table);
    for (size_t i = 0; i < w->sections.count; i++)
        if (!strcmp(w->sections.items[i].node, section->node) &&
            !strcmp(w->sections.items[i].table, section->table))
            return error_set(error, STREAMD_E_STATE, "state table %s of %s is written twice",
                             section->table, section->node);
    s.node = memory_strdup(section->node);
    s.table = memory_strdup(section->table);
    add_section_head(&s.head, section);
    if (!s.node || !s.table || text_failed(&s.head) || array_push(&w->sections, s)) {
        memory_free(s.node);
        memory_free(s.table);
        text_clear(&s.head);
        return no_memory(w, error);
    }
    return 0;
}

/* Adds rows to the block that is open, or ends it and opens one for them. */
static int add_rows(struct snapshot_writer *w, const struct snapshot_block *kind, const void *bytes,
                    size_t length, uint32_t rows, struct streamd_error *error)
{
    int other = w->open.rows && (w->open.group != kind->group || w->open.sealed != kind->sealed ||
                                 (kind->sealed && w->open.ns != kind->ns));
    int rc = 0;

    if (!w->sections.count)
        return error_set(error, STREAMD_E_STATE, "%s: rows without a section", w->path);
    if (!rows)
        return 0;
    if (length > UINT32_MAX)
        return error_set(error, STREAMD_E_LIMIT, "rows of 4 GiB do not fit into a snapshot");
    if (other || w->block.count + length > UINT32_MAX)
        rc = end_block(w, error);
    if (rc)
        return rc;
    if (array_reserve(&w->block, w->block.count + length))
        return no_memory(w, error);
    memcpy(w->block.items + w->block.count, bytes, length);
    w->block.count += length;
    rows += w->open.rows;
    w->open = *kind;
    w->open.rows = rows;
    return w->block.count >= SNAPSHOT_BLOCK ? end_block(w, error) : 0;
}

int snapshot_writer_rows(struct snapshot_writer *w, uint32_t group, const void *bytes,
                         size_t length, uint32_t rows, struct streamd_error *error)
{
    const struct snapshot_block kind = {.group = group};

    return add_rows(w, &kind, bytes, length, rows, error);
}

int snapshot_writer_sealed(struct snapshot_writer *w, uint32_t group, int64_t ns, const void *bytes,
                           size_t length, uint32_t rows, struct streamd_error *error)
{
    const struct snapshot_block kind = {.group = group, .sealed = 1, .ns = ns};

    return add_rows(w, &kind, bytes, length, rows, error);
}

int snapshot_writer_sealed_blocks(struct snapshot_writer *w, struct snapshot_block **blocks,
                                  uint32_t *count, struct streamd_error *error)
{
    int rc = end_block(w, error);
    const struct section *s;
    size_t first;

    *blocks = NULL;
    *count = 0;
    if (rc || !w->sections.count)
        return rc;
    s = &w->sections.items[w->sections.count - 1];
    for (first = s->blocks.count; first > 0; first--) {
        const struct snapshot_block *b = &s->blocks.items[first - 1];

        if (!b->sealed || b->file || b->ns != s->blocks.items[s->blocks.count - 1].ns)
            break;
    }
    if (first == s->blocks.count)
        return 0;
    *count = (uint32_t)(s->blocks.count - first);
    *blocks = memory_alloc(*count * sizeof(**blocks));
    if (!*blocks)
        return error_set_nomem(error);
    memcpy(*blocks, s->blocks.items + first, *count * sizeof(**blocks));
    return 0;
}

/* Index + 1 of a file in `others`, which is added where it is new; 0: no memory. */
static uint32_t other_file(struct snapshot_writer *w, uint64_t checkpoint, const char *name)
{
    struct other o = {.checkpoint = checkpoint};

    for (size_t i = w->others.count; i-- > 0;)
        if (w->others.items[i].checkpoint == checkpoint && !strcmp(w->others.items[i].name, name))
            return (uint32_t)i + 1;
    snprintf(o.name, sizeof(o.name), "%s", name);
    return array_push(&w->others, o) ? 0 : (uint32_t)w->others.count;
}

int snapshot_writer_refer(struct snapshot_writer *w, uint64_t checkpoint, const char *name,
                          const struct snapshot_block *block, struct streamd_error *error)
{
    struct snapshot_block b = *block;
    int rc = end_block(w, error);

    if (rc)
        return rc;
    if (!w->sections.count || !block->sealed || strlen(name) >= sizeof(((struct other *)0)->name))
        return error_set(error, STREAMD_E_STATE, "%s: a block that cannot be referred to", w->path);
    b.file = other_file(w, checkpoint, name);
    return b.file ? add_block(w, b, error) : no_memory(w, error);
}

/* ---- the footer -------------------------------------------------------------------------------
 */

static void add_entry(struct text *t, const struct snapshot_block *b)
{
    add_u32(t, b->group);
    add_u32(t, b->file);
    add_u32(t, b->rows);
    add_u32(t, b->length);
    add_u64(t, b->offset);
    add_u64(t, b->hash);
    add_u64(t, (uint64_t)b->ns);
    add_u32(t, b->sealed ? NATIVE_SEALED : 0);
    add_u32(t, 0);
}

static void add_footer(struct text *t, const struct snapshot_writer *w)
{
    add_u32(t, (uint32_t)w->others.count);
    for (size_t i = 0; i < w->others.count; i++) {
        add_u64(t, w->others.items[i].checkpoint);
        add_name(t, w->others.items[i].name);
    }
    add_u32(t, (uint32_t)w->sections.count);
    for (size_t i = 0; i < w->sections.count; i++) {
        const struct section *s = &w->sections.items[i];

        text_append(t, s->head.data, s->head.length);
        add_u32(t, (uint32_t)s->blocks.count);
        for (size_t k = 0; k < s->blocks.count; k++)
            add_entry(t, &s->blocks.items[k]);
    }
}

static int write_footer(struct snapshot_writer *w, struct streamd_error *error)
{
    struct text t = {0};
    uint64_t at = w->at;
    int rc;

    add_footer(&t, w);
    if (!text_failed(&t)) {
        size_t length = t.length;

        add_u64(&t, at);
        add_u64(&t, length);
        add_u64(&t, XXH3_64bits(t.data, length));
        text_append(&t, NATIVE_END, NATIVE_MARK);
    }
    rc = text_failed(&t) ? no_memory(w, error) : emit(w, t.data, t.length, error);
    text_clear(&t);
    return rc ? rc : flush(w, error);
}

/* The content durable under its temporary name; the descriptor is closed in any case. */
static int make_durable(struct snapshot_writer *w, struct streamd_error *error)
{
    int rc = end_block(w, error);

    if (!rc)
        rc = write_footer(w, error);
    if (!rc)
        rc = FAILPOINT_FAIL("W6", error);
    if (!rc && w->ops->fsync(w->ops->self, w->fd))
        rc = disk_error(w, "sync", w->temporary, error);
    if (w->ops->close(w->ops->self, w->fd) && !rc)
        rc = disk_error(w, "close", w->temporary, error);
    w->fd = -1;
    return rc;
}

int snapshot_writer_close(struct snapshot_writer *w, uint64_t *bytes, char checksum[33],
                          struct streamd_error *error)
{
    int rc;

    if (w->failed) {
        snapshot_writer_abandon(w);
        return error_set(error, STREAMD_E_STATE, "a snapshot that failed before");
    }
    rc = make_durable(w, error);
    if (!rc)
        rc = FAILPOINT_FAIL("W7", error);
    if (!rc && w->ops->rename(w->ops->self, w->temporary, w->path))
        rc = disk_error(w, "rename", w->temporary, error);
    if (rc) {
        w->ops->unlink(w->ops->self, w->temporary);
    } else {
        rc = FAILPOINT_FAIL("W8", error);
        if (!rc)
            rc = file_sync_folder(w->ops, w->path, error);
        if (rc && error)
            error->diagnostic = 4411;
    }
    if (!rc) {
        *bytes = w->at;
        checksum_print(XXH3_128bits_digest(&w->whole), checksum);
    }
    writer_free(w);
    return rc;
}
