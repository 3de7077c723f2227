/*
 * A state directory through failing calls and power cuts. The steps of two checkpoints, with their
 * retention, are recorded as writes, syncs, renames and removals; for every prefix of that record,
 * directories are made as a crash could leave them, and opened.
 *
 * What a crash may leave: the content of a file as of its last sync, or with all or half of what
 * was written since; and of the changes of names that no sync of their folder has made durable, any
 * number of the oldest. meta.db is SQLite's to protect, and is taken as it was after the last call
 * that changed it; or, in one variant, is missing.
 */
#include "base/array.h"
#include "base/memory.h"
#include "faulty_files.h"
#include "store_case.h"

/* ---- failing calls ----------------------------------------------------------------------------
 */

/* One checkpoint from its id to the retention of older ones. 0, or the first error. */
static int one_checkpoint(const struct file_ops *ops, struct store *s, uint64_t *done, int *renamed,
                          struct streamd_error *e)
{
    struct manifest_file files[2];
    char folder[PATH_MAX];
    uint64_t id = 0;
    int rc = store_allocate(s, &id, folder, e);

    *renamed = 0;
    for (uint32_t i = 0; i < 2 && !rc; i++)
        rc = write_task(ops, folder, store_lineage(s), id, i, 2, &files[i], e);
    if (!rc)
        rc = write_manifest(ops, folder, store_lineage(s), id, files, 2, renamed, e);
    if (*renamed)
        *done = id;
    if (!rc)
        rc = store_commit_started(s, id, e);
    if (!rc)
        rc = store_retain(s, 1, e);
    if (id && !*renamed)
        store_abandon(s, id);
    return rc;
}

/* Whatever fails: the next start finds the newest checkpoint that got its name, and ids go on. */
static void every_call_fails_once(void **state)
{
    long n = 0;
    int fired = 1;

    for (int kind = 0; kind < 2; kind++) {
        for (n = 1, fired = 1; fired; n++) {
            struct store *s = fresh_store(*state);
            struct faulty_files f;
            struct streamd_error e, note;
            struct manifest m;
            char folder[PATH_MAX];
            uint64_t done = 0, id;
            int renamed, rc;

            assert_int_equal(store_new_lineage(s, &e), 0);
            assert_int_equal(one_checkpoint(store_file_ops(), s, &done, &renamed, &e), 0);
            store_close(s);
            rc = store_open(faulty_begin(&f, n, kind ? EIO : ENOSPC), *state, "orders", &s, &e);
            if (!rc) {
                one_checkpoint(&f.ops, s, &done, &renamed, &e);
                fired = f.fired;
                f.fail_at = 0;
                store_close(s);
            }
            s = store_at(*state);
            assert_int_equal(store_newest(s, &m, folder, &note, &e), 1);
            assert_int_equal(m.id, done);
            manifest_clear(&m);
            assert_int_equal(store_allocate(s, &id, folder, &e), 0);
            assert_true(id > done);
            store_close(s);
        }
        assert_true(n > 40);
    }
}

/* Verifies every checkpoint that has a manifest; how many. */
static int all_verified(struct store *s)
{
    int count = 0;

    for (uint64_t id = 1; id < 10; id++) {
        struct streamd_error e = {.message = ""};
        struct manifest m;
        char folder[PATH_MAX];

        assert_int_equal(store_folder(s, id, folder, &e), 0);
        if (manifest_read(store_file_ops(), folder, &m, &e))
            continue;
        if (manifest_verify(store_file_ops(), folder, &m, &e))
            fail_msg("checkpoint %d: %s", (int)id, e.message);
        manifest_clear(&m);
        count++;
    }
    return count;
}

/* Retention that stops anywhere leaves no manifest behind that names a file which has gone, be it
   in the folder of an older checkpoint that goes at the same time. */
