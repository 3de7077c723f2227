/*
 * glob(3) finds, strcmp sorts: glob itself would sort by the locale. A pattern without a wildcard
 * is its own only match (GLOB_NOMAGIC), also where there is no such file, so that opening it gives
 * the real reason.
 */
#include "listing.h"

#include "faults.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int has_wildcard(const char *pattern)
{
    return strpbrk(pattern, "*?[") != NULL;
}

static int is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Moves the files to the front; the folders stay behind them, for globfree. */
static size_t folders_last(char **names, size_t count)
{
    size_t files = 0;

    for (size_t i = 0; i < count; i++) {
        if (!is_folder(names[i])) {
            char *file = names[i];

            names[i] = names[files];
            names[files++] = file;
        }
    }
    return files;
}

static int fail(struct streamd_context *c, const char *pattern, int rc, int error)
{
    char message[400];

    if (rc == GLOB_NOSPACE) {
        (void)streamd_fail(c, STREAMD_FAIL_TASK, 0, "no memory for the list of input files");
        return STREAMD_E_NOMEM;
    }
    if (rc == GLOB_NOMATCH)
        snprintf(message, sizeof(message), "no file matches '%.300s'", pattern);
    else
        snprintf(message, sizeof(message), "cannot read a folder of '%.300s': %s", pattern,
                 strerror(error));
    (void)streamd_fail(c, STREAMD_FAIL_PIPELINE, DIAGNOSTIC_NO_INPUT, message);
    return STREAMD_E_IO;
}

int listing_expand(struct streamd_context *c, const char *pattern, int absent_ok,
                   struct listing *listing)
{
    int rc, error;

    *listing = (struct listing){0};
    errno = 0;
    rc = glob(pattern, GLOB_NOSORT | GLOB_ERR | GLOB_NOMAGIC, NULL, &listing->found);
    error = errno;
    listing->used = rc == 0;
    if (rc == 0) {
        listing->names = listing->found.gl_pathv;
        listing->count = listing->found.gl_pathc;
        if (has_wildcard(pattern))
            listing->count = folders_last(listing->names, listing->count);
        if (listing->count > 0)
            qsort(listing->names, listing->count, sizeof(*listing->names), by_name);
        else
            rc = GLOB_NOMATCH;
    }
    if (rc == 0 || (absent_ok && (rc == GLOB_NOMATCH || (rc == GLOB_ABORTED && error == ENOENT))))
        return 0;
    return fail(c, pattern, rc, error);
}

void listing_clear(struct listing *listing)
{
    if (listing->used)
        globfree(&listing->found);
    *listing = (struct listing){0};
}
