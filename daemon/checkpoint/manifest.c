/*
 * Manifests. The checksum is of the bytes of the inner object as they stand in the file, so that it
 * can be checked before anything is parsed, and by any program:
 *
 *   {"checksum":"<32 digits>","manifest":  OBJECT  }\n
 */
#include "checkpoint/manifest.h"

#include "base/array.h"
#include "base/error.h"
#include "base/failpoint.h"
#include "base/text.h"
#include "checkpoint/checksum.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define HEAD "{\"checksum\":\""
#define MIDDLE "\",\"manifest\":"
#define TAIL "}\n"

enum {
    MANIFEST_MOST = 64 * 1024 * 1024, /* bytes of a manifest */
    FILES_MOST = 1 << 20,
    VERIFY_BUFFER = 1 << 20,
    OBJECT_AT = sizeof(HEAD) - 1 + 32 + sizeof(MIDDLE) - 1
};

void manifest_clear(struct manifest *m)
{
    memory_free(m->pipeline);
    memory_free(m->files);
    json_decref(m->plan);
    *m = (struct manifest){.pipeline = NULL};
}

static int damaged(const char *path, const char *what, struct streamd_error *error)
{
    return error_set_full(error, STREAMD_E_DATA, STREAMD_FAIL_PIPELINE, 4404, "%s is damaged: %s",
                          path, what);
}

static int path_of(const char *folder, const char *name, char path[PATH_MAX],
                   struct streamd_error *error)
{
    int n = snprintf(path, PATH_MAX, "%s/%s", folder, name);

    return n < 0 || n >= PATH_MAX ? error_set_errno(error, ENAMETOOLONG, "%s/%s", folder, name) : 0;
}

/* ---- writing ----------------------------------------------------------------------------------
 */

static json_t *file_json(const struct manifest_file *f)
{
    json_t *file = json_pack("{s:I, s:s, s:I, s:s}", "task", (json_int_t)f->task, "name", f->name,
                             "bytes", (json_int_t)f->bytes, "checksum", f->checksum);

    if (file && f->referred &&
        json_object_set_new(file, "checkpoint", json_integer((json_int_t)f->checkpoint))) {
        json_decref(file);
        return NULL;
    }
    return file;
}

static json_t *manifest_json(const struct manifest *m)
{
    json_t *files = json_array(), *o;

    for (size_t i = 0; files && i < m->file_count; i++) {
        if (json_array_append_new(files, file_json(&m->files[i]))) {
            json_decref(files);
            files = NULL;
        }
    }
    o = json_pack("{s:i, s:s, s:s, s:I, s:I, s:I, s:s, s:O*, s:s, s:I, s:o}", "format",
                  MANIFEST_FORMAT, "pipeline", m->pipeline, "lineage", m->lineage, "id",
                  (json_int_t)m->id, "parallelism", (json_int_t)m->parallelism, "key_groups",
                  (json_int_t)m->key_groups, "plan_hash", m->plan_hash, "plan", m->plan, "kind",
                  m->kind, "created", (json_int_t)m->created, "files", files);
    if (o && m->parent_lineage[0] &&
        json_object_set_new(o, "parent",
                            json_pack("{s:s, s:I}", "lineage", m->parent_lineage, "checkpoint",
                                      (json_int_t)m->parent_checkpoint))) {
        json_decref(o);
        return NULL;
    }
    return o;
}

/* The whole file. "" where there is no memory. */
static void manifest_text(const struct manifest *m, struct text *out)
{
    json_t *o = manifest_json(m);
    char *object = o ? json_dumps(o, JSON_COMPACT) : NULL, checksum[33];

    if (object) {
        checksum_print(XXH3_128bits(object, strlen(object)), checksum);
        text_printf(out, HEAD "%s" MIDDLE, checksum);
        text_add(out, object);
        text_add(out, TAIL);
    }
    free(object);
    json_decref(o);
}

static int disk_error(const char *what, const char *path, int saved, struct streamd_error *error)
{
    return error_set_full(error, STREAMD_E_IO, STREAMD_FAIL_TASK, 4411, "cannot %s %s: %s", what,
                          path, strerror(saved));
}

