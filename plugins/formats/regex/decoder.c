/*
 * The decoder: for each line one match, then each field that somebody reads from its group.
 */
#include "pattern.h"
#include "regex.h"

#include <streamd/cell.h>
#include <streamd/lines.h>

#include <string.h>

/* A field that somebody reads, and a group that can give it. Where a pattern uses a name twice, the
   field has two links, one behind the other, and the first group that took part counts. */
struct link {
    uint32_t field;
    uint32_t group; /* 0: no group has its name */
};

struct decoder {
    struct streamd_context *context;
    const struct streamd_format_spec *spec;
    struct regex_pattern pattern;
    struct streamd_lines lines;
    struct link *links;
    uint32_t link_count;
};

/* ---- life --------------------------------------------------------------------------------- */

static void link_field(struct decoder *d, uint32_t field)
{
    const char *name = d->spec->fields[field].name;
    uint32_t before = d->link_count, count = regex_pattern_name_count(&d->pattern), group;

    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(regex_pattern_name(&d->pattern, i, &group), name) == 0)
            d->links[d->link_count++] = (struct link){field, group};
    }
    if (d->link_count == before)
        d->links[d->link_count++] = (struct link){field, 0};
}

static int prepare(struct decoder *d)
{
    const struct regex_options *options = d->spec->options;
    uint32_t fields = d->spec->schema->field_count;
    struct regex_fault fault;
    int rc = regex_pattern_init(&d->pattern, d->context, options->pattern, &fault);
    size_t most;

    if (rc)
        return rc;
    most = (size_t)fields + regex_pattern_name_count(&d->pattern) + 1;
    d->links = streamd_alloc(d->context, most * sizeof(*d->links));
    if (!d->links)
        return STREAMD_E_NOMEM;
    for (uint32_t i = 0; i < fields; i++) {
        if (d->spec->fields[i].needed)
            link_field(d, i);
    }
    return 0;
}

int regex_decoder_open(struct streamd_context *c, const struct streamd_format_spec *spec,
                       void **decoder)
{
    struct decoder *d = streamd_alloc(c, sizeof(*d));
    int rc = STREAMD_E_NOMEM;

    if (d) {
        memset(d, 0, sizeof(*d));
        d->context = c;
        d->spec = spec;
        rc = prepare(d);
    }
    if (rc) {
        regex_decoder_close(c, d);
        streamd_fail(c, STREAMD_FAIL_TASK, 0,
                     rc == STREAMD_E_NOMEM ? "no memory for a regular expression"
                                           : "a regular expression does not compile any more");
        return rc;
    }
    *decoder = d;
    return 0;
}

void regex_decoder_close(struct streamd_context *c, void *decoder)
{
    struct decoder *d = decoder;

    if (!d)
        return;
    regex_pattern_clear(&d->pattern);
    streamd_free(c, d->links);
    streamd_free(c, d);
}

/* ---- lines -------------------------------------------------------------------------------- */

/* Does a line hold only ASCII? Answers 1 yes, 0 no, -1: it is not even UTF-8, or holds a NUL. */
static int judge_line(const uint8_t *line, size_t length)
{
    uint8_t all = 0;

    for (size_t i = 0; i < length; i++)
        all |= line[i];
    if (!streamd_utf8_valid(line, length))
        return -1;
    return all < 0x80;
}

/* The fields of a line that has matched. *field is the one at fault. */
static int store(struct decoder *d, struct streamd_batch *b, const uint8_t *line,
                 const size_t *offsets, uint32_t *field)
{
    for (uint32_t i = 0; i < d->link_count;) {
        const struct link *l = &d->links[i];
        const struct streamd_format_field *f = &d->spec->fields[l->field];
        size_t from = PCRE2_UNSET, to = PCRE2_UNSET;
        int rc;

        *field = l->field;
        for (; i < d->link_count && d->links[i].field == *field; i++) {
            if (from == PCRE2_UNSET && d->links[i].group) {
                from = offsets[2 * d->links[i].group];
                to = offsets[2 * d->links[i].group + 1];
            }
        }
        if (from == PCRE2_UNSET || to < from)
            rc = streamd_cell_null(d->context, b, *field, f->type);
        else
            rc = streamd_cell_store(d->context, b, *field, f, (const char *)line + from, to - from);
        if (rc)
            return rc;
    }
    return 0;
}

