/*
 * A disk under SQLite: a VFS in front of the default one, whose n-th call fails, and which writes
 * down every change of content and names, so that folders can be made that hold what a power cut
 * would have left. It becomes the default VFS of the process. One thread, one folder at a time.
 */
#ifndef TESTS_SQLITE_DISK_H
#define TESTS_SQLITE_DISK_H

#include "base/file.h"

#include <limits.h>
#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

/* What a call that fails does. */
enum disk_fault {
    DISK_ERROR, /* nothing, and an I/O error; a sync that fails loses what it should have synced */
    DISK_DEAD,  /* the same for all calls from then on */
    DISK_FULL,  /* only writes are counted: SQLITE_FULL, and nothing is written */
    DISK_SHORT, /* only writes are counted: half of it is written, and then SQLITE_FULL */
    DISK_TORN,  /* only writes are counted: half of it is written, and then an I/O error */
    DISK_FAULTS
};

enum disk_change {
    DISK_MADE,   /* a name */
    DISK_WRITE,  /* bytes at an offset */
    DISK_CUT,    /* length of the file */
    DISK_SYNC,   /* the file's content is durable */
    DISK_LOST,   /* what was written to the file since its last sync will never be durable */
    DISK_RENAME, /* to another name */
    DISK_REMOVED,
    DISK_FOLDER /* all names are durable */
};

struct disk_event {
    enum disk_change what;
    char name[64], to[64]; /* without the folder */
    uint8_t *data;
    size_t offset, length;
    size_t file; /* the number of the event that made the file */
};

struct disk {
    sqlite3_vfs vfs;
    sqlite3_vfs *under;
    struct file_ops ops; /* for the store: fails and is written down as well */
    char folder[PATH_MAX];
    enum disk_fault fault;
    long calls, fail_at; /* 0: nothing fails */
    int fired;
    struct {
        struct disk_event *items;
        size_t count, capacity;
    } events;
};

/* Takes the place of the default VFS. The folder need not be there yet. */
void disk_open(struct disk *d, const char *folder);
void disk_close(struct disk *d);

/* The n-th call from now on fails so; 0: none does. */
void disk_fail(struct disk *d, enum disk_fault fault, long n);

/* What a power cut leaves of what was not durable. */
struct disk_image {
    size_t end;  /* the cut comes before this event */
    int names;   /* 0: durable ones; 1: all */
    int content; /* 0: durable; 1: all; 2: all but the write `which`; 3: only that one; 4: all, but
                    of `which` only `bytes` */
    size_t which, bytes;
};

/* Calls `each` for all images of the events before `end`. `sector`: writes are torn there. */
void disk_each_image(const struct disk *d, size_t end, size_t sector,
                     void (*each)(void *self, const struct disk_image *image), void *self);

/* Makes the files of an image in a folder that is there. Files of other names are not touched. */
void disk_build(const struct disk *d, const struct disk_image *image, const char *folder);

#endif