static int write_bytes(const struct file_ops *ops, int fd, const char *path, const char *data,
                       size_t length, struct streamd_error *error)
{
    while (length > 0) {
        ssize_t n = ops->write(ops->self, fd, data, FAILPOINT_PART(length));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return disk_error("write", path, errno, error);
        data += n;
        length -= (size_t)n;
        if (length > 0 && (errno = FAILPOINT_ERRNO("C4")) != 0)
            return disk_error("write", path, errno, error);
    }
    return 0;
}

static int write_temporary(const struct file_ops *ops, const char *path, const struct text *text,
                           struct streamd_error *error)
{
    int fd = ops->open(ops->self, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), rc;

    if (fd < 0)
        return disk_error("create", path, errno, error);
    rc = write_bytes(ops, fd, path, text->data, text->length, error);
    if (!rc && ops->fsync(ops->self, fd))
        rc = disk_error("sync", path, errno, error);
    if (ops->close(ops->self, fd) && !rc)
        rc = disk_error("close", path, errno, error);
    return rc ? rc : FAILPOINT_FAIL("C5", error);
}

/* A rename that answers with an error may have been done all the same: then the name is there. */
static int give_name(const struct file_ops *ops, const char *temporary, const char *path, int *done,
                     struct streamd_error *error)
{
    int failed = ops->rename(ops->self, temporary, path), saved = errno;
    struct stat st;

    *done = !failed || !lstat(path, &st);
    return failed ? disk_error("rename", temporary, saved, error) : 0;
}

int manifest_write(const struct file_ops *ops, const char *folder, const struct manifest *m,
                   int *renamed, struct streamd_error *error)
{
    char path[PATH_MAX], temporary[PATH_MAX];
    struct text text = {0};
    int rc = path_of(folder, "manifest", path, error), done = 0;

    if (renamed)
        *renamed = 0;
    if (!rc)
        rc = path_of(folder, "manifest.tmp", temporary, error);
    if (rc)
        return rc;
    manifest_text(m, &text);
    if (text_failed(&text) || !text.length)
        rc = error_set_nomem(error);
    else
        rc = write_temporary(ops, temporary, &text, error);
    text_clear(&text);
    if (!rc)
        rc = give_name(ops, temporary, path, &done, error);
    if (renamed)
        *renamed = done;
    if (!done)
        ops->unlink(ops->self, temporary);
    if (!rc)
        rc = FAILPOINT_FAIL("C7", error);
    return rc ? rc : file_sync_folder(ops, path, error);
}

/* ---- reading ----------------------------------------------------------------------------------
 */

/* Copies a JSON string into an array; the array must hold it. */
static int copy_text(const json_t *value, char *out, size_t size)
{
    size_t length = json_string_length(value);

    if (!json_is_string(value) || length >= size || strlen(json_string_value(value)) != length)
        return STREAMD_E_DATA;
    memcpy(out, json_string_value(value), length + 1);
    return 0;
}

static int copy_number(const json_t *value, uint64_t most, uint64_t *out)
{
    json_int_t n = json_integer_value(value);

    if (!json_is_integer(value) || n < 0 || (uint64_t)n > most)
        return STREAMD_E_DATA;
    *out = (uint64_t)n;
    return 0;
}

static int is_hex(const char *text)
{
    return strlen(text) == 32 && strspn(text, "0123456789abcdef") == 32;
}

static int read_file_entry(const json_t *o, const struct manifest *m, struct manifest_file *f)
{
    const json_t *other = json_object_get(o, "checkpoint");
    uint64_t task;

    if (copy_number(json_object_get(o, "task"), UINT32_MAX, &task) ||
        copy_text(json_object_get(o, "name"), f->name, sizeof(f->name)) ||
        copy_number(json_object_get(o, "bytes"), INT64_MAX, &f->bytes) ||
        copy_text(json_object_get(o, "checksum"), f->checksum, sizeof(f->checksum)))
        return STREAMD_E_DATA;
    f->task = (uint32_t)task;
    f->checkpoint = m->id;
    f->referred = other != NULL;
    if (other && copy_number(other, INT64_MAX, &f->checkpoint))
        return STREAMD_E_DATA;
    if (!is_hex(f->checksum) || !f->name[0] || f->name[0] == '.' || strchr(f->name, '/'))
        return STREAMD_E_DATA;
    return 0;
}