static int reject(struct decoder *d, const struct streamd_chunk *chunk, const uint8_t *line,
                  size_t length, int code, uint32_t field)
{
    uint64_t position = chunk->position + (uint64_t)(line - chunk->data);
    char message[256];

    if (code == STREAMD_ROW_TOO_LONG)
        snprintf(message, sizeof(message), "a line longer than %zu bytes", d->spec->record_limit);
    else if (code == STREAMD_ROW_NO_MATCH)
        snprintf(message, sizeof(message), "the line does not match the pattern");
    else if (code == STREAMD_ROW_MATCH_LIMIT)
        snprintf(message, sizeof(message), "the pattern needs too many steps for this line");
    else if (field == UINT32_MAX)
        snprintf(message, sizeof(message), "the line is not UTF-8, or holds a NUL");
    else
        streamd_cell_complain(&d->spec->fields[field], code, message, sizeof(message));
    return streamd_reject_raw(d->context, line, length, position, code, message);
}

/* Takes back what an unfinished row has set to NULL. */
static void reset_row(const struct decoder *d, struct streamd_batch *b)
{
    for (uint32_t i = 0; i < d->link_count; i++)
        streamd_cell_not_null(b, d->links[i].field);
}

/* One line. 0; negative: failed; 1: no room in this batch. */
static int decode_line(struct decoder *d, const struct streamd_chunk *chunk,
                       struct streamd_batch *b, const uint8_t *line, size_t length)
{
    size_t limit = d->spec->record_limit;
    const size_t *offsets;
    uint32_t field = UINT32_MAX;
    int rc, kind;

    if (length > limit)
        return reject(d, chunk, line, limit, STREAMD_ROW_TOO_LONG, field);
    kind = judge_line(line, length);
    if (kind < 0)
        return reject(d, chunk, line, length, STREAMD_ROW_UTF8, field);
    rc = regex_pattern_match(&d->pattern, line, length, kind, &offsets);
    if (rc == 0)
        rc = store(d, b, line, offsets, &field);
    if (rc == 0) {
        b->rows++;
        return 0;
    }
    reset_row(d, b);
    if (rc > 0)
        return reject(d, chunk, line, length, rc, field);
    if (b->rows) {
        b->capacity = b->rows;
        return 1;
    }
    streamd_fail(d->context, STREAMD_FAIL_TASK, 0, "no memory for a line");
    return rc;
}

int regex_decode(struct streamd_context *c, void *decoder, const struct streamd_chunk *chunk,
                 struct streamd_batch *b, size_t *consumed)
{
    struct decoder *d = decoder;
    struct streamd_lines_view v;
    const uint8_t *at, *next;

    (void)c;
    for (uint32_t i = 0; i < d->spec->schema->field_count && b->rows == 0; i++) {
        if (!d->spec->fields[i].needed)
            memset(&b->columns[i], 0, sizeof(b->columns[i]));
    }
    streamd_lines_begin(&d->lines, chunk, d->spec->record_limit, &v);
    for (at = v.begin; at < v.end && b->rows < b->capacity; at = next) {
        const uint8_t *stop = streamd_line_cut(at, v.end, &next);
        int rc = decode_line(d, chunk, b, at, (size_t)(stop - at));

        if (rc < 0)
            return rc;
        if (rc > 0)
            break;
    }
    if (streamd_lines_end(&d->lines, chunk, &v, at, consumed))
        return reject(d, chunk, v.end, d->spec->record_limit, STREAMD_ROW_TOO_LONG, UINT32_MAX);
    return 0;
}

int regex_decoder_save(struct streamd_context *c, void *decoder, struct streamd_buffer *out)
{
    return streamd_lines_save(c, &((struct decoder *)decoder)->lines, out);
}

int regex_decoder_load(struct streamd_context *c, void *decoder, const uint8_t *data, size_t length)
{
    return streamd_lines_load(c, &((struct decoder *)decoder)->lines, data, length);
}
