/*
 * The folder of segments. What is to be removed at a start is found without any table: a segment
 * without a checkpoint, or of a checkpoint later than the one restored, is in no row that was
 * restored, whatever the number of tasks was or is. Names of this attempt are left alone, so tasks
 * that open one after the other do not hurt each other.
 */
#include "checkpoint/outbox_form.h"

#include "base/error.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int outbox_exists(const char *folder, const char *name)
{
    char path[PATH_MAX];

    return outbox_path(folder, name, path, sizeof(path), NULL) == 0 && access(path, F_OK) == 0;
}

int outbox_remove(const struct file_ops *ops, const char *folder, const char *name,
                  struct streamd_error *error)
{
    char path[PATH_MAX];
    int rc = outbox_path(folder, name, path, sizeof(path), error);

    if (rc)
        return rc;
    if (ops->unlink(ops->self, path) && errno != ENOENT)
        return outbox_io_error(error, errno, "remove", path);
    return 0;
}

/* Cuts the text behind the last dot off; NULL where there is none. */
static char *last_part(char *name)
{
    char *dot = strrchr(name, '.');

    if (!dot)
        return NULL;
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

/* NODE.TASK.ATTEMPT.SEQUENCE.open, or NODE.TASK.ATTEMPT.SEQUENCE.CHECKPOINT.seg: of this node, of
   another attempt, and of a later checkpoint, by its name. */
static int is_leftover(const char *file, const struct outbox_identity *identity, uint64_t restored)
{
    char name[OUTBOX_NAME_BYTES];
    uint64_t checkpoint = UINT64_MAX, number;
    const char *part;

    if (strlen(file) >= sizeof(name))
        return 0;
    memcpy(name, file, strlen(file) + 1);
    part = last_part(name);
    if (!part || (strcmp(part, "open") != 0 && strcmp(part, "seg") != 0))
        return 0;
    if (strcmp(part, "seg") == 0 && (!(part = last_part(name)) || !is_number(part, &checkpoint)))
        return 0;
    part = last_part(name);
    if (!part || !is_number(part, &number))
        return 0;
    part = last_part(name);
    if (!part || strcmp(part, identity->attempt) == 0)
        return 0;
    part = last_part(name);
    return part && is_number(part, &number) && strcmp(name, identity->node) == 0 &&
           checkpoint > restored;
}

/* Whether a segment that has a name, and so a whole head, says that it is of another lineage. */
static int is_foreign(const struct file_ops *ops, const char *folder, const char *name,
                      const char *lineage)
{
    uint8_t head[OUTBOX_HEAD_LIMIT];
    size_t length = strlen(lineage);
    char path[PATH_MAX];
    ssize_t n;
    int fd;

    if (outbox_path(folder, name, path, sizeof(path), NULL))
        return 0;
    fd = ops->open(ops->self, path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0)
        return 0;
    n = ops->read(ops->self, fd, head, sizeof(head));
    (void)ops->close(ops->self, fd);
    return n >= (ssize_t)(OUTBOX_HEAD_FIXED + length) && memcmp(head, OUTBOX_MAGIC, 8) == 0 &&
           (outbox_get(head + 28, 2) != length ||
            memcmp(head + OUTBOX_HEAD_FIXED, lineage, length) != 0);
}

int outbox_clean(const struct file_ops *ops, const char *folder,
                 const struct outbox_identity *identity, uint64_t restored, uint64_t *removed,
                 struct streamd_error *error)
{
    DIR *d = opendir(folder);
    struct dirent *entry;
    int rc = 0;

    *removed = 0;
    if (!d)
        return errno == ENOENT ? 0 : outbox_io_error(error, errno, "look for", folder);
    while (!rc && (entry = readdir(d)) != NULL) {
        if (!is_leftover(entry->d_name, identity, restored) ||
            is_foreign(ops, folder, entry->d_name, identity->lineage))
            continue;
        rc = outbox_remove(ops, folder, entry->d_name, error);
        *removed += !rc;
    }
    (void)closedir(d);
    return rc;
}
