/*
 * A state directory: opening, ids, lineages, and which checkpoint to begin with.
 *
 * The order of steps, each durable before the next: an id is in meta.db before its folder is made;
 * a manifest is renamed before "commit started"; that before any sink is told. So after a crash the
 * newest manifest is the truth about state, and `commit_started` about output.
 */
#include "checkpoint/store_form.h"

#include "base/error.h"
#include "base/failpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LOCK_TRIES = 50, LOCK_WAIT_MS = 10 };

const struct file_ops *store_file_ops(void)
{
    return file_system_no_links();
}

const char *store_path(const struct store *s)
{
    return s->path;
}

const char *store_lineage(const struct store *s)
{
    return s->meta.lineage;
}

uint32_t store_highest_parallelism(const struct store *s)
{
    return s->meta.parallelism;
}

static int unusable(const char *path, const char *what, struct streamd_error *error)
{
    return error_set_full(error, STREAMD_E_IO, STREAMD_FAIL_PIPELINE, 4402,
                          "the state directory %s cannot be used: %s", path, what);
}

/* ---- the directory and its lock ---------------------------------------------------------------
 */

/* Makes the directory where it is missing, and finds out its real path. */
static int find_directory(struct store *s, const char *path, struct streamd_error *error)
{
    struct stat st;
    char *real;
    int rc = 0, made = !s->ops->mkdir(s->ops->self, path, 0700);

    if (!made && errno != EEXIST)
        return unusable(path, strerror(errno), error);
    real = realpath(path, NULL);
    if (!real)
        return unusable(path, strerror(errno), error);
    s->path = memory_strdup(real);
    free(real);
    if (!s->path)
        return error_set_nomem(error);
    if (stat(s->path, &st))
        rc = unusable(path, strerror(errno), error);
    else if (!S_ISDIR(st.st_mode))
        rc = unusable(path, "it is not a directory", error);
    else if (st.st_mode & (S_IWGRP | S_IWOTH))
        rc = unusable(path, "others may write to it (chmod go-w)", error);
    else if (made)
        rc = file_sync_folder(s->ops, s->path, error);
    return rc;
}

/* The process in the lock file, for a message. */
static int somebody_has_it(const struct store *s, int fd, struct streamd_error *error)
{
    char text[32] = "";
    ssize_t n = s->ops->pread(s->ops->self, fd, text, sizeof(text) - 1, 0);
    long pid = n > 0 ? strtol(text, NULL, 10) : 0;

    if (pid > 0)
        return error_set_full(error, STREAMD_E_STATE, STREAMD_FAIL_PIPELINE, 4401,
                              "the state directory %s is in use by process %ld", s->path, pid);
    return error_set_full(error, STREAMD_E_STATE, STREAMD_FAIL_PIPELINE, 4401,
                          "the state directory %s is in use", s->path);
}

/* A process that is being started may hold a copy of a lock for a moment, until its exec. */
static int try_lock(int fd)
{
    const struct timespec wait = {.tv_nsec = LOCK_WAIT_MS * 1000000L};

    for (int i = 0; i < LOCK_TRIES; i++) {
        if (!flock(fd, LOCK_EX | LOCK_NB))
            return 0;
        if (errno != EWOULDBLOCK && errno != EINTR)
            return -1;
        nanosleep(&wait, NULL);
    }
    errno = EWOULDBLOCK;
    return -1;
}

