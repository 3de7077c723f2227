/*
 * What a manifest can say is read from manifests; meta.db keeps the rest in two tables: `facts`
 * (name, value) and `commits` (id). Every change is one transaction under synchronous=FULL.
 *
 * Where meta.db is not there or is no database, it is made again from the folders: the lineage of
 * the newest manifest, the highest id of any folder, and every complete checkpoint counts as one
 * whose commit has started, since nobody can know that it has not.
 */
#include "checkpoint/store.h"

#include "base/array.h"
#include "base/error.h"
#include "base/memory.h"
#include "checkpoint/store_folders.h"
#include "checkpoint/store_meta.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { IN_USE = 4401, UNUSABLE = 4402, DAMAGED = 4404, OTHER_PIPELINE = 4413 };

struct pin {
    uint64_t id;
    uint32_t count;
};

struct store {
    const struct file_ops *ops;
    char path[PATH_MAX];
    int lock;
    struct meta *meta;
    char lineage[33];
    struct {
        struct pin *items;
        size_t count, capacity;
    } pins;
    uint32_t highest_parallelism;
};

const struct file_ops *store_file_ops(void)
{
    return file_system_no_links();
}

/* ---- opening ------------------------------------------------------------------------------ */

static int unusable(struct streamd_error *error, int number, const char *what, const char *path)
{
    return error_set_full(error, STREAMD_E_IO, STREAMD_FAIL_PIPELINE, UNUSABLE,
                          "cannot %s '%s': %s", what, path, strerror(number));
}

/* Who has the lock, for the message. */
static long holder(int fd)
{
    char text[24] = "";
    ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
    long pid = 0;

    if (n > 0)
        (void)sscanf(text, "%ld", &pid);
    return pid;
}

static int take_lock(struct store *s, struct streamd_error *error)
{
    char path[PATH_MAX + 8], text[24];
    int length;

    snprintf(path, sizeof(path), "%s/lock", s->path);
    s->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (s->lock < 0)
        return unusable(error, errno, "open", path);
    if (flock(s->lock, LOCK_EX | LOCK_NB)) {
        if (errno != EWOULDBLOCK)
            return unusable(error, errno, "lock", path);
        return error_set_full(error, STREAMD_E_STATE, STREAMD_FAIL_PIPELINE, IN_USE,
                              "'%s' is in use by process %ld", s->path, holder(s->lock));
    }
    length = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
    if (ftruncate(s->lock, 0) || pwrite(s->lock, text, (size_t)length, 0) != length)
        return unusable(error, errno, "write", path);
    return 0;
}

/* Makes the directory if it is not there, and finds its canonical name. */
static int find_folder(struct store *s, const char *path, struct streamd_error *error)
{
    struct stat st;

    if (mkdir(path, 0700) == 0) {
        if (file_sync_folder(file_system(), path, error))
            return error->code;
    } else if (errno != EEXIST) {
        return unusable(error, errno, "make", path);
    }
    if (!realpath(path, s->path))
        return unusable(error, errno, "open", path);
    if (stat(s->path, &st) || !S_ISDIR(st.st_mode))
        return unusable(error, ENOTDIR, "use", s->path);
    if (strlen(s->path) > PATH_MAX - 128)
        return unusable(error, ENAMETOOLONG, "use", s->path);
    return 0;
}

/* The pipeline that the directory belongs to is written down once. */
static int claim(struct store *s, const char *pipeline, struct streamd_error *error)
{
    char owner[256] = "";
    int rc = meta_get_text(s->meta, "pipeline", owner, sizeof(owner), error);

    if (rc)
        return rc;
    if (!owner[0])
        return meta_set_text(s->meta, "pipeline", pipeline, error);
    if (strcmp(owner, pipeline) != 0)
        return error_set_full(error, STREAMD_E_STATE, STREAMD_FAIL_PIPELINE, OTHER_PIPELINE,
                              "'%s' has the state of pipeline '%s', not of '%s'", s->path, owner,
                              pipeline);
    return 0;
}