static int read_files(const json_t *files, struct manifest *m)
{
    size_t count = json_array_size(files);

    if (!json_is_array(files) || count > FILES_MOST)
        return STREAMD_E_DATA;
    m->files = memory_zalloc(count, sizeof(*m->files));
    if (!m->files)
        return STREAMD_E_NOMEM;
    for (size_t i = 0; i < count; i++)
        if (read_file_entry(json_array_get(files, i), m, &m->files[i]))
            return STREAMD_E_DATA;
    m->file_count = count;
    return 0;
}

/* The savepoint that the lineage began with, where it did. */
static int read_parent(const json_t *parent, struct manifest *m)
{
    if (!parent)
        return 0;
    return copy_text(json_object_get(parent, "lineage"), m->parent_lineage, 33) ||
           !is_hex(m->parent_lineage) ||
           copy_number(json_object_get(parent, "checkpoint"), INT64_MAX, &m->parent_checkpoint);
}

/* 0, STREAMD_E_NOMEM, or STREAMD_E_DATA: a member is missing or is not what it must be. */
static int read_members(const json_t *o, struct manifest *m)
{
    const json_t *pipeline = json_object_get(o, "pipeline");
    uint64_t parallelism, key_groups, created;

    if (!json_is_string(pipeline) || copy_text(json_object_get(o, "lineage"), m->lineage, 33) ||
        !is_hex(m->lineage) || copy_number(json_object_get(o, "id"), INT64_MAX, &m->id) ||
        copy_number(json_object_get(o, "parallelism"), UINT32_MAX, &parallelism) ||
        copy_number(json_object_get(o, "key_groups"), UINT32_MAX, &key_groups) ||
        copy_text(json_object_get(o, "plan_hash"), m->plan_hash, 33) ||
        copy_text(json_object_get(o, "kind"), m->kind, sizeof(m->kind)) ||
        copy_number(json_object_get(o, "created"), INT64_MAX, &created) ||
        read_parent(json_object_get(o, "parent"), m))
        return STREAMD_E_DATA;
    m->parallelism = (uint32_t)parallelism;
    m->key_groups = (uint32_t)key_groups;
    m->created = (int64_t)created;
    m->pipeline = memory_strdup(json_string_value(pipeline));
    m->plan = json_incref(json_object_get(o, "plan"));
    if (!m->pipeline)
        return STREAMD_E_NOMEM;
    return read_files(json_object_get(o, "files"), m);
}

static int parse_object(const char *path, const char *object, size_t length, struct manifest *m,
                        struct streamd_error *error)
{
    json_error_t what;
    json_t *o = json_loadb(object, length, JSON_REJECT_DUPLICATES, &what);
    json_int_t format = json_integer_value(json_object_get(o, "format"));
    int rc;

    if (o && format > MANIFEST_FORMAT) {
        json_decref(o);
        return error_set_full(error, STREAMD_E_UNSUPPORTED, STREAMD_FAIL_PIPELINE, 4405,
                              "%s has format %lld; this streamd reads format %d", path,
                              (long long)format, MANIFEST_FORMAT);
    }
    rc = o && format == MANIFEST_FORMAT ? read_members(o, m) : STREAMD_E_DATA;
    json_decref(o);
    if (!rc)
        return 0;
    manifest_clear(m);
    return rc == STREAMD_E_NOMEM ? error_set_nomem(error)
                                 : damaged(path, "it is not what a manifest has to be", error);
}

int manifest_read(const struct file_ops *ops, const char *folder, struct manifest *m,
                  struct streamd_error *error)
{
    char path[PATH_MAX], checksum[33], *data;
    size_t length;
    int rc = path_of(folder, "manifest", path, error);

