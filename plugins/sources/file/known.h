/*
 * known.h - which files have been seen, whatever their names, so that a log that was renamed is not
 * read a second time under its new name. Used with `follow` only.
 *
 * A file is its device and inode number. An inode number is used again once its file is gone; while
 * we hold a descriptor it is not. So a file that was read to its end is held until no name that the
 * pattern matches leads to it.
 */
#ifndef SOURCE_FILE_KNOWN_H
#define SOURCE_FILE_KNOWN_H

#include <streamd/context.h>

#include <sys/types.h>

struct known_file {
    dev_t device;
    ino_t inode;
    char *owner; /* id of the split that reads it, or has read it */
    int held;    /* descriptor of a file that was read to its end, or -1 */
    int in_use;  /* its split has it open */
    int seen;    /* in the listing at hand */
};

/* Start with {0}; release with known_clear. */
struct known {
    struct known_file *files;
    size_t count, capacity;
};

/* The file, or NULL. Valid until the next call that adds or removes one. */
struct known_file *known_find(struct known *k, dev_t device, ino_t inode);

/* Notes that a split owns a file. One that is known keeps its owner. 0 or negative after
   streamd_fail. */
int known_claim(struct streamd_context *c, struct known *k, dev_t device, ino_t inode,
                const char *owner);

/* Around a listing: before it; after it, forgets the files that no name leads to and nobody reads.
   In between, set `seen` of what is found. */
void known_listing_begin(struct known *k);
void known_listing_end(struct streamd_context *c, struct known *k);

/* Closes what is held and releases everything. */
void known_clear(struct streamd_context *c, struct known *k);

#endif