static int take_lock(struct store *s, struct streamd_error *error)
{
    char path[PATH_MAX], text[32];
    int rc = store_join(path, s->path, "lock", error), n;

    if (rc)
        return rc;
    s->lock = s->ops->open(s->ops->self, path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (s->lock < 0)
        return unusable(s->path, strerror(errno), error);
    if (try_lock(s->lock))
        return errno == EWOULDBLOCK ? somebody_has_it(s, s->lock, error)
                                    : unusable(s->path, strerror(errno), error);
    n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
    if (ftruncate(s->lock, 0))
        return unusable(s->path, strerror(errno), error);
    return file_write_all(s->ops, s->lock, path, text, (size_t)n, error);
}

/* ---- metadata that was lost -------------------------------------------------------------------
 */

struct survey {
    const struct store *s;
    struct store_meta meta;
    uint64_t newest; /* complete */
    struct streamd_error *error;
};

/* What folders and manifests tell. Ids rise over all lineages, so the highest is the newest. */
static int survey_lineage(void *self, const char *lineage)
{
    struct survey *v = self;
    struct store_ids ids = {.items = NULL};
    int rc = store_ids_read(v->s, lineage, &ids, v->error);

    for (size_t i = 0; i < ids.count && !rc; i++) {
        uint64_t id = ids.items[i];
        char folder[PATH_MAX];
        struct manifest m;

        v->meta.last_id = id > v->meta.last_id ? id : v->meta.last_id;
        if (!store_is_complete(v->s, lineage, id))
            continue;
        if (id > v->newest) {
            v->newest = v->meta.commit_started = id;
            memcpy(v->meta.lineage, lineage, sizeof(v->meta.lineage));
        }
        if (!store_folder_of(v->s, lineage, id, folder, NULL) &&
            !manifest_read(v->s->ops, folder, &m, NULL)) {
            if (m.parallelism > v->meta.parallelism)
                v->meta.parallelism = m.parallelism;
            manifest_clear(&m);
        }
    }
    array_clear(&ids);
    return rc;
}

/* Whether meta.db was there or not, ids go on behind the highest folder. */
static int settle_meta(struct store *s, int known, struct streamd_error *error)
{
    struct survey v = {.s = s, .error = error};
    int rc = store_each_lineage(s, survey_lineage, &v, error);

    if (rc)
        return rc;
    if (known) {
        uint64_t last = v.meta.last_id;

        v.meta = s->meta;
        if (v.meta.last_id >= last)
            return 0;
        v.meta.last_id = last;
    }
    return store_meta_save(s, &v.meta, error);
}

/* ---- opening and closing ----------------------------------------------------------------------
 */

static int open_store(struct store *s, const char *path, struct streamd_error *error)
{
    char name[PATH_MAX];
    int rc = find_directory(s, path, error);

    if (!rc)
        rc = take_lock(s, error);
    if (!rc)
        rc = store_meta_open(s, error);
    if (rc >= 0)
        rc = settle_meta(s, rc, error);
    if (!rc)
        rc = store_join(name, s->path, "meta.db", error);
    if (!rc)
        rc = file_sync_folder(s->ops, name, error);
    if (!rc)
        store_clean(s);
    return rc;
}

int store_open(const struct file_ops *ops, const char *path, const char *pipeline,
               struct store **store, struct streamd_error *error)
{
    struct store *s = memory_zalloc(1, sizeof(*s));
    int rc;

    *store = NULL;
    if (!s)
        return error_set_nomem(error);
    s->ops = ops ? ops : store_file_ops();
    s->lock = -1;
    s->pipeline = memory_strdup(pipeline);
    rc = s->pipeline ? open_store(s, path, error) : error_set_nomem(error);
    if (rc) {
        store_close(s);
        return rc;
    }
    *store = s;
    return 0;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    store_meta_close(s);
    if (s->lock >= 0)
        s->ops->close(s->ops->self, s->lock);
    array_clear(&s->pins);
    memory_free(s->path);
    memory_free(s->pipeline);
    memory_free(s);
}

/* ---- lineages and ids -------------------------------------------------------------------------
 */

/* Makes a folder and its name durable. One that is there is fine. */
static int make_folder(const struct store *s, const char *path, struct streamd_error *error)
{
    if (s->ops->mkdir(s->ops->self, path, 0700) && errno != EEXIST)
        return error_set_full(error, STREAMD_E_IO, STREAMD_FAIL_TASK, 4411, "cannot make %s: %s",
                              path, strerror(errno));
    return file_sync_folder(s->ops, path, error);
}

int store_new_lineage(struct store *s, struct streamd_error *error)
{
    struct store_meta meta = {.last_id = s->meta.last_id};
    char path[PATH_MAX];
    uint8_t bytes[16];
    int rc;

    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
        return error_set_errno(error, errno, "no random numbers");
    for (int i = 0; i < 16; i++)
        snprintf(meta.lineage + 2 * i, 3, "%02x", bytes[i]);
    rc = store_join(path, s->path, meta.lineage, error);
    if (!rc)
        rc = make_folder(s, path, error);
    return rc ? rc : store_meta_save(s, &meta, error);
}

static int used_lineage(void *self, const char *lineage)
{
    struct survey *v = self;
    int rc = survey_lineage(self, lineage);

    return rc ? rc : v->newest != 0;
}

int store_used(struct store *s, struct streamd_error *error)
{
    struct survey v = {.s = s, .error = error};

    return store_each_lineage(s, used_lineage, &v, error);
}

int store_folder(const struct store *s, uint64_t id, char folder[PATH_MAX],
                 struct streamd_error *error)
{
    return store_folder_of(s, s->meta.lineage, id, folder, error);
}

int store_allocate(struct store *s, uint64_t *id, char folder[PATH_MAX],
                   struct streamd_error *error)
{
    struct store_meta meta = s->meta;
    int rc;

    if (!meta.lineage[0])
        return error_set(error, STREAMD_E_STATE, "a checkpoint without a lineage");
    meta.last_id++;
    rc = store_folder(s, meta.last_id, folder, error);
    if (!rc)
        rc = store_meta_save(s, &meta, error);
    if (rc)
        return rc;
    *id = meta.last_id;
    return make_folder(s, folder, error);
}

int store_commit_started(struct store *s, uint64_t id, struct streamd_error *error)
{
    struct store_meta meta = s->meta;

    if (id <= meta.commit_started)
        return 0;
    meta.commit_started = id;
    return store_meta_save(s, &meta, error);
}

int store_record_parallelism(struct store *s, uint32_t parallelism, int reset,
                             struct streamd_error *error)
{
    struct store_meta meta = s->meta;

    meta.parallelism = reset || parallelism > meta.parallelism ? parallelism : meta.parallelism;
    return meta.parallelism == s->meta.parallelism ? 0 : store_meta_save(s, &meta, error);
}

/* ---- which checkpoint to begin with -----------------------------------------------------------
 */

static int wrong_identity(const struct store *s, const struct manifest *m, uint64_t id,
                          const char *folder, struct streamd_error *error)
{
    if (m->id == id && !strcmp(m->lineage, s->meta.lineage) && !strcmp(m->pipeline, s->pipeline))
        return 0;
    return error_set_full(error, STREAMD_E_DATA, STREAMD_FAIL_PIPELINE, 4404,
                          "%s/manifest is that of checkpoint %llu of pipeline %s (%s)", folder,
                          (unsigned long long)m->id, m->pipeline, m->lineage);
}

static int read_checked(const struct store *s, uint64_t id, struct manifest *m,
                        char folder[PATH_MAX], struct streamd_error *error)
{
    int rc = store_folder(s, id, folder, error);

    if (!rc)
        rc = manifest_read(s->ops, folder, m, error);
    if (rc)
        return rc;
    rc = wrong_identity(s, m, id, folder, error);
    if (!rc)
        rc = manifest_verify(s->ops, folder, m, error);
    if (rc)
        manifest_clear(m);
    return rc;
}

/* Turns an error about the checkpoint whose commit was started into what follows from it. */
static int is_committed(const struct store *s, const struct streamd_error *why,
                        struct streamd_error *error)
{
    return error_set_full(
        error, STREAMD_E_DATA, STREAMD_FAIL_PIPELINE, 4404,
        "%s; output up to checkpoint %llu has been committed, so going back to an "
        "older one would write output twice",
        why->message, (unsigned long long)s->meta.commit_started);
}

static int is_gone(const struct store *s, struct streamd_error *error)
{
    return error_set_full(error, STREAMD_E_DATA, STREAMD_FAIL_PIPELINE, 4404,
                          "checkpoint %llu is missing in %s/%s; its output has been committed, so "
                          "going back to an older one would write output twice",
                          (unsigned long long)s->meta.commit_started, s->path, s->meta.lineage);
}

/*
 * A checkpoint that is passed over must never be found again: what is written from now on does not
 * continue it. So its manifest loses its name.
 */
static int set_aside(const struct store *s, uint64_t id, const struct streamd_error *why,
                     struct streamd_error *note, struct streamd_error *error)
{
    char folder[PATH_MAX], from[PATH_MAX], to[PATH_MAX];
    int rc = store_folder(s, id, folder, error);

    if (!rc)
        rc = store_join(from, folder, "manifest", error);
    if (!rc)
        rc = store_join(to, folder, "manifest.damaged", error);
    if (rc)
        return rc;
    if (s->ops->rename(s->ops->self, from, to))
        return error_set_errno(error, errno, "cannot rename %s", from);
    if (note) {
        *note = *why;
        error_add_context(note, "checkpoint %llu is passed over", (unsigned long long)id);
    }
    return file_sync_folder(s->ops, from, error);
}

/* No memory, or no file descriptor: that says nothing about the checkpoint. */
static int is_passing(const struct streamd_error *why)
{
    return why->code == STREAMD_E_NOMEM || why->code == STREAMD_E_UNSUPPORTED ||
           why->code == STREAMD_E_LIMIT;
}

static int newest_of(struct store *s, const struct store_ids *ids, struct manifest *manifest,
                     char folder[PATH_MAX], struct streamd_error *note, struct streamd_error *error)
{
    for (size_t i = ids->count; i-- > 0;) {
        struct streamd_error why = {.code = 0};
        uint64_t id = ids->items[i];
        int rc;

        if (!store_is_complete(s, s->meta.lineage, id))
            continue;
        if (id < s->meta.commit_started)
            break;
        rc = read_checked(s, id, manifest, folder, &why);
        if (!rc)
            return 1;
        if (is_passing(&why)) {
            if (error)
                *error = why;
            return rc;
        }
        if (id == s->meta.commit_started)
            return is_committed(s, &why, error);
        rc = set_aside(s, id, &why, note, error);
        if (rc)
            return rc;
    }
    return s->meta.commit_started ? is_gone(s, error) : 0;
}

int store_newest(struct store *s, struct manifest *manifest, char folder[PATH_MAX],
                 struct streamd_error *note, struct streamd_error *error)
{
    struct store_ids ids = {.items = NULL};
    int rc;

    *manifest = (struct manifest){.pipeline = NULL};
    if (note)
        *note = (struct streamd_error){.code = 0};
    if (!s->meta.lineage[0])
        return 0;
    rc = store_ids_read(s, s->meta.lineage, &ids, error);
    if (!rc)
        rc = newest_of(s, &ids, manifest, folder, note, error);
    array_clear(&ids);
    return rc;
}

/* ---- listing ----------------------------------------------------------------------------------
 */

static void describe(const struct store *s, uint64_t id, struct store_checkpoint *c)
{
    char folder[PATH_MAX];
    struct manifest m;

    *c = (struct store_checkpoint){.id = id, .commit_started = id <= s->meta.commit_started};
    for (size_t i = 0; i < s->pins.count; i++)
        c->pinned |= s->pins.items[i] == id;
    if (store_folder(s, id, folder, NULL) || manifest_read(s->ops, folder, &m, NULL)) {
        memcpy(c->kind, "damaged", sizeof("damaged"));
        return;
    }
    c->created = m.created;
    memcpy(c->kind, m.kind, sizeof(c->kind));
    for (size_t i = 0; i < m.file_count; i++)
        c->bytes += m.files[i].bytes;
    manifest_clear(&m);
}

int store_list(struct store *s, struct store_checkpoint **list, size_t *count,
               struct streamd_error *error)
{
    struct store_ids ids = {.items = NULL};
    int rc = store_ids_read(s, s->meta.lineage, &ids, error);

    *list = rc ? NULL : memory_zalloc(ids.count, sizeof(**list));
    *count = 0;
    for (size_t i = ids.count; *list && i-- > 0;)
        if (store_is_complete(s, s->meta.lineage, ids.items[i]))
            describe(s, ids.items[i], &(*list)[(*count)++]);
    array_clear(&ids);
    return rc ? rc : *list ? 0 : error_set_nomem(error);
}
