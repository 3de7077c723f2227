/*
 * Reading snapshot files: trailer, footer and header at opening, then one block at a time into one
 * buffer. Sizes are those of the file as it was opened; what the file says of itself is held
 * against them first.
 */
#include "base/arena.h"
#include "base/array.h"
#include "base/error.h"
#include "checkpoint/native.h"
#include "checkpoint/native_form.h"
#include "checkpoint/native_parse.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

/* Siblings that are open at a time: a process may read the files of hundreds of tasks. */
enum { SIBLINGS_OPEN = 64 };

/* A file that blocks of this one lie in: opened when one of them is read, closed at the end of an
   iteration. */
struct sibling {
    int fd;
    uint64_t size;
    char *path; /* NULL: it was not looked at yet */
};

struct snapshot_reader {
    const struct file_ops *ops;
    char *path;
    int fd;
    uint64_t size;
    struct arena arena; /* names, sections, blocks */
    struct snapshot_identity identity;
    uint32_t header; /* bytes */
    struct native_footer footer;
    struct sibling *siblings; /* footer.other_count */
    uint32_t siblings_open;
    struct {
        uint8_t *items;
        size_t count, capacity;
    } buffer;
};

static int damaged(const char *path, const char *what, struct streamd_error *error)
{
    return error_set_full(error, STREAMD_E_DATA, STREAMD_FAIL_PIPELINE, 4406, "%s is damaged: %s",
                          path, what);
}

static int other_version(const char *path, uint32_t version, struct streamd_error *error)
{
    return error_set_full(error, STREAMD_E_UNSUPPORTED, STREAMD_FAIL_PIPELINE, 4405,
                          "%s has format %u; this streamd reads format %d", path, version,
                          SNAPSHOT_FORMAT);
}

/* ---- opening ----------------------------------------------------------------------------------
 */

static int open_file(const struct file_ops *ops, const char *path, int *fd, uint64_t *size,
                     struct streamd_error *error)
{
    struct stat st;

    *fd = ops->open(ops->self, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
    if (*fd < 0)
        return error_set_errno(error, errno, "cannot open %s", path);
    if (fstat(*fd, &st))
        return error_set_errno(error, errno, "cannot look at %s", path);
    if (!S_ISREG(st.st_mode))
        return damaged(path, "it is not a regular file", error);
    *size = (uint64_t)st.st_size;
    return 0;
}

/* Reads into the buffer. `length` was held against the size of the file. */
static int read_bytes(struct snapshot_reader *r, int fd, const char *path, uint64_t offset,
                      size_t length, struct streamd_error *error)
{
    if (array_reserve(&r->buffer, length))
        return error_set_nomem(error);
    return file_read_at(r->ops, fd, path, r->buffer.items, length, offset, error);
}

/* What a parser answered, as a code. */
static int parsed(const struct snapshot_reader *r, const char *wrong, struct streamd_error *error)
{
    if (!wrong)
        return 0;
    return *wrong ? damaged(r->path, wrong, error) : error_set_nomem(error);
}

static int read_header(struct snapshot_reader *r, struct streamd_error *error)
{
    uint32_t version;
    uint64_t hash;
    int rc;

    if (r->size < NATIVE_HEADER_LEAST + NATIVE_HASH + NATIVE_TRAILER)
        return damaged(r->path, "it is too short", error);
    rc = read_bytes(r, r->fd, r->path, 0, NATIVE_HEADER_LEAST, error);
    if (rc)
        return rc;
    r->header = native_header_length(r->buffer.items, &version);
    if (version != 0 && version != SNAPSHOT_FORMAT)
        return other_version(r->path, version, error);
    if (!r->header || r->header > r->size)
        return damaged(r->path, "it does not begin as a snapshot does", error);
    rc = read_bytes(r, r->fd, r->path, 0, r->header, error);
    if (rc)
        return rc;
    memcpy(&hash, r->buffer.items + r->header - NATIVE_HASH, sizeof(hash));
    if (hash != XXH3_64bits(r->buffer.items, r->header - NATIVE_HASH))
        return damaged(r->path, "the header does not have its checksum", error);
    return parsed(
        r, native_header_parse(&r->arena, r->buffer.items, r->header - NATIVE_HASH, &r->identity),
        error);
}

static int read_footer(struct snapshot_reader *r, struct streamd_error *error)
{
    uint64_t end = r->size - NATIVE_TRAILER, offset, length, hash;
    const char *wrong;
    int rc = read_bytes(r, r->fd, r->path, end, NATIVE_TRAILER, error);

    if (rc)
        return rc;
    memcpy(&offset, r->buffer.items, sizeof(offset));
    memcpy(&length, r->buffer.items + 8, sizeof(length));
    memcpy(&hash, r->buffer.items + 16, sizeof(hash));
    if (memcmp(r->buffer.items + 24, NATIVE_END, NATIVE_MARK) != 0 || offset < r->header ||
        offset > end || length != end - offset)
        return damaged(r->path, "it does not end as a snapshot does", error);
    rc = read_bytes(r, r->fd, r->path, offset, length, error);
    if (rc)
        return rc;
    if (hash != XXH3_64bits(r->buffer.items, length))
        return damaged(r->path, "the footer does not have its checksum", error);
    wrong = native_footer_parse(&r->arena, r->buffer.items, length, r->header, offset, &r->footer);
    return parsed(r, wrong, error);
}

static int other_identity(const struct snapshot_reader *r, const struct snapshot_identity *e,
                          struct streamd_error *error)
{
    const struct snapshot_identity *i = &r->identity;