static void no_manifest_outlives_its_files(void **state)
{
    const struct manifest_file shared = {.task = 0, .name = "task-1.snap", .checkpoint = 1};
    int fired = 1, stopped = 0;

    for (long n = 1; fired; n++) {
        struct store *s = fresh_store(*state);
        struct faulty_files f;
        struct streamd_error e;

        assert_int_equal(store_new_lineage(s, &e), 0);
        complete(s, 2, NULL);
        complete(s, 1, &shared);
        complete(s, 1, &shared);
        complete(s, 1, NULL);
        store_close(s);
        assert_int_equal(store_open(faulty_begin(&f, 0, EIO), *state, "orders", &s, &e), 0);
        f.fail_at = f.calls + n;
        stopped += store_retain(s, 1, &e) != 0;
        fired = f.fired;
        f.fail_at = 0;
        assert_true(all_verified(s) >= 1);
        assert_int_equal(store_retain(s, 1, &e), 0);
        assert_int_equal(all_verified(s), 1);
        store_close(s);
    }
    assert_true(stopped > 20);
}

/* ---- the record -------------------------------------------------------------------------------
 */

enum kind { CREATE, WRITE, SYNC, SYNC_FOLDER, RENAME, UNLINK, MKDIR, RMDIR, META };

struct event {
    enum kind kind;
    char *path, *to; /* below the directory */
    uint8_t *data;   /* WRITE: bytes; META: content of meta.db and its log, one behind the other */
    size_t length, log_length;
};

struct recorder {
    struct file_ops ops;
    char root[PATH_MAX];
    char *paths[1024]; /* by descriptor */
    struct {
        struct event *items;
        size_t count, capacity;
    } events;
};

static const char *below(const struct recorder *r, const char *path)
{
    size_t length = strlen(r->root);

    return strncmp(path, r->root, length) == 0 ? path + length : path;
}

static struct event *record(struct recorder *r, enum kind kind, const char *path)
{
    struct event event = {.kind = kind, .path = strdup(below(r, path))};

    assert_int_equal(array_push(&r->events, event), 0);
    return &r->events.items[r->events.count - 1];
}

static int recorded_open(void *self, const char *path, int flags, mode_t mode)
{
    struct recorder *r = self;
    int fd = store_file_ops()->open(NULL, path, flags, mode);

    if (fd < 0)
        return fd;
    assert_true(fd < 1024);
    free(r->paths[fd]);
    r->paths[fd] = strdup(path);
    if ((flags & O_CREAT) && (flags & O_TRUNC))
        record(r, CREATE, path);
    return fd;
}

static ssize_t recorded_read(void *self, int fd, void *data, size_t size)
{
    (void)self;
    return read(fd, data, size);
}

static ssize_t recorded_pread(void *self, int fd, void *data, size_t size, off_t offset)
{
    (void)self;
    return pread(fd, data, size, offset);
}

static ssize_t recorded_write(void *self, int fd, const void *data, size_t size)
{
    struct recorder *r = self;
    struct event *e = record(r, WRITE, r->paths[fd]);

    e->data = malloc(size ? size : 1);
    memcpy(e->data, data, size);
    e->length = size;
    return write(fd, data, size);
}

static int recorded_fsync(void *self, int fd)
{
    struct recorder *r = self;
    struct stat st;

    assert_int_equal(fstat(fd, &st), 0);
    record(r, S_ISDIR(st.st_mode) ? SYNC_FOLDER : SYNC, r->paths[fd]);
    return 0;
}

static int recorded_rename(void *self, const char *from, const char *to)
{
    struct recorder *r = self;

    record(r, RENAME, from)->to = strdup(below(r, to));
    return rename(from, to);
}

static int recorded_unlink(void *self, const char *path)
{
    if (access(path, F_OK) == 0)
        record(self, UNLINK, path);
    return unlink(path);
}

static int recorded_mkdir(void *self, const char *path, mode_t mode)
{
    int rc = mkdir(path, mode);

    if (!rc)
        record(self, MKDIR, path);
    return rc;
}

static int recorded_rmdir(void *self, const char *path)
{
    int rc = rmdir(path);

    if (!rc)
        record(self, RMDIR, path);
    return rc;
}

static int recorded_close(void *self, int fd)
{
    (void)self;
    return close(fd);
}

/* Bytes of a file, appended to *data. Returns how many. */
static size_t append_file(const char *root, const char *name, uint8_t **data, size_t length)
{
    char path[2 * PATH_MAX];
    struct stat st;
    int fd;

    snprintf(path, sizeof(path), "%s/%s", root, name);
    fd = open(path, O_RDONLY);
    if (fd < 0)
        return 0;
    assert_int_equal(fstat(fd, &st), 0);
    *data = realloc(*data, length + (size_t)st.st_size + 1);
    assert_int_equal(read(fd, *data + length, (size_t)st.st_size), st.st_size);
    close(fd);
    return (size_t)st.st_size;
}

