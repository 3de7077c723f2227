/*
 * The general path: one record, any layout.
 *
 * The object is walked along the tree of wanted keys (path.h). Each value that is wanted is stored
 * at once; what is wrong with one is kept in its field until the record has ended, because a later
 * duplicate of its key would make it good. A record of which everything is good is then taught to
 * the fast path, as a list of slots: where the values lie, and what they are.
 */
#include "decoder.h"

#include <streamd/cell.h>

#include <stdio.h>
#include <string.h>

/* The record being read, and how: `end` bounds it. */
struct reader {
    struct json_decoder *d;
    struct streamd_batch *b;
    const uint8_t *end;
    struct streamd_json_fault fault; /* when a function below answers NULL and rc is 0 */
    int rc;                          /* negative: the whole decoder failed */
};

static const uint8_t *syntax(struct reader *r, const uint8_t *at, const char *what)
{
    r->fault.code = STREAMD_ROW_SYNTAX;
    r->fault.at = at;
    r->fault.what = what;
    return NULL;
}

/* ---- learning ----------------------------------------------------------------------------- */

static void learn_slot(struct json_decoder *d, const struct streamd_json_token *t, int kind,
                       uint32_t field)
{
    int quotes = t->kind == STREAMD_JSON_STRING;
    struct json_slot *slot;

    if (!d->learning)
        return;
    if (d->slot_count == JSON_SLOTS_MAX) {
        d->learning = 0;
        return;
    }
    slot = &d->slots[d->slot_count++];
    slot->begin = t->begin - quotes;
    slot->end = t->end + quotes;
    slot->kind = (uint8_t)kind;
    slot->field = field;
}

/* ---- one record --------------------------------------------------------------------------- */

/* Forgets what was read below a key that has come again. */
static void forget(struct json_decoder *d, struct json_member *m)
{
    d->learning = 0;
    for (uint32_t f = m->first_field; f != JSON_NO_FIELD; f = d->fields[f].same_place)
        d->fields[f].state = JSON_FIELD_MISSING;
    for (m = m->first_child; m; m = m->next_sibling)
        forget(d, m);
}

/* Stores a value into all the fields at a place. */
static int store_fields(struct reader *r, const struct json_member *m,
                        const struct streamd_json_token *t)
{
    for (uint32_t f = m->first_field; f != JSON_NO_FIELD; f = r->d->fields[f].same_place) {
        struct json_field *field = &r->d->fields[f];
        int rc = json_store(r->d, r->b, f, t);

        if (rc < 0) {
            r->rc = rc;
            return -1;
        }
        field->state = rc ? JSON_FIELD_FAULTY : JSON_FIELD_STORED;
        field->code = rc;
        field->value = *t;
    }
    return 0;
}

static const uint8_t *read_object(struct reader *r, struct json_member *m, const uint8_t *p);

/* The value of a wanted key. */
static const uint8_t *read_value(struct reader *r, struct json_member *m, const uint8_t *p)
{
    struct json_decoder *d = r->d;
    struct streamd_json_token t;
    const uint8_t *start = p;

    if (m->seen == d->record)
        forget(d, m);
    m->seen = d->record;
    if (m->first_child && p < r->end && *p == '{') {
        p = read_object(r, m, p);
        t.kind = STREAMD_JSON_OBJECT;
        t.flags = 0;
        t.begin = start;
        t.end = p;
        d->learning &= m->first_field == JSON_NO_FIELD;
        return p && store_fields(r, m, &t) == 0 ? p : NULL;
    }
    p = streamd_json_scan_value(p, r->end, &t, &r->fault);
    if (!p || store_fields(r, m, &t))
        return NULL;
    if (m->first_field == JSON_NO_FIELD)
        learn_slot(d, &t, JSON_SLOT_LEAF, 0);
    else if (m->first_child || d->fields[m->first_field].same_place != JSON_NO_FIELD)
        d->learning = 0;
    else
        learn_slot(d, &t, d->fields[m->first_field].slot, m->first_field);
    return p;
}

