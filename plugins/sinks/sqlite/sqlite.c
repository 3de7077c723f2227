/* The sink `sqlite`: rows into a table of a SQLite database. sink.h has the ways they take. */
#include "sink.h"

#include "replay.h"
#include "statements.h"
#include "store.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { DIAGNOSTIC_KEY = 2161, DIAGNOSTIC_NAMES = 2162 };

static const char *const modes[] = {"insert", "upsert", NULL};

static const struct streamd_option options_table[] = {
    {.name = "path",
     .type = STREAMD_OPTION_STRING,
     .flags = STREAMD_OPTION_REQUIRED,
     .offset = offsetof(struct sink_options, path),
     .doc = "File of the database; it and the folders above it are made where they are missing"},
    {.name = "table",
     .type = STREAMD_OPTION_STRING,
     .flags = STREAMD_OPTION_REQUIRED,
     .offset = offsetof(struct sink_options, table),
     .doc = "Table, made with the columns of the input where it is missing; otherwise it must have "
            "them, and may have others"},
    {.name = "mode",
     .type = STREAMD_OPTION_ENUM,
     .offset = offsetof(struct sink_options, mode),
     .default_text = "insert",
     .choices = modes,
     .doc = "insert: every row is added; upsert: a row replaces the one with the same `key`, and "
            "deletes and updates of the input are applied"},
    {.name = "key",
     .type = STREAMD_OPTION_FIELDS,
     .offset = offsetof(struct sink_options, key),
     .doc =
         "With `mode: upsert`, the fields that identify a row; the primary key of a table that is "
         "made"},
    {.name = "busy_timeout",
     .type = STREAMD_OPTION_DURATION,
     .offset = offsetof(struct sink_options, busy_timeout),
     .default_text = "1m",
     .minimum = 0,
     .maximum = INT64_C(86400000000),
     .doc = "How long to wait while another program has the database locked"},
    {.name = NULL},
};

/* ---- bind -------------------------------------------------------------------------------- */

static int check_key(struct streamd_bind *b, const struct sink_options *o)
{
    const struct streamd_schema *in = streamd_bind_input(b, 0);
    char message[256];
    int rc = 0;

    if (o->mode == MODE_UPSERT && o->key.count == 0) {
        streamd_bind_error(b, "mode", DIAGNOSTIC_KEY, "`mode: upsert` needs a `key`",
                           "name the fields that identify a row: key: [id]");
        return STREAMD_E_REPORTED;
    }
    if (o->mode == MODE_INSERT && o->key.count > 0) {
        streamd_bind_error(b, "key", DIAGNOSTIC_KEY, "`key` is for `mode: upsert`",
                           "write `mode: upsert`, or leave the key out");
        return STREAMD_E_REPORTED;
    }
    for (uint32_t i = 0; i < in->field_count; i++) {
        if (!in->fields[i].type.nullable || !statement_is_key(o, in->fields[i].name))
            continue;
        snprintf(message, sizeof(message), "field '%s' may be NULL, which a key may not",
                 in->fields[i].name);
        streamd_bind_error(b, "key", DIAGNOSTIC_KEY, message,
                           "make another value of it before: COALESCE(field, '')");
        rc = STREAMD_E_REPORTED;
    }
    return rc;
}

static int check_names(struct streamd_bind *b)
{
    const struct streamd_schema *in = streamd_bind_input(b, 0);
    char message[256];

    for (uint32_t i = 0; i < in->field_count; i++) {
        for (uint32_t k = 0; k < i; k++) {
            if (strcasecmp(in->fields[i].name, in->fields[k].name) != 0)
                continue;
            snprintf(message, sizeof(message), "fields '%.100s' and '%.100s' would be one column",
                     in->fields[k].name, in->fields[i].name);
            streamd_bind_error(b, "", DIAGNOSTIC_NAMES, message,
                               "SQLite's columns do not differ by case: rename one with select");
            return STREAMD_E_REPORTED;
        }
    }
    return 0;
}

