/*
 * changelog.h - the row kind as a field: "+I" insert, "-U" update before, "+U" update after, "-D"
 * delete.
 */
#ifndef SINK_FILE_CHANGELOG_H
#define SINK_FILE_CHANGELOG_H

#include "sink.h"

/* Makes the schema with the field `name` in front of the input's fields. 0 or negative; a name that
   the input has is a diagnostic. */
int changelog_bind(struct streamd_bind *b, const char *name, struct streamd_schema *schema);

/* A batch of that schema over the same rows. NULL after streamd_fail. The caller owns a reference.
 */
struct streamd_batch *changelog_batch(struct streamd_context *c,
                                      const struct streamd_schema *schema,
                                      struct streamd_batch *batch);

#endif