/* Facts that a new meta.db takes from the folders. */
static int rebuild(struct store *s, struct streamd_error *error)
{
    struct folders found = {0};
    int rc = folders_look(s->path, &found, error);

    if (!rc && found.newest_lineage[0])
        rc = meta_set_text(s->meta, "lineage", found.newest_lineage, error);
    if (!rc)
        rc = meta_raise(s->meta, "last_id", found.highest, error);
    for (size_t i = 0; i < found.complete.count && !rc; i++)
        rc = meta_commit_started(s->meta, found.complete.items[i].id, error);
    folders_clear(&found);
    return rc;
}

static int load(struct store *s, const char *pipeline, struct streamd_error *error)
{
    struct folders found = {0};
    uint64_t highest = 0;
    int fresh, rc = meta_open(s->path, &s->meta, &fresh, error);

    if (!rc && fresh)
        rc = rebuild(s, error);
    if (!rc)
        rc = claim(s, pipeline, error);
    if (!rc)
        rc = meta_get_text(s->meta, "lineage", s->lineage, sizeof(s->lineage), error);
    if (!rc)
        rc = meta_get_number(s->meta, "highest_parallelism", &highest, error);
    s->highest_parallelism = (uint32_t)highest;
    if (!rc)
        rc = folders_look(s->path, &found, error);
    if (!rc)
        rc = meta_raise(s->meta, "last_id", found.highest, error);
    if (!rc)
        folders_sweep(s->ops, s->path, &found);
    folders_clear(&found);
    return rc;
}

int store_open(const struct file_ops *ops, const char *path, const char *pipeline,
               struct store **store, struct streamd_error *error)
{
    struct store *s = memory_zalloc(1, sizeof(*s));
    int rc;

    if (!s)
        return error_set_nomem(error);
    s->ops = ops ? ops : store_file_ops();
    s->lock = -1;
    rc = find_folder(s, path, error);
    if (!rc)
        rc = take_lock(s, error);
    if (!rc)
        rc = load(s, pipeline, error);
    if (rc)
        store_close(s);
    else
        *store = s;
    return rc;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    meta_close(s->meta);
    array_clear(&s->pins);
    if (s->lock >= 0)
        close(s->lock);
    memory_free(s);
}

const char *store_path(const struct store *s)
{
    return s->path;
}

const char *store_lineage(const struct store *s)
{
    return s->lineage;
}

/* ---- lineages and ids ----------------------------------------------------------------------- */

/* Makes a folder that may be there already, and its name durable. */
static int make_folder(struct store *s, const char *path, struct streamd_error *error)
{
    if (s->ops->mkdir(s->ops->self, path, 0700) && errno != EEXIST)
        return error_set_errno(error, errno, "cannot make '%s'", path);
    return file_sync_folder(s->ops, path, error);
}

int store_new_lineage(struct store *s, struct streamd_error *error)
{
    char path[PATH_MAX], lineage[33];
    uint8_t bits[16];
    int rc;

    if (getrandom(bits, sizeof(bits), 0) != (ssize_t)sizeof(bits))
        return error_set_errno(error, errno, "cannot draw a lineage");
    for (size_t i = 0; i < sizeof(bits); i++)
        snprintf(lineage + 2 * i, 3, "%02x", bits[i]);
    snprintf(path, sizeof(path), "%.*s/%s", PATH_MAX - 64, s->path, lineage);
    rc = make_folder(s, path, error);
    if (!rc)
        rc = meta_set_text(s->meta, "lineage", lineage, error);
    if (!rc)
        memcpy(s->lineage, lineage, sizeof(lineage));
    return rc;
}

int store_used(struct store *s, struct streamd_error *error)
{
    struct folders found = {0};
    int rc = folders_look(s->path, &found, error);
    int used = found.complete.count > 0;

    folders_clear(&found);
    return rc ? rc : used;
}

int store_folder(const struct store *s, uint64_t id, char folder[PATH_MAX],
                 struct streamd_error *error)
{
    int n = snprintf(folder, PATH_MAX, "%s/%s/chk-%" PRIu64, s->path, s->lineage, id);