/* Notes what meta.db is now. It is durable: its commit has returned. */
static void record_meta(struct recorder *r)
{
    struct event *e = record(r, META, "");

    e->length = append_file(r->root, "meta.db", &e->data, 0);
    e->log_length = append_file(r->root, "meta.db-wal", &e->data, e->length);
}

/* ---- what a crash leaves ----------------------------------------------------------------------
 */

struct file {
    char *path;
    uint8_t *data;
    size_t length, durable;
    int folder;
};

/* A tree: files by name. Content is shared by name at the time of the crash. */
struct tree {
    struct {
        struct file *items;
        size_t count, capacity;
    } files;
};

static struct file *find(struct tree *t, const char *path)
{
    for (size_t i = 0; i < t->files.count; i++)
        if (t->files.items[i].path && !strcmp(t->files.items[i].path, path))
            return &t->files.items[i];
    return NULL;
}

static void forget(struct tree *t, const char *path)
{
    struct file *f = find(t, path);

    if (!f)
        return;
    free(f->path);
    f->path = NULL;
}

/* Changes names only. */
static void apply_name(struct tree *t, const struct event *e)
{
    struct file file = {.folder = e->kind == MKDIR}, *f;

    switch (e->kind) {
    case CREATE:
    case MKDIR:
        forget(t, e->path);
        file.path = strdup(e->path);
        assert_int_equal(array_push(&t->files, file), 0);
        break;
    case RENAME:
        forget(t, e->to);
        f = find(t, e->path);
        if (f) {
            free(f->path);
            f->path = strdup(e->to);
        }
        break;
    case UNLINK:
    case RMDIR:
        forget(t, e->path);
        break;
    default:
        break;
    }
}

static int is_name(const struct event *e)
{
    return e->kind == CREATE || e->kind == MKDIR || e->kind == RENAME || e->kind == UNLINK ||
           e->kind == RMDIR;
}

/* The folder that a change of names is in. */
static void folder_of(const struct event *e, char *folder)
{
    char *slash;

    strcpy(folder, e->path);
    slash = strrchr(folder, '/');
    *slash = '\0';
}

/* Is the change at `at` durable when the crash comes before `end`? */
static int is_durable(const struct recorder *r, size_t at, size_t end)
{
    char folder[PATH_MAX];

    folder_of(&r->events.items[at], folder);
    for (size_t i = at + 1; i < end; i++)
        if (r->events.items[i].kind == SYNC_FOLDER && !strcmp(r->events.items[i].path, folder))
            return 1;
    return 0;
}

static void apply_content(struct tree *t, const struct event *e)
{
    struct file *f = find(t, e->path);

    if (!f)
        return;
    if (e->kind == WRITE) {
        f->data = realloc(f->data, f->length + e->length + 1);
        memcpy(f->data + f->length, e->data, e->length);
        f->length += e->length;
    } else if (e->kind == SYNC) {
        f->durable = f->length;
    }
}

/* Leaves none, half or all of what was not synced. */
static void cut_content(struct tree *t, int part)
{
    for (size_t i = 0; i < t->files.count; i++) {
        struct file *f = &t->files.items[i];

        f->length = f->durable + (f->length - f->durable) * (size_t)part / 2;
    }
}

/* The tree before `end`. Of the changes of names that are not durable it has those numbered from
   `first` on, `pending` of them. Content follows a file through its renames, so both are replayed
   together. */
