/*
 * split.h - what the parts of this source share: its options, a task, an open split.
 *
 *   files that end     merge 1: one split "files" that reads all of them, one after the other
 *                      merge N: a split per file, its id the file's name
 *   files that grow    a split per name; it follows the name from file to file
 */
#ifndef SOURCE_FILE_SPLIT_H
#define SOURCE_FILE_SPLIT_H

#include "input.h"
#include "known.h"
#include "listing.h"
#include "reader.h"

#include <streamd/source.h>

struct file_options {
    const char *path;
    uint8_t follow;
    int64_t merge;
    uint8_t merge_given;
};

/* A task of the node. */
struct source {
    const struct file_options *options;
    int listed;         /* the first listing is done */
    struct known known; /* follow */
    char **names;       /* follow: ids of the splits, sorted */
    size_t name_count, name_capacity;
    int polls; /* follow: inotify is not to be had, said so */
};

struct split {
    struct streamd_split *handle;
    char *id;
    struct input in;
    struct reader reader;
    int ending; /* the present file has no more; what is left of it goes out as the last of it */

    struct listing listing; /* merge 1: the files, and which of them is open */
    size_t next;

    int inotify;           /* follow: -1 where it is not to be had */
    int watch;             /* -1: none */
    int asleep;            /* answered BLOCKED; there may be news to take from inotify */
    int64_t renamed_since; /* processing time at which another file had our name; 0: not so */
};

#endif
