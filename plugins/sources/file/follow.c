/*
 * A split stands for a name. inotify tells of changes to the file that is open; since it can lose
 * events (network file systems, a full queue), the split looks by itself as well, about every
 * second.
 *
 * Rotation: whoever writes goes on with the old file until told otherwise, some time after it was
 * renamed. So the old file is read on, and left when the new one has content and the old one has
 * been quiet for a while. Was the name given to another file more than once in the meantime, those
 * in between are found by their names (NAME.1, NAME-20250101) and read in the order in which they
 * were last written to.
 */
#include "follow.h"

#include "faults.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LOOK_US = 1000000,  /* between two looks where inotify tells the rest */
    POLL_US = 200000,   /* between two looks where it does not, or a file is awaited */
    QUIET_US = 1000000, /* an old file that got nothing for so long has ended */
};

/* ---- listing ----------------------------------------------------------------------------- */

/* Where the name is, or belongs, in the sorted list. */
static size_t place_of(const struct source *s, const char *name, int *found)
{
    size_t low = 0, high = s->name_count;

    *found = 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(s->names[middle], name);

        if (order == 0) {
            *found = 1;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int add_name(struct streamd_context *c, struct source *s, size_t at, const char *name)
{
    size_t bytes = strlen(name) + 1;
    char *copy = streamd_alloc(c, bytes);

    if (!copy)
        return fault_memory(c);
    memcpy(copy, name, bytes);
    if (s->name_count == s->name_capacity) {
        size_t capacity = s->name_capacity ? s->name_capacity * 2 : 16;
        char **names = streamd_realloc(c, s->names, capacity * sizeof(*names));

        if (!names) {
            streamd_free(c, copy);
            return fault_memory(c);
        }
        s->names = names;
        s->name_capacity = capacity;
    }
    memmove(s->names + at + 1, s->names + at, (s->name_count - at) * sizeof(*s->names));
    s->names[at] = copy;
    s->name_count++;
    return 0;
}

/* Decides about one name of the listing. */
static int list_name(struct streamd_context *c, struct source *s, const char *name)
{
    int is_split;
    size_t at = place_of(s, name, &is_split);
    struct stat st;

    if (stat(name, &st) == 0) {
        struct known_file *file = known_find(&s->known, st.st_dev, st.st_ino);

        if (file)
            file->seen = 1;
        if (file && !is_split)
            return 0; /* a new name for a file that another split reads, or has read */
        if (!file && known_claim(c, &s->known, st.st_dev, st.st_ino, name))
            return STREAMD_E_NOMEM;
    }
    if (is_split)
        return 0;
    if (add_name(c, s, at, name))
        return STREAMD_E_NOMEM;
    return streamd_split_add(c, name, NULL);
}

int follow_list(struct streamd_context *c, struct source *s)
{
    struct listing listing;
    int rc = listing_expand(c, s->options->path, 1, &listing);

    if (rc)
        return rc;
    known_listing_begin(&s->known);
    for (size_t i = 0; rc == 0 && i < listing.count; i++)
        rc = list_name(c, s, listing.names[i]);
    if (rc == 0)
        known_listing_end(c, &s->known);
    listing_clear(&listing);
    return rc;
}

/* ---- opening ----------------------------------------------------------------------------- */

static void watch(struct streamd_context *c, struct source *s, struct split *split)
{
    char path[64];

    if (split->inotify >= 0 && split->watch >= 0)
        (void)inotify_rm_watch(split->inotify, split->watch);
    split->watch = -1;
    if (split->inotify < 0 && !s->polls)
        split->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (split->inotify >= 0) {
        /* The open file, whatever its name is by now. */
        snprintf(path, sizeof(path), "/proc/self/fd/%d", split->in.fd);
        split->watch = inotify_add_watch(split->inotify, path,
                                         IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF);
    }
    if (split->watch < 0 && !s->polls) {
        s->polls = 1;
        streamd_log(c, STREAMD_LOG_WARNING,
                    "inotify cannot watch all files (see fs.inotify.max_user_instances and "
                    "max_user_watches): looking at them five times a second instead");
    }
}

/* After the split's input was opened. */
static int begin_file(struct streamd_context *c, struct source *s, struct split *split)
{
    struct known_file *file;

    reader_restart(&split->reader, split->in.offset);
    split->ending = 0;
    split->renamed_since = 0;
    if (split->in.fd < 0)
        return 0;
    if (known_claim(c, &s->known, split->in.device, split->in.inode, split->id))
        return STREAMD_E_NOMEM;
    file = known_find(&s->known, split->in.device, split->in.inode);
    if (file)
        file->in_use = 1;
    watch(c, s, split);
    return 0;
}

/* The name that a file has now, in the folder of the split's name. 1 where there is one. */
static int find_by_inode(const struct split *split, const struct place *place, char *path,
                         size_t size)
{
    const char *slash = strrchr(split->id, '/');
    int folder_length = slash ? (int)(slash - split->id) : 0;
    struct dirent *entry;
    struct stat st;
    DIR *folder;
    int found = 0;

    if (snprintf(path, size, "%.*s", folder_length, split->id) >= (int)size)
        return 0;
    folder = opendir(slash ? (folder_length ? path : "/") : ".");
    while (folder && !found && (entry = readdir(folder)) != NULL) {
        if (entry->d_ino != (ino_t)place->inode)
            continue;
        if (snprintf(path, size, "%.*s%s%s", folder_length, split->id, slash ? "/" : "",
                     entry->d_name) < (int)size)
            found = stat(path, &st) == 0 && st.st_dev == (dev_t)place->device &&
                    st.st_ino == (ino_t)place->inode;
    }
    if (folder)
        (void)closedir(folder);
    return found;
}

static int begin_anew(struct streamd_context *c, struct split *split, const char *path)
{
    char message[512];

    snprintf(message, sizeof(message), "'%.300s' was truncated: reading it from its beginning",
             path);
    streamd_log(c, STREAMD_LOG_WARNING, message);
    streamd_count(c, "truncated_files", 1);
    return input_open(c, &split->in, path, 0, 1);
}

/* The file that was read when the position was noted may have another name by now, be shorter, be
   written anew, or be gone. */
static int open_at(struct streamd_context *c, struct split *split, const struct place *place)
{
    char path[PATH_MAX + 256];
    char message[512];
    uint64_t check;
    struct stat st;
    int rc;

    if (!find_by_inode(split, place, path, sizeof(path))) {
        snprintf(message, sizeof(message),
                 "the file that was '%.300s' is gone; what it had after byte %llu is lost",
                 split->id, (unsigned long long)place->offset);
        streamd_log(c, STREAMD_LOG_WARNING, message);
        streamd_count(c, "lost_files", 1);
        return input_open(c, &split->in, split->id, 0, 1);
    }
    if (codec_kind_of(path) == CODEC_NONE && stat(path, &st) == 0 &&
        (uint64_t)st.st_size < place->offset)
        return begin_anew(c, split, path);
    rc = input_open(c, &split->in, path, place->offset, 1);
    if (rc || split->in.fd < 0)
        return rc;
    rc = input_check_before(c, &split->in, place->offset, &check);
    if (rc || check == place->check)
        return rc;
    input_close(c, &split->in);
    return begin_anew(c, split, path);
}

int follow_open(struct streamd_context *c, struct source *s, struct split *split,
                const struct place *place)
{
    int rc;

    if (place && place->inode)
        rc = open_at(c, split, place);
    else
        rc = input_open(c, &split->in, split->id, 0, 1);
    return rc ? rc : begin_file(c, s, split);
}

/* ---- waiting ----------------------------------------------------------------------------- */

static enum streamd_flow sleep_until(struct streamd_context *c, struct split *split, int64_t us)
{
    split->asleep = 1;
    streamd_block_on(c, split->watch >= 0 ? split->inotify : -1, streamd_now(c) + us);
    return STREAMD_BLOCKED;
}

/* 1 where the file does not have any more what was read of it; then it was set back to its
   beginning. Negative after streamd_fail. A file that grew is looked at as well: it may have been
   truncated and written anew since. */
static int was_truncated(struct streamd_context *c, struct split *split)
{
    char message[480];
    int rc = input_is_intact(c, &split->in);

    if (rc != 0)
        return rc < 0 ? rc : 0;
    snprintf(message, sizeof(message), "'%.380s' was truncated: reading it from its beginning",
             split->in.path);
    streamd_log(c, STREAMD_LOG_INFO, message);
    streamd_count(c, "truncated_files", 1);
    reader_restart(&split->reader, 0);
    return input_rewind(c, &split->in) ? STREAMD_E_IO : 1;
}

int follow_wake(struct streamd_context *c, struct split *split)
{
    char events[4096];

    if (!split->asleep)
        return 0;
    split->asleep = 0;
    if (split->inotify >= 0) {
        while (read(split->inotify, events, sizeof(events)) > 0)
            ;
    }
    return split->in.fd >= 0 && was_truncated(c, split) < 0 ? STREAMD_E_IO : 0;
}

/* Whether the split's name leads to another file by now, which has content and belongs to nobody
   else. */
static int was_replaced(struct source *s, const struct split *split)
{
    const struct known_file *file;
    struct stat st;

    if (stat(split->id, &st) != 0 || st.st_size == 0)
        return 0;
    if (st.st_dev == split->in.device && st.st_ino == split->in.inode)
        return 0;
    file = known_find(&s->known, st.st_dev, st.st_ino);
    return !file || strcmp(file->owner, split->id) == 0;
}

enum streamd_flow follow_idle(struct streamd_context *c, struct source *s, struct split *split)
{
    int64_t now = streamd_now(c);
    int rc;

    if (split->in.fd < 0) {
        if (input_open(c, &split->in, split->id, 0, 1) || begin_file(c, s, split))
            return STREAMD_FAILED;
        return split->in.fd < 0 ? sleep_until(c, split, POLL_US) : STREAMD_OK;
    }
    rc = was_truncated(c, split);
    if (rc != 0)
        return rc < 0 ? STREAMD_FAILED : STREAMD_OK;
    if (!was_replaced(s, split)) {
        split->renamed_since = 0;
        return sleep_until(c, split, split->watch >= 0 ? LOOK_US : POLL_US);
    }
    if (split->renamed_since == 0)
        split->renamed_since = now;
    if (now - split->renamed_since < QUIET_US)
        return sleep_until(c, split, QUIET_US - (now - split->renamed_since));
    return input_check_end(c, &split->in) ? STREAMD_FAILED : STREAMD_FINISHED;
}

/* The old file is held, so that its inode number means the same file as long as it has a name. */
static void leave_file(struct streamd_context *c, struct source *s, struct split *split)
{
    struct known_file *file = known_find(&s->known, split->in.device, split->in.inode);

    if (file && file->held < 0) {
        file->held = split->in.fd;
        file->in_use = 0;
        split->in.fd = -1;
    }
    input_close(c, &split->in);
}

static int is_later(struct timespec a, struct timespec b)
{
    return a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec : a.tv_nsec > b.tv_nsec;
}

/* 1 where `entry` is what rotation makes of the name `base`. Compressed files are made anew, so
   that nothing tells whether they were read. */
static int is_rotated_name(const char *base, const char *entry)
{
    size_t length = strlen(base);

    return strncmp(entry, base, length) == 0 && strchr(".-_", entry[length]) &&
           entry[length] != '\0' && codec_kind_of(entry) == CODEC_NONE;
}

/* Whether a file was written to after `before`, and is nobody else's. */
static int is_in_between(struct source *s, const struct split *split, const struct stat *st,
                         struct timespec before)
{
    const struct known_file *file = known_find(&s->known, st->st_dev, st->st_ino);

    return S_ISREG(st->st_mode) && is_later(st->st_mtim, before) &&
           !(st->st_dev == split->in.device && st->st_ino == split->in.inode) &&
           (!file || (strcmp(file->owner, split->id) == 0 && file->held < 0));
}

/* The file that had the split's name after the one that is open, and has it no more: the first of
   them to `path`. 0 where there is none. */
static int find_in_between(struct source *s, const struct split *split, char *path, size_t size)
{
    const char *slash = strrchr(split->id, '/'), *base = slash ? slash + 1 : split->id;
    int folder_length = (int)(base - split->id), found = 0;
    char folder_name[PATH_MAX], one[PATH_MAX + 256];
    struct stat st, best = {0}, now, ours;
    struct dirent *entry;
    DIR *folder;

    if (fstat(split->in.fd, &ours) != 0 || stat(split->id, &now) != 0 ||
        snprintf(folder_name, sizeof(folder_name), "%.*s", folder_length ? folder_length : 1,
                 folder_length ? split->id : ".") >= (int)sizeof(folder_name))
        return 0;
    folder = opendir(folder_name);
    while (folder && (entry = readdir(folder)) != NULL) {
        if (!is_rotated_name(base, entry->d_name) ||
            snprintf(one, sizeof(one), "%.*s%s", folder_length, split->id, entry->d_name) >=
                (int)(size < sizeof(one) ? size : sizeof(one)) ||
            stat(one, &st) != 0 || (st.st_dev == now.st_dev && st.st_ino == now.st_ino) ||
            !is_in_between(s, split, &st, ours.st_mtim))
            continue;
        if (found && is_later(st.st_mtim, best.st_mtim))
            continue;
        best = st;
        found = 1;
        snprintf(path, size, "%s", one);
    }
    if (folder)
        (void)closedir(folder);
    return found;
}

int follow_switch(struct streamd_context *c, struct source *s, struct split *split)
{
    char path[PATH_MAX + 256];
    int found = find_in_between(s, split, path, sizeof(path));

    leave_file(c, s, split);
    streamd_count(c, "rotated_files", 1);
    if (input_open(c, &split->in, found ? path : split->id, 0, 1))
        return STREAMD_E_IO;
    return begin_file(c, s, split);
}

void follow_close(struct source *s, struct split *split)
{
    struct known_file *file =
        split->in.fd >= 0 ? known_find(&s->known, split->in.device, split->in.inode) : NULL;

    if (file && file->held < 0 && strcmp(file->owner, split->id) == 0)
        file->in_use = 0;
    if (split->inotify >= 0)
        (void)close(split->inotify);
    split->inotify = split->watch = -1;
}
