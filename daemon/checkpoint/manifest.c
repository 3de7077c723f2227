/*
 * A manifest is written as one text whose hash stands in front of it, through a temporary name. The
 * rename is done here and not by file_replace, because the caller must know on which side of it an
 * error lies.
 */
#include "checkpoint/manifest.h"

#include "base/error.h"
#include "base/failpoint.h"
#include "base/memory.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { DAMAGED = 4404, OTHER_VERSION = 4405, MOST_BYTES = 64 << 20, MOST_FILES = 1 << 20 };
enum { READ_BYTES = 1 << 20 };

void manifest_clear(struct manifest *m)
{
    memory_free(m->pipeline);
    memory_free(m->files);
    json_decref(m->plan);
    *m = (struct manifest){0};
}

static void hash_text(const void *data, size_t length, char text[33])
{
    XXH128_hash_t h = XXH3_128bits(data, length);

    snprintf(text, 33, "%016" PRIx64 "%016" PRIx64, (uint64_t)h.high64, (uint64_t)h.low64);
}

/* ---- writing ------------------------------------------------------------------------------ */

static json_t *files_json(const struct manifest *m)
{
    json_t *files = json_array();

    for (size_t i = 0; i < m->file_count; i++) {
        const struct manifest_file *f = &m->files[i];
        json_t *file = json_pack("{s:I,s:s,s:I,s:s}", "task", (json_int_t)f->task, "name", f->name,
                                 "bytes", (json_int_t)f->bytes, "checksum", f->checksum);

        if (file && f->checkpoint != m->id)
            (void)json_object_set_new(file, "checkpoint", json_integer((json_int_t)f->checkpoint));
        if (json_array_append_new(files, file)) {
            json_decref(files);
            return NULL;
        }
    }
    return files;
}

static json_t *manifest_json(const struct manifest *m)
{
    json_t *files = files_json(m);

    return files ? json_pack("{s:i,s:s,s:s,s:I,s:I,s:I,s:s,s:O?,s:s,s:I,s:o}", "format",
                             MANIFEST_FORMAT, "pipeline", m->pipeline, "lineage", m->lineage, "id",
                             (json_int_t)m->id, "parallelism", (json_int_t)m->parallelism,
                             "key_groups", (json_int_t)m->key_groups, "plan_hash", m->plan_hash,
                             "plan", m->plan, "kind", m->kind, "created", (json_int_t)m->created,
                             "files", files)
                 : NULL;
}

static int manifest_text(const struct manifest *m, struct text *out, struct streamd_error *error)
{
    json_t *object = manifest_json(m);
    char *body = object ? json_dumps(object, JSON_COMPACT) : NULL;
    char checksum[33];

    json_decref(object);
    if (!body)
        return error_set_nomem(error);
    hash_text(body, strlen(body), checksum);
    text_printf(out, "{\"checksum\":\"%s\",\"manifest\":", checksum);
    text_add(out, body);
    text_add(out, "}\n");
    free(body);
    return text_failed(out) ? error_set_nomem(error) : 0;
}

