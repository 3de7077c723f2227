/*
 * follow.h - files that grow, are renamed, replaced and truncated.
 */
#ifndef SOURCE_FILE_FOLLOW_H
#define SOURCE_FILE_FOLLOW_H

#include "place.h"
#include "split.h"

/* Lists the files that the pattern matches now and adds a split for each new name that leads to a
   new file. 0 or negative after streamd_fail. */
int follow_list(struct streamd_context *c, struct source *s);

/* Opens a split at a place (NULL: at the beginning of what has its name now). A file that is not
   there yet is waited for. 0 or negative after streamd_fail. */
int follow_open(struct streamd_context *c, struct source *s, struct split *split,
                const struct place *place);

/* To be called before reading, for a split that may have been blocked: sees whether its file was
   truncated. 0 or negative after streamd_fail. */
int follow_wake(struct streamd_context *c, struct split *split);

/*
 * The split's file has no more, or there is none. OK: read on (the file was truncated, or opened).
 * BLOCKED: wait. FINISHED: the file was replaced by another, and has really ended: hand out what is
 * left as the last of it and call follow_switch. FAILED.
 */
enum streamd_flow follow_idle(struct streamd_context *c, struct source *s, struct split *split);

/* Goes on with the file that has the split's name now. 0 or negative after streamd_fail. */
int follow_switch(struct streamd_context *c, struct source *s, struct split *split);

/* Releases what the functions above made in the split. */
void follow_close(struct source *s, struct split *split);

#endif