static const uint8_t *skip_value(struct reader *r, const uint8_t *p)
{
    struct streamd_json_token t;

    p = streamd_json_scan_value(p, r->end, &t, &r->fault);
    if (p)
        learn_slot(r->d, &t, JSON_SLOT_SKIP, 0);
    return p;
}

/* The wanted child that the key names; NULL for any other key, or with r->rc set. */
static struct json_member *find_member(struct reader *r, struct json_member *m,
                                       const struct streamd_json_token *key)
{
    size_t length = (size_t)(key->end - key->begin);
    struct json_decoder *d = r->d;

    if (!(key->flags & STREAMD_JSON_ESCAPED))
        return json_path_find(m, key->begin, length);
    r->rc = json_decoder_text(d, length + 8);
    if (r->rc)
        return NULL;
    if (streamd_json_unescape(key, d->text, &length))
        return NULL; /* no field has such a name */
    return json_path_find(m, d->text, length);
}

/* A key, its colon, its value. */
static const uint8_t *read_pair(struct reader *r, struct json_member *m, const uint8_t *p)
{
    struct json_member *child;
    struct streamd_json_token key;

    if (p == r->end)
        return syntax(r, p, "the record has no end");
    if (*p != '"')
        return syntax(r, p, "a key was expected");
    p = streamd_json_scan_string(p, r->end, &key, &r->fault);
    if (!p)
        return NULL;
    child = find_member(r, m, &key);
    if (r->rc)
        return NULL;
    p = streamd_json_scan_blanks(p, r->end);
    if (p == r->end)
        return syntax(r, p, "the record has no end");
    if (*p != ':')
        return syntax(r, p, "a colon was expected");
    p = streamd_json_scan_blanks(p + 1, r->end);
    return child ? read_value(r, child, p) : skip_value(r, p);
}

static const uint8_t *read_object(struct reader *r, struct json_member *m, const uint8_t *p)
{
    p = streamd_json_scan_blanks(p + 1, r->end);
    if (p < r->end && *p == '}')
        return p + 1;
    for (;;) {
        p = read_pair(r, m, p);
        if (!p)
            return NULL;
        p = streamd_json_scan_blanks(p, r->end);
        if (p == r->end)
            return syntax(r, p, "the record has no end");
        if (*p == '}')
            return p + 1;
        if (*p != ',')
            return syntax(r, p, "a comma or } was expected");
        p = streamd_json_scan_blanks(p + 1, r->end);
    }
}

/* The whole line. 0, or -1 with the fault or r->rc. */
static int read_line(struct reader *r, const uint8_t *p)
{
    if (*p != '{') {
        syntax(r, p, "an object was expected");
        return -1;
    }
    p = read_object(r, &r->d->root, p);
    if (!p)
        return -1;
    p = streamd_json_scan_blanks(p, r->end);
    if (p < r->end) {
        syntax(r, p, "something follows the record");
        return -1;
    }
    return 0;
}

/* ---- its end ------------------------------------------------------------------------------ */

/* Looks at all fields: stores NULL in those that are missing, and answers the first that is at
   fault, or JSON_NO_FIELD. */
static uint32_t judge_fields(struct reader *r, uint32_t *missing_count)
{
    struct json_decoder *d = r->d;
    uint32_t first = JSON_NO_FIELD;

    *missing_count = 0;
    for (uint32_t i = 0; i < d->needed_count && r->rc == 0; i++) {
        uint32_t f = d->needed[i];
        struct json_field *field = &d->fields[f];

        if (field->state == JSON_FIELD_STORED)
            continue;
        if (field->state == JSON_FIELD_MISSING) {
            int rc = json_store_null(d, r->b, f);

            if (rc <= 0) {
                d->missing[(*missing_count)++] = f;
                r->rc = rc;
                continue;
            }
            field->code = rc;
            field->value.begin = r->end;
            field->value.kind = 0;
        }
        if (first == JSON_NO_FIELD || field->value.begin < d->fields[first].value.begin)
            first = f;
    }
    return first;
}

void json_reset_row(struct json_decoder *d, struct streamd_batch *b)
{
    for (uint32_t i = 0; i < d->needed_count; i++)
        streamd_cell_not_null(b, d->needed[i]);
}