    if (!strcmp(i->lineage, e->lineage) && i->checkpoint == e->checkpoint &&
        !strcmp(i->pipeline, e->pipeline) && i->task == e->task &&
        i->parallelism == e->parallelism && i->key_groups == e->key_groups)
        return 0;
    return error_set_full(error, STREAMD_E_DATA, STREAMD_FAIL_PIPELINE, 4407,
                          "%s is the file of task %u of %u at checkpoint %llu of pipeline %s (%s), "
                          "not of task %u of %u at checkpoint %llu of %s (%s)",
                          r->path, i->task, i->parallelism, (unsigned long long)i->checkpoint,
                          i->pipeline, i->lineage, e->task, e->parallelism,
                          (unsigned long long)e->checkpoint, e->pipeline, e->lineage);
}

static int open_reader(struct snapshot_reader *r, const char *path,
                       const struct snapshot_identity *expected, struct streamd_error *error)
{
    int rc;

    r->path = memory_strdup(path);
    if (!r->path)
        return error_set_nomem(error);
    rc = open_file(r->ops, path, &r->fd, &r->size, error);
    if (!rc)
        rc = read_header(r, error);
    if (!rc && expected)
        rc = other_identity(r, expected, error);
    if (!rc)
        rc = read_footer(r, error);
    if (rc)
        return rc;
    r->siblings = arena_zalloc(&r->arena, r->footer.other_count, sizeof(*r->siblings));
    if (!r->siblings)
        return error_set_nomem(error);
    for (uint32_t i = 0; i < r->footer.other_count; i++)
        r->siblings[i].fd = -1;
    return 0;
}

int snapshot_reader_open(const struct file_ops *ops, const char *path,
                         const struct snapshot_identity *expected, struct snapshot_reader **reader,
                         struct streamd_error *error)
{
    struct snapshot_reader *r = memory_zalloc(1, sizeof(*r));
    int rc;

