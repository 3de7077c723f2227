/*
 * statements.h - the SQL of this sink, for a schema. Names are quoted; no value is ever part of it.
 */
#ifndef SINK_SQLITE_STATEMENTS_H
#define SINK_SQLITE_STATEMENTS_H

#include "sink.h"

enum statement {
    STATEMENT_CREATE = 1, /* the user's table, where it is missing */
    STATEMENT_CREATE_STAGED,
    STATEMENT_STAGE,
    STATEMENT_COPY,
    STATEMENT_STAGED,
    STATEMENT_PUT,
    STATEMENT_REMOVE
};

/* The text of a statement, to be released with sqlite3_free; NULL without memory. */
char *statement_text(enum statement statement, const struct sink_options *o,
                     const struct streamd_schema *schema);

/* 1 where the field is part of the key. */
int statement_is_key(const struct sink_options *o, const char *field);

#endif