static struct tree tree_at(const struct recorder *r, size_t end, size_t first, size_t pending,
                           int part)
{
    struct tree whole = {0}, left = {0};
    uint8_t *lost = calloc(end + 1, 1);
    size_t number = 0;

    for (size_t i = 0; i < end; i++)
        if (is_name(&r->events.items[i]) && !is_durable(r, i, end)) {
            lost[i] = number < first || number >= first + pending;
            number++;
        }
    /* What is in the files, by the name under which they were written: no name is used twice by two
       files that live at once. */
    for (size_t i = 0; i < end; i++) {
        const struct event *e = &r->events.items[i];

        if (e->kind == CREATE || e->kind == MKDIR)
            apply_name(&whole, e);
        else if (e->kind == WRITE || e->kind == SYNC)
            apply_content(&whole, e);
    }
    cut_content(&whole, part);
    for (size_t i = 0; i < end; i++) {
        const struct event *e = &r->events.items[i];

        if (!is_name(e) || lost[i])
            continue;
        apply_name(&left, e);
        if (e->kind == CREATE) {
            const struct file *content = find(&whole, e->path);
            struct file *f = find(&left, e->path);

            f->data = malloc(content->length + 1);
            memcpy(f->data, content->data ? content->data : (const uint8_t *)"", content->length);
            f->length = content->length;
        }
    }
    for (size_t i = 0; i < whole.files.count; i++) {
        free(whole.files.items[i].path);
        free(whole.files.items[i].data);
    }
    array_clear(&whole.files);
    free(lost);
    return left;
}

static void put_file(const char *root, const char *name, const uint8_t *data, size_t length)
{
    char path[2 * PATH_MAX];
    int fd;

    snprintf(path, sizeof(path), "%s%s", root, name);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (fd < 0)
        return; /* its folder is not there */
    assert_int_equal(write(fd, data, length), length);
    close(fd);
}

static void make_directory(struct tree *t, const char *root, const struct event *meta)
{
    char path[2 * PATH_MAX];

    directory_empty(root);
    assert_int_equal(mkdir(root, 0700), 0);
    for (size_t i = 0; i < t->files.count; i++) {
        const struct file *f = &t->files.items[i];

        if (!f->path)
            continue;
        snprintf(path, sizeof(path), "%s%s", root, f->path);
        if (f->folder)
            mkdir(path, 0700);
        else
            put_file(root, f->path, f->data ? f->data : (const uint8_t *)"", f->length);
    }
    if (meta) {
        put_file(root, "/meta.db", meta->data, meta->length);
        if (meta->log_length)
            put_file(root, "/meta.db-wal", meta->data + meta->length, meta->log_length);
    }
    for (size_t i = 0; i < t->files.count; i++) {
        free(t->files.items[i].path);
        free(t->files.items[i].data);
    }
    array_clear(&t->files);
}

/* ---- the judgement ----------------------------------------------------------------------------
 */

/* What is allowed at a point of the record. */
struct allowed {
    uint64_t least, most; /* ids of the checkpoint that a start may begin with; 0: none */
    uint64_t given;       /* the highest id that was given out */
};

static void judge(const char *root, const struct allowed *a, int with_meta)
{
    struct store *s = store_at(root);
    struct streamd_error e = {.message = ""}, note;
    struct manifest m;
    char folder[PATH_MAX];
    uint64_t id;
    int rc = store_newest(s, &m, folder, &note, &e);

    if (rc < 0)
        print_error("%s\n", e.message);
    assert_true(rc >= 0);
    id = rc ? m.id : 0;
    assert_true(id >= a->least && id <= a->most);
    for (size_t i = 0; rc && i < m.file_count; i++) {
        struct snapshot_reader *r;
        char path[2 * PATH_MAX];

        snprintf(path, sizeof(path), "%s/%s", folder, m.files[i].name);
        assert_int_equal(snapshot_reader_open(file_system(), path, NULL, &r, &e), 0);
        assert_int_equal(snapshot_reader_verify(r, &e), 0);
        snapshot_reader_close(r);
    }
    manifest_clear(&m);
    if (store_lineage(s)[0] || !store_new_lineage(s, &e)) {
        uint64_t next;

        assert_int_equal(store_allocate(s, &next, folder, &e), 0);
        assert_true(next > (with_meta ? a->given : id));
    }
    store_close(s);
}

/* Marks in the record: what is allowed from there on. */
static struct allowed limits[4096];

static void allow(const struct recorder *r, size_t *from, struct allowed a)
{
    assert_true(r->events.count < 4096);
    for (; *from < r->events.count; (*from)++)
        limits[*from + 1] = a;
}

/* Records one checkpoint; before its rename the one before must be found, behind it either, and
   after the folder was synced the new one. */