    if (!r)
        return error_set_nomem(error);
    r->ops = ops;
    r->fd = -1;
    rc = open_reader(r, path, expected, error);
    if (rc) {
        snapshot_reader_close(r);
        return rc;
    }
    *reader = r;
    return 0;
}

static void close_siblings(struct snapshot_reader *r)
{
    for (uint32_t i = 0; r->siblings_open && i < r->footer.other_count; i++) {
        if (r->siblings[i].fd < 0)
            continue;
        r->ops->close(r->ops->self, r->siblings[i].fd);
        r->siblings[i].fd = -1;
        r->siblings_open--;
    }
}

void snapshot_reader_close(struct snapshot_reader *r)
{
    if (!r)
        return;
    if (r->fd >= 0)
        r->ops->close(r->ops->self, r->fd);
    close_siblings(r);
    array_clear(&r->buffer);
    arena_clear(&r->arena);
    memory_free(r->path);
    memory_free(r);
}

/* ---- what is inside ---------------------------------------------------------------------------
 */

const struct snapshot_identity *snapshot_reader_identity(const struct snapshot_reader *r)
{
    return &r->identity;
}

const char *snapshot_reader_path(const struct snapshot_reader *r)
{
    return r->path;
}

uint32_t snapshot_reader_sections(const struct snapshot_reader *r)
{
    return r->footer.section_count;
}

const struct snapshot_section *snapshot_reader_section(const struct snapshot_reader *r, uint32_t i)
{
    return &r->footer.sections[i].head;
}

int32_t snapshot_reader_find(const struct snapshot_reader *r, const char *node, const char *table)
{
    for (uint32_t i = 0; i < r->footer.section_count; i++)
        if (!strcmp(r->footer.sections[i].head.node, node) &&
            !strcmp(r->footer.sections[i].head.table, table))
            return (int32_t)i;
    return -1;
}

const struct snapshot_block *snapshot_reader_blocks(const struct snapshot_reader *r,
                                                    uint32_t section, uint32_t *count)
{
    *count = r->footer.sections[section].block_count;
    return r->footer.sections[section].blocks;
}

const struct snapshot_other *snapshot_reader_others(const struct snapshot_reader *r,
                                                    uint32_t *count)
{
    *count = r->footer.other_count;
    return r->footer.others;
}

/* The first block of a group >= `group`. */
static uint32_t first_block(const struct native_section *s, uint64_t group)
{
    uint32_t low = 0, high = s->block_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (s->blocks[middle].group < group)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint64_t snapshot_reader_rows(const struct snapshot_reader *r, uint32_t section, uint64_t first,
                              uint64_t end)
{
    const struct native_section *s = &r->footer.sections[section];
    uint64_t rows = 0;

    for (uint32_t i = first_block(s, first); i < s->block_count && s->blocks[i].group < end; i++)
        rows += s->blocks[i].rows;
    return rows;
}

/* ---- blocks -----------------------------------------------------------------------------------
 */

/* Path of a file of another checkpoint: FOLDER/../chk-N/NAME, without the dots. */
static char *sibling_path(const struct snapshot_reader *r, const struct snapshot_other *o)
{
    const char *slash = strrchr(r->path, '/');
    size_t length = slash ? (size_t)(slash - r->path) : 0;
    char path[PATH_MAX];
    int n;

    while (length > 0 && r->path[length - 1] != '/')
        length--;
    n = snprintf(path, sizeof(path), "%.*schk-%llu/%s", (int)length, r->path,
                 (unsigned long long)o->checkpoint, o->name);
    return n < 0 || (size_t)n >= sizeof(path) ? NULL
                                              : arena_strdup((struct arena *)&r->arena, path);
}

/* Checks that a sibling is of the same pipeline and lineage. */
static int look_at_sibling(const struct snapshot_reader *r, const struct snapshot_other *o,
                           const char *path, struct streamd_error *error)
{
    struct snapshot_reader *other;
    int rc = snapshot_reader_open(r->ops, path, NULL, &other, error);

    if (rc)
        return rc;
    if (strcmp(other->identity.lineage, r->identity.lineage) != 0 ||
        strcmp(other->identity.pipeline, r->identity.pipeline) != 0 ||
        other->identity.checkpoint != o->checkpoint)
        rc = error_set_full(error, STREAMD_E_DATA, STREAMD_FAIL_PIPELINE, 4407,
                            "%s is not the file that %s refers to", path, r->path);
    snapshot_reader_close(other);
    return rc;
}

static int open_sibling(struct snapshot_reader *r, uint32_t i, struct streamd_error *error)
{
    const struct snapshot_other *o = &r->footer.others[i];
    struct sibling *s = &r->siblings[i];
    char *path = s->path ? s->path : sibling_path(r, o);
    int rc;

    if (!path)
        return error_set_nomem(error);
    rc = s->path ? 0 : look_at_sibling(r, o, path, error);
    if (rc)
        return rc;
    s->path = path;
    if (r->siblings_open == SIBLINGS_OPEN)
        close_siblings(r);
    rc = open_file(r->ops, path, &s->fd, &s->size, error);
    r->siblings_open += s->fd >= 0;
    return rc;
}

static int read_block(struct snapshot_reader *r, const struct snapshot_block *b,
                      struct streamd_error *error)
{
    const char *path = r->path;
    uint64_t size = r->size;
    int fd = r->fd, rc = 0;

    if (b->file) {
        struct sibling *s = &r->siblings[b->file - 1];

        if (s->fd < 0)
            rc = open_sibling(r, b->file - 1, error);
        if (rc)
            return rc;
        fd = s->fd;
        path = s->path;
        size = s->size;
    }
    if (b->offset > size || b->length > size - b->offset)
        return damaged(path, "a block lies outside of the file", error);
    rc = read_bytes(r, fd, path, b->offset, b->length, error);
    if (!rc && XXH3_64bits(r->buffer.items, b->length) != b->hash) {
        char what[80];

        snprintf(what, sizeof(what), "the block at byte %llu does not have its checksum",
                 (unsigned long long)b->offset);
        rc = damaged(path, what, error);
    }
    return rc;
}

void snapshot_reader_begin(const struct snapshot_reader *r, uint32_t section, uint64_t first,
                           uint64_t end, struct snapshot_cursor *cursor)
{
    *cursor = (struct snapshot_cursor){.section = section, .first = first, .end = end};
    cursor->block = first_block(&r->footer.sections[section], first);
}

int snapshot_reader_next(struct snapshot_reader *r, struct snapshot_cursor *cursor,
                         const uint8_t **bytes, size_t *length, uint32_t *rows, uint32_t *group,
                         struct streamd_error *error)
{
    const struct native_section *s = &r->footer.sections[cursor->section];
    const struct snapshot_block *b = &s->blocks[cursor->block];
    int rc;

    if (cursor->block >= s->block_count || b->group >= cursor->end) {
        close_siblings(r);
        return 0;
    }
    rc = read_block(r, b, error);
    if (rc)
        return rc;
    cursor->block++;
    *bytes = r->buffer.items;
    *length = b->length;
    *rows = b->rows;
    *group = b->group;
    return 1;
}

int snapshot_reader_verify(struct snapshot_reader *r, struct streamd_error *error)
{
    for (uint32_t i = 0; i < r->footer.section_count; i++) {
        const struct native_section *s = &r->footer.sections[i];

        for (uint32_t k = 0; k < s->block_count; k++) {
            int rc = s->blocks[k].file ? 0 : read_block(r, &s->blocks[k], error);

            if (rc)
                return rc;
        }
    }
    return 0;
}
