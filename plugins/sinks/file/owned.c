/*
 * Names are read from their end, since none of their parts has a dot in it. The folder is read once
 * per start.
 */
#include "owned.h"

#include "folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define START ".streamd."

/* ---- reading names ----------------------------------------------------------------------- */

enum owned_kind { NONE = 0, IN_PROGRESS, PREPARED, MARK };

/* A name taken apart; the texts are pieces of `copy`. */
struct owned_name {
    enum owned_kind kind;
    uint64_t checkpoint; /* of PREPARED and MARK */
    const char *lineage, *node, *attempt;
    char copy[NAME_MAX + 1];
};

/* Cuts the text behind the last dot off; "" where there is none. */
static const char *last_part(char *name)
{
    char *dot = strrchr(name, '.');

    if (!dot)
        return "";
    *dot = '\0';
    return dot + 1;
}

static int is_number(const char *text, uint64_t *number)
{
    char *end;

    errno = 0;
    *number = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0;
}

static enum owned_kind kind_of(const char *end)
{
    if (strcmp(end, "tmp") == 0)
        return IN_PROGRESS;
    if (strcmp(end, "part") == 0)
        return PREPARED;
    return strcmp(end, "mark") == 0 ? MARK : NONE;
}

/* 1 where it is one of this sink's names. */
static int take_apart(const char *file, struct owned_name *n)
{
    enum owned_kind kind;
    uint64_t number;

    n->kind = NONE;
    if (strncmp(file, START, strlen(START)) != 0 || strlen(file) >= sizeof(n->copy))
        return 0;
    memcpy(n->copy, file, strlen(file) + 1);
    kind = kind_of(last_part(n->copy));
    n->checkpoint = 0;
    if (kind == NONE || (kind != IN_PROGRESS && !is_number(last_part(n->copy), &n->checkpoint)))
        return 0;
    if (kind != MARK) {
        if (!is_number(last_part(n->copy), &number) || !is_number(last_part(n->copy), &number))
            return 0;
        n->attempt = last_part(n->copy);
    }
    n->node = last_part(n->copy);
    n->lineage = last_part(n->copy);
    if (n->copy[0] != '\0' && strcmp(n->copy, ".streamd") != 0)
        return 0;
    n->kind = kind;
    return n->copy[0] != '\0';
}

/* ---- opening ----------------------------------------------------------------------------- */

/* Nobody will ever finish it. */
static int is_leftover(const struct streamd_context *c, const struct owned_name *n)
{
    return strcmp(n->lineage, c->lineage) == 0 && strcmp(n->attempt, c->attempt) != 0 &&
           (n->kind == IN_PROGRESS || n->checkpoint > c->checkpoint);
}

static int remove_file(struct streamd_context *c, const char *folder, const char *file)
{
    char path[PATH_MAX];

    if (snprintf(path, sizeof(path), "%s/%s", folder, file) >= (int)sizeof(path))
        return sink_fault(c, "remove", path, ENAMETOOLONG);
    return unlink(path) == 0 || errno == ENOENT ? 0 : sink_fault(c, "remove", path, errno);
}

static void raise_to(uint64_t *value, uint64_t other)
{
    if (other > *value)
        *value = other;
}

static int look_at(struct streamd_context *c, struct owned *o, const char *folder, const char *file,
                   uint64_t *removed)
{
    struct owned_name n;
    int rc;

    if (!take_apart(file, &n) || strcmp(n.node, c->node) != 0)
        return 0;
    if (n.kind == MARK) {
        if (strcmp(n.lineage, c->lineage) == 0)
            raise_to(&o->begun, n.checkpoint);
        if (strcmp(n.lineage, c->parent_lineage) == 0)
            raise_to(&o->parents, n.checkpoint);
        return 0;
    }
    if (c->task != 0 || !is_leftover(c, &n))
        return 0;
    rc = remove_file(c, folder, file);
    *removed += !rc;
    return rc;
}

/* What was written after the snapshot would be written again. */
static int check_newer_output(struct streamd_context *c, const struct owned *o)
{
    unsigned long long newest = o->begun, restored = c->checkpoint;
    char message[480];

    if (o->begun == 0) {
        newest = c->parent_lineage[0] ? o->parents : 0;
        restored = c->parent_checkpoint;
    }
    if (newest <= restored || c->accept_duplicates)
        return 0;
    snprintf(message, sizeof(message),
             "'%.240s' has output of checkpoint %llu, and the snapshot restored is of %llu: what "
             "was written in between would be there twice. Restore a newer one, write into another "
             "folder, or accept it with --accept-duplicates",
             o->folder, newest, restored);
    (void)streamd_fail(c, STREAMD_FAIL_PIPELINE, DIAGNOSTIC_NEWER_OUTPUT, message);
    return STREAMD_E_STATE;
}

