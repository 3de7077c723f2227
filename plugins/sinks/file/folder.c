/*
 * Names of parts are part-TASK-NUMBER.SUFFIX, with a dot in front while they are not final.
 * rename(2) would replace a file silently; renameat2 with RENAME_NOREPLACE does not. File systems
 * without it get a hard link instead, and those without hard links a look before the rename.
 */
#include "folder.h"

#include "sink.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int sink_fault(struct streamd_context *c, const char *what, const char *path, int error)
{
    int lasting = error == EACCES || error == EPERM || error == ENOTDIR || error == EROFS ||
                  error == ENAMETOOLONG || error == ELOOP || error == EISDIR;
    char message[480];

    snprintf(message, sizeof(message), "cannot %s '%.380s': %s", what, path, strerror(error));
    (void)streamd_fail(c, lasting ? STREAMD_FAIL_PIPELINE : STREAMD_FAIL_TASK, DIAGNOSTIC_WRITE,
                       message);
    return STREAMD_E_IO;
}

int sink_no_memory(struct streamd_context *c)
{
    (void)streamd_fail(c, STREAMD_FAIL_TASK, 0, "no memory to write files");
    return STREAMD_E_NOMEM;
}

/* ---- folders ----------------------------------------------------------------------------- */

/* The name of a new folder outlives a power cut before anything is published in it. */
static int sync_parent(struct streamd_context *c, const char *path)
{
    const char *slash = strrchr(path, '/');
    char parent[PATH_MAX];

    if (!slash)
        return folder_sync(c, ".");
    snprintf(parent, sizeof(parent), "%.*s", slash == path ? 1 : (int)(slash - path), path);
    return folder_sync(c, parent);
}

static int make_one(struct streamd_context *c, const char *path)
{
    struct stat st;

    if (mkdir(path, 0777) == 0)
        return sync_parent(c, path);
    if (errno != EEXIST)
        return sink_fault(c, "make the folder", path, errno);
    if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
        return sink_fault(c, "use as a folder", path, ENOTDIR);
    return 0;
}

int folder_make(struct streamd_context *c, const char *name, char *path)
{
    char so_far[PATH_MAX];
    size_t length = strlen(name);

    if (length == 0 || length >= sizeof(so_far))
        return sink_fault(c, "make the folder", name, length ? ENAMETOOLONG : ENOENT);
    for (size_t i = 0; i < length; i++) {
        so_far[i] = name[i];
        so_far[i + 1] = '\0';
        if (name[i] != '/' && (name[i + 1] == '/' || name[i + 1] == '\0') && make_one(c, so_far))
            return STREAMD_E_IO;
    }
    if (!realpath(name, path))
        return sink_fault(c, "find the folder", name, errno);
    if (access(path, W_OK | X_OK) != 0)
        return sink_fault(c, "write into the folder", path, errno);
    return 0;
}

/* The number in `.part-TASK-NUMBER.`; 0 where the name is not of that form. */
static int part_number(const char *name, uint32_t task, uint64_t *number, int *unfinished)
{
    char start[32];
    size_t length;
    char *end;

    *unfinished = name[0] == '.';
    name += *unfinished;
    length = (size_t)snprintf(start, sizeof(start), "part-%u-", task);
    if (strncmp(name, start, length) != 0 || name[length] < '0' || name[length] > '9')
        return 0;
    errno = 0;
    *number = strtoull(name + length, &end, 10);
    return errno == 0 && (*end == '.' || *end == '\0');
}

int folder_survey(struct streamd_context *c, const char *path, struct folder_survey *survey)
{
    DIR *folder = opendir(path);
    struct dirent *entry;

    memset(survey, 0, sizeof(*survey));
    if (!folder)
        return sink_fault(c, "look through the folder", path, errno);
    while ((entry = readdir(folder)) != NULL) {
        uint64_t number;
        int unfinished;

        if (!part_number(entry->d_name, c->task, &number, &unfinished))
            continue;
        if (number >= survey->next)
            survey->next = number + 1;
        if (unfinished && survey->leftovers++ == 0)
            snprintf(survey->leftover, sizeof(survey->leftover), "%s", entry->d_name);
    }
    (void)closedir(folder);
    return 0;
}

int folder_sync(struct streamd_context *c, const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc, error;

    if (fd < 0)
        return sink_fault(c, "open the folder", path, errno);
    rc = fsync(fd);
    error = errno;
    (void)close(fd);
    /* Some file systems cannot sync folders, and say so. */
    return rc == 0 || error == EINVAL ? 0 : sink_fault(c, "sync the folder", path, error);
}

/* ---- renaming ---------------------------------------------------------------------------- */

/* A link that was made before a crash, with the old name not yet removed. */
static int is_same_file(const char *a, const char *b)
{
    struct stat one, other;

    return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_ino == other.st_ino &&
           one.st_dev == other.st_dev;
}

static int rename_by_link(const char *from, const char *to)
{
    int error = link(from, to) == 0 ? 0 : errno;

    if (error == 0 || (error == EEXIST && is_same_file(from, to)))
        return unlink(from);
    if ((error == EPERM || error == EOPNOTSUPP || error == ENOSYS) && access(to, F_OK) != 0)
        return rename(from, to);
    errno = error == ENOENT ? ENOENT : EEXIST;
    return -1;
}

int folder_rename(struct streamd_context *c, const char *from, const char *to)
{
    int rc = renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);

    if (rc != 0 && (errno == EINVAL || errno == ENOSYS || errno == EEXIST))
        rc = rename_by_link(from, to);
    if (rc == 0)
        return 0;
    if (errno == EEXIST)
        return STREAMD_E_STATE;
    return errno == ENOENT ? STREAMD_E_INVALID : sink_fault(c, "rename", from, errno);
}

/* ---- buckets ----------------------------------------------------------------------------- */

static uint64_t fnv1a(struct streamd_str value)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < value.length; i++)
        h = (h ^ (unsigned char)value.data[i]) * UINT64_C(0x100000001b3);
    return h;
}

void folder_bucket_name(struct streamd_str value, char name[FOLDER_NAME_BYTES])
{
    static const size_t HASH_BYTES = 17; /* % and 16 digits */
    size_t n = 0;

    for (size_t i = 0; i < value.length; i++) {
        unsigned char b = (unsigned char)value.data[i];
        int plain = b >= ' ' && b != 0x7f && b != '/' && b != '%' && !(b == '.' && i == 0);

        if (n + 3 + HASH_BYTES >= FOLDER_NAME_BYTES) {
            snprintf(name + n, FOLDER_NAME_BYTES - n, "%%%016llx",
                     (unsigned long long)fnv1a(value));
            return;
        }
        if (plain)
            name[n++] = (char)b;
        else
            n += (size_t)snprintf(name + n, FOLDER_NAME_BYTES - n, "%%%02X", b);
    }
    if (n == 0)
        name[n++] = '_';
    name[n] = '\0';
}