static int write_temporary(const struct file_ops *ops, const char *path, const struct text *text,
                           struct streamd_error *error)
{
    int fd =
        ops->open(ops->self, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    size_t part = FAILPOINT_PART(text->length);
    int rc;

    if (fd < 0)
        return error_set_errno(error, errno, "cannot make '%s'", path);
    rc = file_write_all(ops, fd, path, text->data, part, error);
    if (!rc)
        rc = FAILPOINT_FAIL("C4", error);
    if (!rc)
        rc = file_write_all(ops, fd, path, text->data + part, text->length - part, error);
    if (!rc && ops->fsync(ops->self, fd))
        rc = error_set_errno(error, errno, "cannot sync '%s'", path);
    if (ops->close(ops->self, fd) && !rc)
        rc = error_set_errno(error, errno, "cannot close '%s'", path);
    return rc ? rc : FAILPOINT_FAIL("C5", error);
}

int manifest_write(const struct file_ops *ops, const char *folder, const struct manifest *m,
                   int *renamed, struct streamd_error *error)
{
    char path[PATH_MAX], temporary[PATH_MAX + 8];
    struct text text = {0};
    int rc;

    if (renamed)
        *renamed = 0;
    if ((size_t)snprintf(path, sizeof(path), "%s/manifest", folder) >= sizeof(path) - 4)
        return error_set(error, STREAMD_E_LIMIT, "the folder's name is too long");
    snprintf(temporary, sizeof(temporary), "%s.tmp", path);
    rc = manifest_text(m, &text, error);
    if (!rc) {
        rc = write_temporary(ops, temporary, &text, error);
        if (rc)
            (void)ops->unlink(ops->self, temporary);
    }
    text_clear(&text);
    if (rc)
        return rc;
    if (renamed)
        *renamed = 1; /* a rename that answers with an error may have happened all the same */
    if (ops->rename(ops->self, temporary, path))
        return error_set_errno(error, errno, "cannot give '%s' its name", path);
    rc = FAILPOINT_FAIL("C7", error);
    return rc ? rc : file_sync_folder(ops, path, error);
}

/* ---- reading ------------------------------------------------------------------------------ */

static int damaged(struct streamd_error *error, const char *path, const char *what)
{
    return error_set_full(error, STREAMD_E_DATA, STREAMD_FAIL_PIPELINE, DAMAGED,
                          "'%s' is damaged: %s", path, what);
}

/* A member that is a whole number from `least` to `most`. */
static int get_number(const json_t *object, const char *name, int64_t least, int64_t most,
                      int64_t *value)
{
    const json_t *member = json_object_get(object, name);

    *value = json_is_integer(member) ? json_integer_value(member) : least - 1;
    return *value < least || *value > most ? STREAMD_E_DATA : 0;
}

/* A member that is a text of less than `size` bytes. */
static int get_text(const json_t *object, const char *name, char *text, size_t size)
{
    const char *value = json_string_value(json_object_get(object, name));

    if (!value || strlen(value) >= size)
        return STREAMD_E_DATA;
    memcpy(text, value, strlen(value) + 1);
    return 0;
}

static int is_hex(const char *text, size_t length)
{
    return strlen(text) == length && strspn(text, "0123456789abcdef") == length;
}

static int read_file_entry(const json_t *entry, uint64_t id, struct manifest_file *f)
{
    int64_t task, bytes, other = (int64_t)id;

    if (get_number(entry, "task", 0, INT32_MAX, &task) ||
        get_text(entry, "name", f->name, sizeof(f->name)) || strchr(f->name, '/') ||
        f->name[0] == '.' || f->name[0] == '\0' ||
        get_number(entry, "bytes", 0, INT64_MAX, &bytes) ||
        get_text(entry, "checksum", f->checksum, sizeof(f->checksum)) || !is_hex(f->checksum, 32))
        return STREAMD_E_DATA;
    if (json_object_get(entry, "checkpoint") &&
        get_number(entry, "checkpoint", 1, INT64_MAX, &other))
        return STREAMD_E_DATA;
    f->task = (uint32_t)task;
    f->bytes = (uint64_t)bytes;
    f->checkpoint = (uint64_t)other;
    return 0;
}

static int read_files(const json_t *object, struct manifest *m)
{
    const json_t *files = json_object_get(object, "files");
    size_t count = json_array_size(files);

    if (!json_is_array(files) || count > MOST_FILES)
        return STREAMD_E_DATA;
    m->files = memory_zalloc(count ? count : 1, sizeof(*m->files));
    if (!m->files)
        return STREAMD_E_NOMEM;
    m->file_count = count;
    for (size_t i = 0; i < count; i++)
        if (read_file_entry(json_array_get(files, i), m->id, &m->files[i]))
            return STREAMD_E_DATA;
    return 0;
}

static int read_object(const json_t *object, struct manifest *m)
{
    const char *pipeline = json_string_value(json_object_get(object, "pipeline"));
    json_t *plan = json_object_get(object, "plan");
    int64_t id, parallelism, groups;

    if (!pipeline || get_text(object, "lineage", m->lineage, sizeof(m->lineage)) ||
        !is_hex(m->lineage, 32) || get_number(object, "id", 1, INT64_MAX, &id) ||
        get_number(object, "parallelism", 1, 32768, &parallelism) ||
        get_number(object, "key_groups", 1, 32768, &groups) ||
        get_text(object, "plan_hash", m->plan_hash, sizeof(m->plan_hash)) ||
        get_text(object, "kind", m->kind, sizeof(m->kind)) ||
        get_number(object, "created", INT64_MIN + 1, INT64_MAX, &m->created))
        return STREAMD_E_DATA;
    m->id = (uint64_t)id;
    m->parallelism = (uint32_t)parallelism;
    m->key_groups = (uint32_t)groups;
    m->plan = json_is_object(plan) ? json_incref(plan) : NULL;
    m->pipeline = memory_strdup(pipeline);
    return m->pipeline ? read_files(object, m) : STREAMD_E_NOMEM;
}

/* The part of the text that the checksum is over: behind `"manifest":`, up to the last brace. */
static int check_hash(const char *text, size_t length, const char *checksum)
{
    static const char key[] = "\"manifest\":";
    const char *body = strstr(text, key);
    const char *end = length ? memrchr(text, '}', length) : NULL;
    char actual[33];

    if (!body || !end || end < body + sizeof(key) - 1)
        return STREAMD_E_DATA;
    body += sizeof(key) - 1;
    hash_text(body, (size_t)(end - body), actual);
    return strcmp(actual, checksum) == 0 ? 0 : STREAMD_E_DATA;
}

static int parse(const char *path, const char *text, size_t length, struct manifest *m,
                 struct streamd_error *error)
{
    json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
    const json_t *object = json_object_get(root, "manifest");
    const char *checksum = json_string_value(json_object_get(root, "checksum"));
    int64_t format;
    int rc;