static void record_checkpoint(struct recorder *r, struct store *s, size_t *at)
{
    struct manifest_file files[2];
    struct streamd_error e;
    char folder[PATH_MAX];
    struct allowed a = limits[*at];
    uint64_t id;
    int renamed;

    assert_int_equal(store_allocate(s, &id, folder, &e), 0);
    allow(r, at, a); /* the folder comes after the id is durable; meta.db before both */
    record_meta(r);
    a.given = id;
    allow(r, at, a);
    for (uint32_t i = 0; i < 2; i++)
        assert_int_equal(write_task(&r->ops, folder, store_lineage(s), id, i, 2, &files[i], &e), 0);
    allow(r, at, a);
    assert_int_equal(write_manifest(&r->ops, folder, store_lineage(s), id, files, 2, &renamed, &e),
                     0);
    for (; *at < r->events.count; (*at)++) {
        if (r->events.items[*at].kind == RENAME)
            a.most = id;
        else if (a.most == id)
            a.least = id; /* the sync of the folder */
        limits[*at + 1] = a;
    }
    assert_int_equal(store_commit_started(s, id, &e), 0);
    record_meta(r);
    assert_int_equal(store_retain(s, 1, &e), 0);
    allow(r, at, a);
}

static void begin_recording(struct recorder *r, const char *path)
{
    assert_int_equal(mkdir(path, 0700), 0);
    assert_non_null(realpath(path, r->root));
    r->ops = (struct file_ops){.open = recorded_open,
                               .read = recorded_read,
                               .pread = recorded_pread,
                               .write = recorded_write,
                               .fsync = recorded_fsync,
                               .rename = recorded_rename,
                               .unlink = recorded_unlink,
                               .mkdir = recorded_mkdir,
                               .rmdir = recorded_rmdir,
                               .close = recorded_close,
                               .self = r};
}

static void end_recording(struct recorder *r)
{
    for (size_t i = 0; i < r->events.count; i++) {
        free(r->events.items[i].path);
        free(r->events.items[i].to);
        free(r->events.items[i].data);
    }
    array_clear(&r->events);
    for (size_t i = 0; i < 1024; i++)
        free(r->paths[i]);
    free(r);
}

/* All that a crash before event `end` may leave. */
static size_t crash_at(struct recorder *r, size_t end, const char *root)
{
    const struct event *meta = NULL;
    size_t open = 0, made = 0;

    for (size_t i = 0; i < end; i++) {
        if (r->events.items[i].kind == META)
            meta = &r->events.items[i];
        open += is_name(&r->events.items[i]) && !is_durable(r, i, end);
    }
    for (size_t pending = 0; pending <= open; pending++) {
        for (int part = 0; part < 3; part++) {
            struct tree t = tree_at(r, end, 0, pending, part);

            make_directory(&t, root, meta);
            judge(root, &limits[end], 1);
            made++;
        }
    }
    for (size_t only = 1; only < open; only++) {
        struct tree t = tree_at(r, end, only, 1, 2);

        make_directory(&t, root, meta);
        judge(root, &limits[end], 1);
        made++;
    }
    if (meta) {
        struct tree t = tree_at(r, end, 0, open, 2);

        make_directory(&t, root, NULL);
        judge(root, &limits[end], 0);
        made++;
    }
    return made;
}

static void every_crash_is_survived(void **state)
{
    struct recorder *r = calloc(1, sizeof(*r));
    struct streamd_error e;
    size_t at = 0, made = 0;
    char root[PATH_MAX];
    struct store *s;

    directory_empty(*state);
    begin_recording(r, *state);
    assert_int_equal(store_open(&r->ops, *state, "orders", &s, &e), 0);
    record_meta(r);
    assert_int_equal(store_new_lineage(s, &e), 0);
    record_meta(r);
    allow(r, &at, (struct allowed){0});
    for (int i = 0; i < 3; i++)
        record_checkpoint(r, s, &at);
    store_close(s);
    snprintf(root, sizeof(root), "%s.elsewhere", (const char *)*state);
    for (size_t end = 0; end <= r->events.count; end++)
        made += crash_at(r, end, root);
    print_message("# %zu events, %zu directories\n", r->events.count, made);
    assert_true(made > 300);
    end_recording(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_directory(every_call_fails_once),
        in_directory(no_manifest_outlives_its_files),
        in_directory(every_crash_is_survived),
    };

    /* Hundreds of directories are synced: in memory where that can be. */
    if (access("/dev/shm", W_OK) || chdir("/dev/shm"))
        print_message("# on a disk, which takes long\n");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