static int sqlite_bind(struct streamd_bind *b, const void *options)
{
    const struct sink_options *o = options;
    uint32_t accepts = STREAMD_APPEND;
    int rc = check_key(b, o);

    if (check_names(b) || rc)
        return STREAMD_E_REPORTED;
    if (o->mode == MODE_UPSERT)
        accepts |= STREAMD_UPSERT | STREAMD_RETRACT;
    rc = streamd_bind_accepts(b, accepts);
    if (!rc)
        rc = streamd_bind_partitioning(b, STREAMD_SINGLE);
    if (!rc)
        rc = streamd_bind_outbox(b);
    return rc ? rc : streamd_bind_delivery(b, STREAMD_EXACTLY_ONCE);
}

/* ---- events ------------------------------------------------------------------------------ */

static void sqlite_close(struct streamd_context *c, void *self)
{
    if (self)
        store_close(self);
    streamd_free(c, self);
}

static int sqlite_open(struct streamd_context *c, void **self)
{
    struct sink *s = streamd_alloc(c, sizeof(*s));
    int rc;

    if (!s) {
        (void)streamd_fail(c, STREAMD_FAIL_TASK, 0, "no memory to begin");
        return STREAMD_E_NOMEM;
    }
    *s = (struct sink){.options = c->options, .schema = c->input};
    rc = store_open(c, s);
    if (rc)
        sqlite_close(c, s);
    else
        *self = s;
    return rc;
}

static enum streamd_flow sqlite_batch(struct streamd_context *c, void *self, uint32_t input,
                                      struct streamd_batch *batch)
{
    int rc = c->durable ? replay_stage(c, self, batch) : store_stage(c, self, batch);

    (void)input;
    return rc ? STREAMD_FAILED : STREAMD_OK;
}

static enum streamd_flow sqlite_prepare(struct streamd_context *c, void *self, uint64_t id)
{
    int rc = c->durable ? streamd_outbox_seal(c, id) : store_prepare(c, self);

    return rc ? STREAMD_FAILED : STREAMD_OK;
}

static enum streamd_flow sqlite_commit(struct streamd_context *c, void *self, uint64_t id)
{
    return c->durable ? replay_commit(c, self, id) : store_commit(c, self);
}

/* Only commit is ever left unfinished. */
static enum streamd_flow sqlite_resume(struct streamd_context *c, void *self)
{
    return c->durable ? replay_go_on(c, self) : store_commit(c, self);
}

static const char sqlite_doc[] =
    "Writes rows into a table of a SQLite database.\n\n"
    "Types: bool and int64 are INTEGER, float64 is REAL (NaN the text NaN), decimal without scale "
    "is "
    "INTEGER (a larger number is a row error), with a scale TEXT with all its digits; string and "
    "json "
    "are TEXT, bytes BLOB, timestamp and date TEXT in ISO 8601.\n\n"
    "Rows are written in one transaction when a checkpoint is complete, or without checkpoints "
    "when "
    "the pipeline ends or is interrupted; if that fails, the database is as it was. With "
    "checkpoints each row is written once, whatever was killed: the table _streamd_commits, which "
    "the same transaction writes, says what was.";

static const struct streamd_operator sqlite_sink = {
    .descriptor = {STREAMD_DESCRIPTOR(struct streamd_operator, STREAMD_SINK, "sqlite"), sqlite_doc,
                   options_table, sizeof(struct sink_options)},
    .bind = sqlite_bind,
    .open = sqlite_open,
    .batch = sqlite_batch,
    .resume = sqlite_resume,
    .prepare = sqlite_prepare,
    .commit = sqlite_commit,
    .close = sqlite_close,
};

STREAMD_EXPORT const struct streamd_descriptor *streamd_plugin(uint32_t index)
{
    return index == 0 ? &sqlite_sink.descriptor : NULL;
}