/* 1 where an entry of the sink's folder is the folder of a bucket. */
static int is_bucket(const char *folder, const struct dirent *entry, char path[PATH_MAX])
{
    struct stat st;

    if (entry->d_name[0] == '.' ||
        snprintf(path, PATH_MAX, "%s/%s", folder, entry->d_name) >= PATH_MAX)
        return 0;
    if (entry->d_type != DT_UNKNOWN)
        return entry->d_type == DT_DIR;
    return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Looks through a folder, and with `buckets` through those in it. */
static int look_through(struct streamd_context *c, struct owned *o, const char *folder, int buckets,
                        uint64_t *removed)
{
    DIR *d = opendir(folder);
    struct dirent *entry;
    char path[PATH_MAX];
    int rc = 0;

    if (!d)
        return sink_fault(c, "look through the folder", folder, errno);
    while (!rc && (entry = readdir(d)) != NULL) {
        rc = look_at(c, o, folder, entry->d_name, removed);
        if (!rc && buckets && is_bucket(folder, entry, path))
            rc = look_through(c, o, path, 0, removed);
    }
    (void)closedir(d);
    return rc;
}

int owned_open(struct streamd_context *c, struct owned *o, const char *folder, int buckets)
{
    uint64_t removed = 0;
    char message[128];
    int rc;

    *o = (struct owned){.folder = folder};
    rc = look_through(c, o, folder, buckets && c->task == 0, &removed);
    /* A task that was faster may have replaced the mark meanwhile: the old one is gone, and the new
       one came behind where the folder had been read. It does so once before all tasks are open. */
    if (!rc && o->begun == 0 && c->checkpoint > 0)
        rc = look_through(c, o, folder, 0, &removed);
    if (removed > 0) {
        snprintf(message, sizeof(message), "removed %llu parts that no checkpoint holds",
                 (unsigned long long)removed);
        streamd_log(c, STREAMD_LOG_INFO, message);
    }
    return rc ? rc : check_newer_output(c, o);
}

/* ---- parts ------------------------------------------------------------------------------- */

int owned_temporary(struct streamd_context *c, struct owned *o, const char *folder,
                    char path[PATH_MAX])
{
    int n = snprintf(path, PATH_MAX, "%s/" START "%s.%s.%s.%u.%llu.tmp",
                     strcmp(folder, "/") == 0 ? "" : folder, c->lineage, c->node, c->attempt,
                     c->task, (unsigned long long)o->number++);

    return n < PATH_MAX ? 0 : sink_fault(c, "make a part in", folder, ENAMETOOLONG);
}

int owned_prepare(struct streamd_context *c, char path[PATH_MAX], uint64_t checkpoint)
{
    char prepared[PATH_MAX];
    const char *slash = strrchr(path, '/'), *end = strrchr(path, '.');
    int n;

    if (!slash || !end || end < slash || strcmp(end, ".tmp") != 0)
        return sink_fault(c, "prepare", path, EINVAL);
    n = snprintf(prepared, sizeof(prepared), "%.*s.%llu.part", (int)(end - path), path,
                 (unsigned long long)checkpoint);
    if (n >= (int)sizeof(prepared))
        return sink_fault(c, "prepare", path, ENAMETOOLONG);
    if (rename(path, prepared) != 0)
        return sink_fault(c, "rename", path, errno);
    memcpy(path, prepared, (size_t)n + 1);
    return 0;
}

/* ---- marks ------------------------------------------------------------------------------- */

static int mark_path(struct streamd_context *c, const struct owned *o, const char *lineage,
                     uint64_t checkpoint, char path[PATH_MAX])
{
    int n = snprintf(path, PATH_MAX, "%s/" START "%s.%s.%llu.mark",
                     strcmp(o->folder, "/") == 0 ? "" : o->folder, lineage, c->node,
                     (unsigned long long)checkpoint);

    return n < PATH_MAX ? 0 : sink_fault(c, "make a mark in", o->folder, ENAMETOOLONG);
}

/* Makes the mark of `checkpoint` and removes that of `before` (0: none). Tasks of a node share
   their marks, so the one may be there and the other gone. */
static int set_mark(struct streamd_context *c, const struct owned *o, const char *lineage,
                    uint64_t before, uint64_t checkpoint)
{
    char path[PATH_MAX];
    int fd, rc = mark_path(c, o, lineage, checkpoint, path);

    if (rc)
        return rc;
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
    if (fd < 0)
        return sink_fault(c, "make", path, errno);
    (void)close(fd);
    rc = before ? mark_path(c, o, lineage, before, path) : 0;
    if (!rc && before && unlink(path) != 0 && errno != ENOENT)
        rc = sink_fault(c, "remove", path, errno);
    return rc;
}

int owned_begin_commit(struct streamd_context *c, struct owned *o, uint64_t checkpoint)
{
    uint64_t after = c->parent_checkpoint + 1, begun = o->begun, parents = o->parents;
    int rc = 0;

    if (checkpoint > o->begun) {
        rc = set_mark(c, o, c->lineage, o->begun, checkpoint);
        o->begun = rc ? o->begun : checkpoint;
    }
    /* For whoever restores the same savepoint once more: something came after it. */
    if (!rc && c->parent_lineage[0] && o->parents < after) {
        rc = set_mark(c, o, c->parent_lineage, 0, after);
        o->parents = rc ? o->parents : after;
    }
    if (rc || (begun == o->begun && parents == o->parents))
        return rc;
    return folder_sync(c, o->folder);
}

int owned_may_be_final(const struct streamd_context *c, const struct owned *o, const char *path,
                       uint64_t checkpoint)
{
    const char *slash = strrchr(path, '/');
    struct owned_name n;

    if (!slash || !take_apart(slash + 1, &n) || strcmp(n.lineage, c->lineage) != 0)
        return 1;
    return strcmp(n.attempt, c->attempt) != 0 && checkpoint <= o->begun;
}
