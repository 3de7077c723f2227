/*
 * listing.h - the files that a pattern matches, in the order of their names' bytes.
 */
#ifndef SOURCE_FILE_LISTING_H
#define SOURCE_FILE_LISTING_H

#include <streamd/context.h>

#include <glob.h>

/* Start with {0}; release with listing_clear. */
struct listing {
    glob_t found;
    int used;     /* `found` is to be released */
    char **names; /* count, inside of found */
    size_t count;
};

/*
 * Expands a pattern as a shell does, without braces and `~`. Folders are left out where the pattern
 * has a wildcard (the user named no folder then). `absent_ok`: nothing found, or a folder on the
 * way that does not exist, is an empty listing; otherwise a failure, as is a folder that cannot be
 * read. 0, or negative after streamd_fail.
 */
int listing_expand(struct streamd_context *c, const char *pattern, int absent_ok,
                   struct listing *listing);

/* Releases everything. */
void listing_clear(struct listing *listing);

#endif