    return n < 0 || n >= PATH_MAX
               ? error_set(error, STREAMD_E_LIMIT, "the state directory's name is too long")
               : 0;
}

int store_allocate(struct store *s, uint64_t *id, char folder[PATH_MAX],
                   struct streamd_error *error)
{
    uint64_t last = 0;
    int rc = meta_get_number(s->meta, "last_id", &last, error);

    if (!rc)
        rc = meta_raise(s->meta, "last_id", last + 1, error);
    if (!rc)
        rc = store_folder(s, last + 1, folder, error);
    if (!rc)
        rc = make_folder(s, folder, error);
    if (!rc)
        *id = last + 1;
    return rc;
}

void store_abandon(struct store *s, uint64_t id)
{
    folders_remove(s->ops, s->path, s->lineage, id);
}

int store_commit_started(struct store *s, uint64_t id, struct streamd_error *error)
{
    return meta_commit_started(s->meta, id, error);
}

uint32_t store_highest_parallelism(const struct store *s)
{
    return s->highest_parallelism;
}

int store_record_parallelism(struct store *s, uint32_t parallelism, int reset,
                             struct streamd_error *error)
{
    int rc;

    if (!reset && parallelism <= s->highest_parallelism)
        return 0;
    rc = meta_set_number(s->meta, "highest_parallelism", parallelism, error);
    if (!rc)
        s->highest_parallelism = parallelism;
    return rc;
}

/* ---- complete checkpoints ------------------------------------------------------------------- */

/* Those of the current lineage, newest first. */
static int look_at_lineage(struct store *s, struct folders *found, struct streamd_error *error)
{
    size_t kept = 0;
    int rc = folders_look(s->path, found, error);

    for (size_t i = 0; i < found->complete.count; i++)
        if (strcmp(found->complete.items[i].lineage, s->lineage) == 0)
            found->complete.items[kept++] = found->complete.items[i];
    found->complete.count = kept;
    return rc;
}

/* Is checkpoint `id` whole? 0, or what is wrong with it. */
static int judge(struct store *s, uint64_t id, char folder[PATH_MAX], struct manifest *m,
                 struct streamd_error *error)
{
    int rc = store_folder(s, id, folder, error);

    if (!rc)
        rc = manifest_read(s->ops, folder, m, error);
    if (rc)
        return rc;
    if (m->id != id || strcmp(m->lineage, s->lineage) != 0)
        rc = error_set_full(error, STREAMD_E_DATA, STREAMD_FAIL_PIPELINE, DAMAGED,
                            "the manifest in '%s' is another checkpoint's", folder);
    else
        rc = manifest_verify(s->ops, folder, m, error);
    if (rc)
        manifest_clear(m);
    return rc;
}

/* The newest is damaged, and sinks may have committed it: going back would commit twice. */
static int cannot_fall_back(struct store *s, uint64_t id, const struct streamd_error *why,
                            struct streamd_error *error)
{
    return error_set_full(error, STREAMD_E_DATA, STREAMD_FAIL_PIPELINE, DAMAGED,
                          "checkpoint %" PRIu64 " in '%s' cannot be used: %s; its output was being "
                          "committed, so that going back to an older one would give that output "
                          "twice",
                          id, s->path, why->message);
}

int store_newest(struct store *s, struct manifest *manifest, char folder[PATH_MAX],
                 struct streamd_error *note, struct streamd_error *error)
{
    struct folders found = {0};
    struct streamd_error why;
    int answer = look_at_lineage(s, &found, error);

    for (size_t i = 0; i < found.complete.count && !answer; i++) {
        uint64_t id = found.complete.items[i].id;
        int started, rc = judge(s, id, folder, manifest, &why);

        if (!rc) {
            answer = 1;
            break;
        }
        started =
            rc == STREAMD_E_NOMEM ? error_set_nomem(error) : meta_has_commit(s->meta, id, error);
        if (started < 0)
            answer = started;
        else if (started || rc == STREAMD_E_UNSUPPORTED)
            answer = started ? cannot_fall_back(s, id, &why, error) : (*error = why, why.code);
        else
            error_set(note, STREAMD_E_DATA, "checkpoint %" PRIu64 " is passed over: %s", id,
                      why.message);
    }
    folders_clear(&found);
    return answer;
}

