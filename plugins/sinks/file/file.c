/*
 * The sink `file`: writes rows in the node's format to files in a folder, or in one folder per
 * bucket. sink.h has the way from a row to a final file.
 */
#include "buckets.h"
#include "changelog.h"
#include "groups.h"
#include "sink.h"

static const char *const compressions[] = {"none", "gzip", "zstd", NULL};

static const struct streamd_option roll_table[] = {
    {.name = "size",
     .type = STREAMD_OPTION_SIZE,
     .offset = offsetof(struct roll_options, size),
     .default_text = "128MiB",
     .minimum = 1,
     .maximum = INT64_MAX,
     .doc = "Close a part that has this many bytes, at the end of the batch that reaches it"},
    {.name = "every",
     .type = STREAMD_OPTION_DURATION,
     .offset = offsetof(struct roll_options, every),
     .minimum = 1000,
     .maximum = INT64_C(86400000000000),
     .doc = "Close a part this long after it was begun; unset, never"},
    {.name = "idle",
     .type = STREAMD_OPTION_DURATION,
     .offset = offsetof(struct roll_options, idle),
     .minimum = 1000,
     .maximum = INT64_C(86400000000000),
     .doc = "Close a part that has got nothing for this long; unset, never"},
    {.name = NULL},
};

static const struct streamd_option changelog_table[] = {
    {.name = "field",
     .type = STREAMD_OPTION_STRING,
     .flags = STREAMD_OPTION_REQUIRED,
     .offset = offsetof(struct changelog_options, field),
     .doc =
         "Name of the field, which comes first: +I insert, -U and +U an update before and after, "
         "-D delete"},
    {.name = NULL},
};

static const struct streamd_option options_table[] = {
    {.name = "path",
     .type = STREAMD_OPTION_STRING,
     .flags = STREAMD_OPTION_REQUIRED,
     .offset = offsetof(struct sink_options, path),
     .doc =
         "Folder for the files, which are named part-TASK-NUMBER.FORMAT; made where it is missing; "
         "files that are there stay, and the numbers go on behind theirs"},
    {.name = "roll",
     .type = STREAMD_OPTION_GROUP,
     .offset = offsetof(struct sink_options, roll),
     .children = roll_table,
     .children_size = sizeof(struct roll_options),
     .doc = "When a part is closed and another one begun"},
    {.name = "bucket",
     .type = STREAMD_OPTION_EXPRESSION,
     .offset = offsetof(struct sink_options, bucket),
     .doc =
         "Text that names the row's folder below `path`; NULL and the empty text are `_`; what a "
         "name cannot hold is written %XX"},
    {.name = "changelog",
     .type = STREAMD_OPTION_GROUP,
     .offset = offsetof(struct sink_options, changelog),
     .present_offset = offsetof(struct sink_options, changelog_given),
     .children = changelog_table,
     .children_size = sizeof(struct changelog_options),
     .doc = "Takes updates and deletes, and writes what each row is as a field"},
    {.name = "compression",
     .type = STREAMD_OPTION_ENUM,
     .offset = offsetof(struct sink_options, compression),
     .default_text = "none",
     .choices = compressions,
     .doc = "How the files are compressed; their names then end in .gz or .zst"},
    {.name = NULL},
};

/* ---- bind -------------------------------------------------------------------------------- */

static int check_options(struct streamd_bind *b, const struct sink_options *o)
{
    int rc = 0;

    if (o->bucket && o->bucket->type.id != STREAMD_STRING) {
        streamd_bind_error(b, "bucket", 2143, "the name of a bucket must be a text",
                           "write a cast behind the expression: (...)::text");
        rc = STREAMD_E_REPORTED;
    }
    if (!packer_is_built((enum compression)o->compression)) {
        streamd_bind_error(b, "compression", 2144,
                           "this streamd was built without that compression", NULL);
        rc = STREAMD_E_REPORTED;
    }
    return rc;
}

static int file_bind(struct streamd_bind *b, const void *options)
{
    const struct sink_options *o = options;
    struct sink_bound *bound = streamd_bind_alloc(b, sizeof(*bound));
    int rc = check_options(b, o);

    if (rc || !bound)
        return rc ? rc : STREAMD_E_NOMEM;
    streamd_bind_set_private(b, bound);
    rc = streamd_bind_needs_format(b);
    if (!rc)
        rc = ledger_bind(b);
    if (!rc)
        rc = streamd_bind_delivery(b, STREAMD_EXACTLY_ONCE);
    if (rc || !o->changelog_given || !o->changelog.field)
        return rc;
    rc = streamd_bind_accepts(b, STREAMD_APPEND | STREAMD_UPSERT | STREAMD_RETRACT);
    if (!rc)
        rc = changelog_bind(b, o->changelog.field, &bound->with_kind);
    return rc ? rc : streamd_bind_output(b, &bound->with_kind, STREAMD_APPEND, NULL);
}

/* ---- events ------------------------------------------------------------------------------ */

struct sink {
    struct buckets buckets;
    struct groups groups;
};

