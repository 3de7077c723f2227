/* The options of `dedup` and the tables that it needs for them. */
#include "dedup.h"

#include <string.h>

/* Codes of diagnostics; `streamctl explain` has a paragraph on each. */
enum { CODE_KEY = 2181, CODE_TIME = 2182 };

static const char *const keep_words[] = {"first", "last", NULL};

const struct streamd_option dedup_options_table[] = {
    {.name = "within",
     .type = STREAMD_OPTION_DURATION,
     .offset = offsetof(struct dedup_options, within),
     .minimum = 1,
     .maximum = INT64_C(3155760000000000), /* 100 years */
     .doc = "How long a key is remembered, in event time; for ever where not given"},
    {.name = "keep",
     .type = STREAMD_OPTION_ENUM,
     .offset = offsetof(struct dedup_options, keep),
     .default_text = "first",
     .choices = keep_words,
     .doc = "`first`: later rows of a key are dropped; `last`: later rows replace it (an upsert)"},
    {.name = NULL},
};

static int check(struct streamd_bind *b, const struct dedup_options *o, int timed)
{
    int rc = 0;

    if (streamd_bind_key_by(b)->count == 0) {
        streamd_bind_error(b, "", CODE_KEY, "which rows are the same follows from their key",
                           "give the operator `key_by: [...]`");
        rc = STREAMD_E_REPORTED;
    }
    if (o->within && !timed) {
        streamd_bind_error(b, "within", CODE_TIME,
                           "`within` is a time between events, but the rows of the input have none",
                           "give the source `event_time: {field: ...}`, or leave out `within`");
        rc = STREAMD_E_REPORTED;
    }
    return rc;
}

static const struct streamd_field *key_fields(struct streamd_bind *b,
                                              const struct streamd_strings *names)
{
    const struct streamd_schema *input = streamd_bind_input(b, 0);
    struct streamd_field *keys = streamd_bind_alloc(b, names->count * sizeof(*keys));

    for (uint32_t i = 0; keys && i < names->count; i++)
        for (uint32_t f = 0; f < input->field_count; f++)
            if (!strcmp(input->fields[f].name, names->items[i]))
                keys[i] = input->fields[f];
    return keys;
}

static int declare(struct streamd_bind *b, struct dedup_plan *p)
{
    static const struct streamd_field columns[] = {
        [SEEN_TIME] = {.name = "time", .type = {.id = STREAMD_TIMESTAMP}},
        [SEEN_MORE] = {.name = "more", .type = {.id = STREAMD_BOOL}},
    };
    const struct streamd_strings *names = streamd_bind_key_by(b);
    int several = p->within && p->keep == KEEP_FIRST;
    struct streamd_table_decl decl = {.name = "seen",
                                      .flags = p->within ? STREAMD_TABLE_ORDERED : 0,
                                      .key_count = names->count,
                                      .keys = key_fields(b, names),
                                      .column_count = several    ? 2
                                                      : p->timed ? 1
                                                                 : 0,
                                      .columns = columns,
                                      .order_by = SEEN_TIME};
    int number;

    if (!decl.keys)
        return STREAMD_E_NOMEM;
    number = streamd_bind_table(b, &decl);
    if (number < 0)
        return number;
    p->seen = (uint32_t)number;
    if (!several)
        return 0;
    decl.name = "before";
    decl.flags = STREAMD_TABLE_LIST | STREAMD_TABLE_ORDERED;
    decl.column_count = 1;
    number = streamd_bind_table(b, &decl);
    p->before = (uint32_t)number;
    return number < 0 ? number : 0;
}

static int set_outputs(struct streamd_bind *b, const struct dedup_plan *p)
{
    const struct streamd_schema *schema = streamd_bind_input(b, 0);
    int upsert = p->keep == KEEP_LAST;
    int rc = streamd_bind_output(b, schema, upsert ? STREAMD_UPSERT : STREAMD_APPEND,
                                 upsert ? streamd_bind_key_by(b) : NULL);

    if (!rc && p->within)
        rc = streamd_bind_side_output(b, "late", schema);
    if (!rc)
        rc = streamd_bind_reads(b, STREAMD_NO_FIELD);
    for (uint32_t i = 0; !rc && i < schema->field_count; i++)
        rc = streamd_bind_output_from_input(b, i, i);
    return rc;
}

int dedup_bind(struct streamd_bind *b, const void *options)
{
    const struct dedup_options *o = options;
    struct dedup_plan *p = streamd_bind_alloc(b, sizeof(*p));
    int timed = 1, rc;

    if (!p)
        return STREAMD_E_NOMEM;
    for (uint32_t i = 0; i < streamd_bind_input_count(b); i++)
        timed = timed && streamd_bind_input_event_time(b, i);
    rc = check(b, o, timed);
    if (rc)
        return rc;
    p->within = o->within;
    p->keep = (int)o->keep;
    p->timed = timed && (o->within || p->keep == KEEP_LAST);
    rc = declare(b, p);
    if (!rc)
        rc = set_outputs(b, p);
    if (!rc)
        streamd_bind_set_private(b, p);
    return rc;
}