static uint32_t pins_of(const struct store *s, uint64_t id)
{
    for (size_t i = 0; i < s->pins.count; i++)
        if (s->pins.items[i].id == id)
            return s->pins.items[i].count;
    return 0;
}

int store_list(struct store *s, struct store_checkpoint **list, size_t *count,
               struct streamd_error *error)
{
    struct folders found = {0};
    int rc = look_at_lineage(s, &found, error);

    *count = 0;
    *list = rc ? NULL : memory_zalloc(found.complete.count + 1, sizeof(**list));
    if (!rc && !*list)
        rc = error_set_nomem(error);
    for (size_t i = 0; i < found.complete.count && !rc; i++) {
        struct store_checkpoint *c = &(*list)[*count];
        struct manifest m = {0};
        char folder[PATH_MAX];
        struct streamd_error ignored;
        int started;

        c->id = found.complete.items[i].id;
        if (store_folder(s, c->id, folder, &ignored) || manifest_read(s->ops, folder, &m, &ignored))
            continue; /* damaged: store_newest says so where it matters */
        c->created = m.created;
        snprintf(c->kind, sizeof(c->kind), "%s", m.kind);
        for (size_t k = 0; k < m.file_count; k++)
            c->bytes += m.files[k].bytes;
        manifest_clear(&m);
        c->pinned = pins_of(s, c->id) > 0;
        started = meta_has_commit(s->meta, c->id, error);
        rc = started < 0 ? started : 0;
        c->commit_started = started > 0;
        (*count)++;
    }
    if (rc) {
        memory_free(*list);
        *list = NULL;
    }
    folders_clear(&found);
    return rc;
}

int store_pin(struct store *s, uint64_t id)
{
    struct pin pin = {.id = id, .count = 1};

    for (size_t i = 0; i < s->pins.count; i++) {
        if (s->pins.items[i].id != id)
            continue;
        s->pins.items[i].count++;
        return 0;
    }
    return array_push(&s->pins, pin) ? STREAMD_E_NOMEM : 0;
}

void store_unpin(struct store *s, uint64_t id)
{
    for (size_t i = 0; i < s->pins.count; i++) {
        if (s->pins.items[i].id != id)
            continue;
        if (--s->pins.items[i].count == 0)
            s->pins.items[i] = s->pins.items[--s->pins.count];
        return;
    }
}

/* ---- retention ------------------------------------------------------------------------------ */

/* Does a kept checkpoint refer to files of this one? */
static int is_needed(struct store *s, const struct folders *found, size_t kept, uint64_t id)
{
    for (size_t i = 0; i < kept; i++) {
        struct manifest m = {0};
        struct streamd_error ignored;
        char folder[PATH_MAX];
        int needed = 0;

        if (store_folder(s, found->complete.items[i].id, folder, &ignored) ||
            manifest_read(s->ops, folder, &m, &ignored))
            return 1; /* it cannot say; nothing is removed on a guess */
        for (size_t k = 0; k < m.file_count; k++)
            needed |= m.files[k].checkpoint == id;
        manifest_clear(&m);
        if (needed)
            return 1;
    }
    return 0;
}

int store_retain(struct store *s, uint32_t keep, struct streamd_error *error)
{
    struct folders found = {0};
    int rc = look_at_lineage(s, &found, error);
    size_t kept = keep < 1 ? 1 : keep;

    if (kept > found.complete.count)
        kept = found.complete.count;
    for (size_t i = kept; i < found.complete.count && !rc; i++) {
        uint64_t id = found.complete.items[i].id;

        if (pins_of(s, id) > 0 || is_needed(s, &found, kept, id))
            continue;
        folders_remove(s->ops, s->path, s->lineage, id);
        rc = meta_forget(s->meta, id, error);
    }
    folders_clear(&found);
    return rc;
}