/* ---- what is wrong ------------------------------------------------------------------------ */

static int reject(struct json_decoder *d, const uint8_t *line, size_t length, int code,
                  const char *message)
{
    uint64_t position = d->chunk->position + (uint64_t)(line - d->chunk->data);
    int rc = streamd_reject_raw(d->context, line, length, position, code, message);

    d->refused = rc < 0;
    return rc < 0 ? rc : 0;
}

int json_reject_long(struct json_decoder *d, const uint8_t *line)
{
    char message[80];

    snprintf(message, sizeof(message), "a record longer than %zu bytes", d->spec->record_limit);
    return reject(d, line, d->spec->record_limit, STREAMD_ROW_TOO_LONG, message);
}

/* Rejects a record for one of its values. */
static int reject_field(struct json_decoder *d, const uint8_t *line, size_t length, uint32_t f)
{
    static const char *const kinds[] = {"?",     "a string", "a number",  "true",
                                        "false", "null",     "an object", "an array"};
    const struct json_field *field = &d->fields[f];
    int kind = field->value.kind;
    char message[320];
    size_t at = (size_t)(field->value.begin - line) + 1 - (kind == STREAMD_JSON_STRING), n;

    streamd_cell_complain(&d->spec->fields[f], field->code, message, 256);
    n = strlen(message);
    if (!kind)
        snprintf(message + n, sizeof(message) - n, ", it is missing");
    else if (field->code == STREAMD_ROW_TYPE)
        snprintf(message + n, sizeof(message) - n, ", it is %s, at byte %zu of the record",
                 kinds[kind], at);
    else
        snprintf(message + n, sizeof(message) - n, ", at byte %zu of the record", at);
    return reject(d, line, length, field->code, message);
}

/* Rejects a record that is no JSON. `cut`: the input ends in it. */
static int reject_syntax(struct json_decoder *d, const uint8_t *line, size_t length,
                         const struct streamd_json_fault *fault, int cut)
{
    char message[256];
    size_t at = (size_t)(fault->at - line);

    snprintf(message, sizeof(message), "%s, at byte %zu of the record", fault->what, at + 1);
    return reject(d, line, length,
                  cut && fault->code == STREAMD_ROW_SYNTAX && at >= length ? STREAMD_ROW_TRUNCATED
                                                                           : fault->code,
                  message);
}

/* ---- all together ------------------------------------------------------------------------- */

static void begin_record(struct json_decoder *d, int learnable)
{
    for (uint32_t i = 0; i < d->needed_count; i++)
        d->fields[d->needed[i]].state = JSON_FIELD_MISSING;
    d->record++;
    d->slot_count = 0;
    d->learning = learnable && d->shapes.count < JSON_SHAPES_MAX;
}

int json_record(struct json_decoder *d, struct streamd_batch *b, const uint8_t *p,
                const uint8_t *end, const uint8_t **next)
{
    const uint8_t *stop = streamd_line_cut(p, end, next);
    const uint8_t *start = streamd_json_scan_blanks(p, stop);
    struct reader r = {d, b, stop, {0, p, ""}, 0};
    int whole = (*next)[-1] == '\n' && *next > stop;
    uint32_t missing_count, fault;

    if (start == stop)
        return 0;
    if ((size_t)(stop - p) > d->spec->record_limit) {
        json_reset_row(d, b);
        return json_reject_long(d, p);
    }
    begin_record(d, whole);
    if (read_line(&r, start)) {
        if (r.rc)
            return r.rc;
        json_reset_row(d, b);
        return reject_syntax(d, p, (size_t)(stop - p), &r.fault, !whole);
    }
    fault = judge_fields(&r, &missing_count);
    if (r.rc)
        return r.rc;
    if (fault != JSON_NO_FIELD) {
        json_reset_row(d, b);
        return reject_field(d, p, (size_t)(stop - p), fault);
    }
    b->rows++;
    if (d->learning)
        json_shapes_learn(d->context, &d->shapes, p, *next, d->slots, d->slot_count, d->missing,
                          missing_count);
    return 0;
}