    if (!json_is_object(object) || !checksum || check_hash(text, length, checksum)) {
        rc = damaged(error, path, "its checksum does not fit");
    } else if (get_number(object, "format", 0, INT32_MAX, &format) || format != MANIFEST_FORMAT) {
        rc = error_set_full(error, STREAMD_E_UNSUPPORTED, STREAMD_FAIL_PIPELINE, OTHER_VERSION,
                            "'%s' was written by another version of streamd", path);
    } else {
        rc = read_object(object, m);
        if (rc == STREAMD_E_NOMEM)
            (void)error_set_nomem(error);
        else if (rc)
            rc = damaged(error, path, "a member is missing or makes no sense");
    }
    json_decref(root);
    return rc;
}

int manifest_read(const struct file_ops *ops, const char *folder, struct manifest *m,
                  struct streamd_error *error)
{
    struct manifest read = {0};
    char path[PATH_MAX], *text;
    size_t length;
    int rc;

    if ((size_t)snprintf(path, sizeof(path), "%s/manifest", folder) >= sizeof(path))
        return error_set(error, STREAMD_E_LIMIT, "the folder's name is too long");
    rc = file_read_all(ops, path, MOST_BYTES, &text, &length, error);
    if (rc == STREAMD_E_LIMIT)
        return damaged(error, path, "it is too large");
    if (rc)
        return rc;
    rc = parse(path, text, length, &read, error);
    memory_free(text);
    if (rc)
        manifest_clear(&read);
    else
        *m = read;
    return rc;
}

/* ---- verifying ---------------------------------------------------------------------------- */

/* Size and hash of a whole file. */
static int hash_file(const struct file_ops *ops, const char *path, uint64_t *bytes, char text[33],
                     struct streamd_error *error)
{
    int fd = ops->open(ops->self, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0);
    XXH3_state_t *state = XXH3_createState();
    uint8_t *buffer = memory_alloc(READ_BYTES);
    ssize_t n = 1;
    int rc = 0;

    *bytes = 0;
    if (fd < 0)
        rc = error_set_errno(error, errno, "cannot open '%s'", path);
    else if (!state || !buffer || XXH3_128bits_reset(state) == XXH_ERROR)
        rc = error_set_nomem(error);
    while (!rc && n != 0) {
        n = ops->read(ops->self, fd, buffer, READ_BYTES);
        if (n < 0 && errno != EINTR)
            rc = error_set_errno(error, errno, "cannot read '%s'", path);
        if (n > 0) {
            *bytes += (uint64_t)n;
            (void)XXH3_128bits_update(state, buffer, (size_t)n);
        }
    }
    if (!rc) {
        XXH128_hash_t h = XXH3_128bits_digest(state);

        snprintf(text, 33, "%016" PRIx64 "%016" PRIx64, (uint64_t)h.high64, (uint64_t)h.low64);
    }
    if (fd >= 0)
        (void)ops->close(ops->self, fd);
    XXH3_freeState(state);
    memory_free(buffer);
    return rc;
}

int manifest_verify(const struct file_ops *ops, const char *folder, const struct manifest *m,
                    struct streamd_error *error)
{
    for (size_t i = 0; i < m->file_count; i++) {
        const struct manifest_file *f = &m->files[i];
        char path[PATH_MAX], checksum[33];
        struct streamd_error why;
        uint64_t bytes;
        size_t length = (size_t)snprintf(path, sizeof(path), "%s/../chk-%" PRIu64 "/%s", folder,
                                         f->checkpoint, f->name);

        if (f->checkpoint == m->id)
            length = (size_t)snprintf(path, sizeof(path), "%s/%s", folder, f->name);
        if (length >= sizeof(path))
            return error_set(error, STREAMD_E_LIMIT, "the folder's name is too long");
        if (hash_file(ops, path, &bytes, checksum, &why))
            return why.code == STREAMD_E_NOMEM ? error_set_nomem(error)
                                               : damaged(error, path, why.message);
        if (bytes != f->bytes)
            return damaged(error, path, "it has another size than the manifest says");
        if (strcmp(checksum, f->checksum) != 0)
            return damaged(error, path, "its content is not what the manifest says");
    }
    return 0;
}