static void file_close(struct streamd_context *c, void *self)
{
    struct sink *s = self;

    if (!s)
        return;
    buckets_clear(c, &s->buckets);
    groups_clear(c, &s->groups);
    streamd_free(c, s);
}

static int file_open(struct streamd_context *c, void **self)
{
    struct sink *s = streamd_alloc(c, sizeof(*s));
    int rc;

    if (!s)
        return sink_no_memory(c);
    *s = (struct sink){.buckets = {.options = c->options}};
    rc = buckets_open(c, &s->buckets);
    if (rc)
        file_close(c, s);
    else
        *self = s;
    return rc;
}

/* Writes the selected rows of `out` into a bucket. */
static int write_rows(struct streamd_context *c, struct sink *s, const char *name,
                      struct streamd_batch *out)
{
    struct bucket *bucket = buckets_get(c, &s->buckets, name);

    if (!bucket || streamd_encode(c, out, &bucket->part.buffer) < 0)
        return STREAMD_E_IO;
    bucket->part.rows += out->count;
    return buckets_wrote(c, &s->buckets, bucket);
}

static int write_groups(struct streamd_context *c, struct sink *s, struct streamd_batch *out)
{
    char name[FOLDER_NAME_BYTES];
    int rc = 0;

    for (uint32_t i = 0; i < s->groups.count && !rc; i++) {
        const struct group *group = &s->groups.items[i];

        folder_bucket_name(group->value, name);
        out->sel = group->rows;
        out->count = group->count;
        rc = write_rows(c, s, name, out);
    }
    /* The rows' numbers are memory of this task, which the batch must not refer to afterwards. */
    out->sel = NULL;
    out->count = 0;
    return rc;
}

static enum streamd_flow file_batch(struct streamd_context *c, void *self, uint32_t input,
                                    struct streamd_batch *batch)
{
    const struct sink_options *o = c->options;
    const struct sink_bound *bound = c->bound;
    struct streamd_batch *out = batch;
    struct sink *s = self;
    struct streamd_column value;
    int rc;

    (void)input;
    if (o->bucket && (streamd_eval(c, o->bucket, batch, &value) < 0 ||
                      groups_make(c, &s->groups, batch, &value)))
        return STREAMD_FAILED;
    if (batch->count == 0)
        return STREAMD_OK;
    if (bound->with_kind.field_count > 0) {
        out = changelog_batch(c, &bound->with_kind, batch);
        if (!out)
            return STREAMD_FAILED;
    }
    rc = o->bucket ? write_groups(c, s, out) : write_rows(c, s, "", out);
    if (out != batch)
        streamd_batch_release(c, out);
    return rc ? STREAMD_FAILED : STREAMD_OK;
}

static enum streamd_flow file_timer(struct streamd_context *c, void *self, int32_t table,
                                    int64_t now)
{
    struct sink *s = self;

    (void)table;
    (void)now;
    return buckets_tick(c, &s->buckets) ? STREAMD_FAILED : STREAMD_OK;
}

static enum streamd_flow file_prepare(struct streamd_context *c, void *self, uint64_t id)
{
    struct sink *s = self;

    if (buckets_close_parts(c, &s->buckets) || ledger_prepare(c, &s->buckets.ledger, (int64_t)id))
        return STREAMD_FAILED;
    return STREAMD_OK;
}

static enum streamd_flow file_commit(struct streamd_context *c, void *self, uint64_t id)
{
    struct sink *s = self;

    return ledger_commit(c, &s->buckets.ledger, (int64_t)id) ? STREAMD_FAILED : STREAMD_OK;
}

static const char file_doc[] =
    "Writes files, which get their final names when they are complete.\n\n"
    "A part that is not complete has a dot in front of its name. Parts get their names when a "
    "checkpoint is complete, or without checkpoints when the pipeline ends or is interrupted; if "
    "it "
    "fails, none does. Nothing is ever overwritten.\n\n"
    "With checkpoints each row is in the files once, whatever was killed: parts that a killed "
    "attempt left behind are finished or removed at the next start, and only those. One hidden "
    "file "
    "`.streamd.*.mark` stays in the folder; by it a pipeline that begins with an old savepoint "
    "sees "
    "that newer output is there. Without checkpoints unfinished parts that a crash left behind are "
    "reported and stay, since they may belong to another pipeline.\n\n"
    "Buckets: up to 64 folders have a part in progress at a time; the one that was used least "
    "recently is closed for another.";

static const struct streamd_operator file_sink = {
    .descriptor = {STREAMD_DESCRIPTOR(struct streamd_operator, STREAMD_SINK, "file"), file_doc,
                   options_table, sizeof(struct sink_options)},
    .bind = file_bind,
    .open = file_open,
    .batch = file_batch,
    .timer = file_timer,
    .prepare = file_prepare,
    .commit = file_commit,
    .close = file_close,
};

STREAMD_EXPORT const struct streamd_descriptor *streamd_plugin(uint32_t index)
{
    return index == 0 ? &file_sink.descriptor : NULL;
}
