/* The source `harness`: a schema, a changelog mode, perhaps an event time, and no rows. It is part
   of the harness itself: plan.c adds it to the registry. */
#include "inside.h"

#include <string.h>

enum { APPEND = 0, UPSERT = 1, RETRACT = 2 };

struct source_options {
    int64_t changelog;
    struct streamd_strings key;
    uint8_t timed;
};

static const char *const modes[] = {"append", "upsert", "retract", NULL};

static const struct streamd_option options_table[] = {
    {.name = "changelog",
     .type = STREAMD_OPTION_ENUM,
     .offset = offsetof(struct source_options, changelog),
     .default_text = "append",
     .choices = modes,
     .doc = "What kind of changes the rows are"},
    {.name = "key",
     .type = STREAMD_OPTION_STRINGS,
     .offset = offsetof(struct source_options, key),
     .doc = "The key of an upsert"},
    {.name = "timed",
     .type = STREAMD_OPTION_BOOL,
     .offset = offsetof(struct source_options, timed),
     .doc = "Rows have an event time that is not one of their fields"},
    {.name = NULL},
};

static int source_bind(struct streamd_bind *b, const void *options)
{
    static const uint32_t changelogs[] = {STREAMD_APPEND, STREAMD_UPSERT, STREAMD_RETRACT};
    const struct source_options *o = options;
    const struct streamd_schema *schema = streamd_bind_declared_schema(b);
    int rc;

    if (!schema)
        return STREAMD_E_INVALID;
    rc = streamd_bind_output(b, schema, changelogs[o->changelog],
                             o->changelog == UPSERT ? &o->key : NULL);
    if (!rc && o->timed)
        rc = streamd_bind_output_event_time(b);
    return rc;
}

static int source_list(struct streamd_context *c, void *self)
{
    (void)c;
    (void)self;
    return 0;
}

static int source_open_split(struct streamd_context *c, void *self, const char *id,
                             const char *position, struct streamd_split *handle, void **split)
{
    (void)c;
    (void)self;
    (void)id;
    (void)position;
    (void)handle;
    (void)split;
    return STREAMD_E_STATE;
}

static enum streamd_flow source_next(struct streamd_context *c, void *self, void *split)
{
    (void)c;
    (void)self;
    (void)split;
    return STREAMD_FINISHED;
}

static int source_position(struct streamd_context *c, void *self, void *split,
                           char text[STREAMD_POSITION_BYTES])
{
    (void)c;
    (void)self;
    (void)split;
    memcpy(text, "0", 2);
    return 0;
}

const struct streamd_source harness_source = {
    .descriptor = {STREAMD_DESCRIPTOR(struct streamd_source, STREAMD_SOURCE, "harness"),
                   "Stands for the rows that a test sends.", options_table,
                   sizeof(struct source_options)},
    .bind = source_bind,
    .list = source_list,
    .open_split = source_open_split,
    .next = source_next,
    .position = source_position,
};