    *m = (struct manifest){.pipeline = NULL};
    if (!rc)
        rc = file_read_all(ops, path, MANIFEST_MOST, &data, &length, error);
    if (rc)
        return rc;
    if (length < OBJECT_AT + sizeof(TAIL) - 1 || memcmp(data, HEAD, sizeof(HEAD) - 1) != 0 ||
        memcmp(data + sizeof(HEAD) - 1 + 32, MIDDLE, sizeof(MIDDLE) - 1) != 0 ||
        memcmp(data + length - (sizeof(TAIL) - 1), TAIL, sizeof(TAIL) - 1) != 0) {
        rc = damaged(path, "it does not look like a manifest", error);
    } else {
        length -= OBJECT_AT + sizeof(TAIL) - 1;
        checksum_print(XXH3_128bits(data + OBJECT_AT, length), checksum);
        if (memcmp(checksum, data + sizeof(HEAD) - 1, 32) != 0)
            rc = damaged(path, "it does not have its checksum", error);
        else
            rc = parse_object(path, data + OBJECT_AT, length, m, error);
    }
    memory_free(data);
    return rc;
}

/* ---- verifying --------------------------------------------------------------------------------
 */

static int hash_file(const struct file_ops *ops, int fd, const char *path, uint64_t bytes,
                     char checksum[33], struct streamd_error *error)
{
    uint8_t *raw = memory_alloc(VERIFY_BUFFER + sizeof(XXH3_state_t) + 63);
    XXH3_state_t *state;
    uint64_t at = 0;
    int rc = 0;

    if (!raw)
        return error_set_nomem(error);
    state = (XXH3_state_t *)(((uintptr_t)raw + VERIFY_BUFFER + 63) & ~(uintptr_t)63);
    XXH3_128bits_reset(state);
    while (at < bytes && !rc) {
        size_t n = bytes - at < VERIFY_BUFFER ? (size_t)(bytes - at) : VERIFY_BUFFER;

        rc = file_read_at(ops, fd, path, raw, n, at, error);
        if (!rc)
            XXH3_128bits_update(state, raw, n);
        at += n;
    }
    if (!rc)
        checksum_print(XXH3_128bits_digest(state), checksum);
    memory_free(raw);
    return rc;
}

static int verify_file(const struct file_ops *ops, const char *path, const struct manifest_file *f,
                       struct streamd_error *error)
{
    int fd = ops->open(ops->self, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0), rc;
    char checksum[33];
    struct stat st;

    if (fd < 0 && errno == ENOENT)
        return damaged(path, "it is missing", error);
    if (fd < 0)
        return damaged(path, strerror(errno), error);
    if (fstat(fd, &st) || !S_ISREG(st.st_mode) || (uint64_t)st.st_size != f->bytes) {
        rc = damaged(path, "it does not have the size that the manifest says", error);
    } else {
        rc = hash_file(ops, fd, path, f->bytes, checksum, error);
        if (!rc && strcmp(checksum, f->checksum) != 0)
            rc = damaged(path, "it does not have its checksum", error);
        else if (rc == STREAMD_E_IO && error)
            error->diagnostic = 4404;
    }
    ops->close(ops->self, fd);
    return rc;
}

/* Path of a file of a checkpoint: in its own folder, or in the sibling chk-N. */
static int file_path(const char *folder, const struct manifest *m, const struct manifest_file *f,
                     char path[PATH_MAX], struct streamd_error *error)
{
    const char *slash = strrchr(folder, '/');
    int n, parent = slash ? (int)(slash - folder) + 1 : 0;

    if (f->checkpoint == m->id)
        return path_of(folder, f->name, path, error);
    n = snprintf(path, PATH_MAX, "%.*schk-%llu/%s", parent, folder,
                 (unsigned long long)f->checkpoint, f->name);
    return n < 0 || n >= PATH_MAX ? error_set_errno(error, ENAMETOOLONG, "%s", folder) : 0;
}

int manifest_verify(const struct file_ops *ops, const char *folder, const struct manifest *m,
                    struct streamd_error *error)
{
    int rc = 0;

    for (size_t i = 0; i < m->file_count && !rc; i++) {
        char path[PATH_MAX];

        rc = file_path(folder, m, &m->files[i], path, error);
        if (!rc)
            rc = verify_file(ops, path, &m->files[i], error);
    }
    return rc;
}
