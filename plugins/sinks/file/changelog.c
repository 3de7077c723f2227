/*
 * All texts are two bytes long, so that offsets are 0, 2, 4, ... whatever the kinds.
 */
#include "changelog.h"

#include <stdio.h>
#include <string.h>

int changelog_bind(struct streamd_bind *b, const char *name, struct streamd_schema *schema)
{
    const struct streamd_schema *in = streamd_bind_input(b, 0);
    struct streamd_field *fields = streamd_bind_alloc(b, (in->field_count + 1) * sizeof(*fields));
    char message[256];

    if (!fields)
        return STREAMD_E_NOMEM;
    for (uint32_t i = 0; i < in->field_count; i++) {
        if (strcmp(in->fields[i].name, name) != 0)
            continue;
        snprintf(message, sizeof(message), "the input has a field '%s' already", name);
        streamd_bind_error(b, "changelog.field", 2142, message, "choose another name");
        return STREAMD_E_REPORTED;
    }
    fields[0] = (struct streamd_field){name, {.id = STREAMD_STRING}};
    memcpy(fields + 1, in->fields, in->field_count * sizeof(*fields));
    *schema = (struct streamd_schema){in->field_count + 1, fields};
    return 0;
}

static void fill(struct streamd_column *column, const uint8_t *kinds, uint32_t rows)
{
    static const char words[4][3] = {
        [STREAMD_INSERT] = "+I",
        [STREAMD_UPDATE_BEFORE] = "-U",
        [STREAMD_UPDATE_AFTER] = "+U",
        [STREAMD_DELETE] = "-D",
    };

    for (uint32_t row = 0; row < rows; row++) {
        memcpy(column->data + 2 * (size_t)row, words[kinds ? kinds[row] & 3 : STREAMD_INSERT], 2);
        column->offsets[row] = (int32_t)(2 * row);
    }
    column->offsets[rows] = (int32_t)(2 * rows);
}

struct streamd_batch *changelog_batch(struct streamd_context *c,
                                      const struct streamd_schema *schema,
                                      struct streamd_batch *batch)
{
    struct streamd_batch *d = streamd_batch_derive(c, batch, schema);
    struct streamd_column kind = {0};

    if (d) {
        kind.offsets = streamd_batch_alloc(c, d, (batch->rows + 1) * sizeof(*kind.offsets));
        kind.data = streamd_batch_alloc(c, d, 2 * (size_t)batch->rows);
    }
    if (!kind.offsets || !kind.data) {
        streamd_batch_release(c, d);
        (void)sink_no_memory(c);
        return NULL;
    }
    fill(&kind, batch->row_kind, batch->rows);
    d->columns[0] = kind;
    memcpy(d->columns + 1, batch->columns, batch->schema->field_count * sizeof(*d->columns));
    return d;
}
