/*
 * folder.h - folders and names of parts.
 */
#ifndef SINK_FILE_FOLDER_H
#define SINK_FILE_FOLDER_H

#include <streamd/context.h>

/* Makes a folder and those above it that are missing, durably, and writes its absolute name to
   `path` (PATH_MAX bytes). 0 or negative after streamd_fail. */
int folder_make(struct streamd_context *c, const char *name, char *path);

/* What is in a folder that belongs to this task, by the names of its parts. */
struct folder_survey {
    uint64_t next;      /* number of the next part: above all that are there, unfinished ones too */
    uint64_t leftovers; /* unfinished parts */
    char leftover[256]; /* name of one of them */
};

/* Looks through a folder. 0 or negative after streamd_fail. */
int folder_survey(struct streamd_context *c, const char *path, struct folder_survey *survey);

/* Makes the names in a folder durable. 0 or negative after streamd_fail. */
int folder_sync(struct streamd_context *c, const char *path);

/* Gives a file another name, unless that is taken: then STREAMD_E_STATE, without streamd_fail. A
   file that is not there: STREAMD_E_INVALID, the same. Other errors: negative after streamd_fail.
 */
int folder_rename(struct streamd_context *c, const char *from, const char *to);

/*
 * Folder name for a bucket's value, at most FOLDER_NAME_BYTES with its NUL. Different values have
 * different names, but for "" and "_". Control bytes, `/`, `%` and a leading dot are written %XX; a
 * value that is too long is cut, and ends in % and a hash.
 */
enum { FOLDER_NAME_BYTES = 201 };
void folder_bucket_name(struct streamd_str value, char name[FOLDER_NAME_BYTES]);

#endif
