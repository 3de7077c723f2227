/*
 * Arrow to batches. A format string becomes a struct form: which of our types, and how values lie
 * in the array's buffers. Every value is read through it, so that offsets, units and widths are
 * checked in one place.
 */
#include "columnar/arrow.h"

#include "base/error.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define MOST_ROWS (INT64_C(1) << 48)

/* How the values of a column lie. */
struct form {
    struct streamd_type type;
    uint8_t width;     /* bytes of a value, or of an offset; 0: bits */
    uint8_t unsigned_; /* integers */
    int64_t multiply;  /* times: to our unit */
    int64_t divide;    /* times: to our unit */
};

/* ---- formats -------------------------------------------------------------------------------- */

struct known {
    const char *format;
    struct form form;
};

static const struct known formats[] = {
    {"b", {.type = {.id = STREAMD_BOOL}, .width = 0}},
    {"c", {.type = {.id = STREAMD_INT64}, .width = 1}},
    {"C", {.type = {.id = STREAMD_INT64}, .width = 1, .unsigned_ = 1}},
    {"s", {.type = {.id = STREAMD_INT64}, .width = 2}},
    {"S", {.type = {.id = STREAMD_INT64}, .width = 2, .unsigned_ = 1}},
    {"i", {.type = {.id = STREAMD_INT64}, .width = 4}},
    {"I", {.type = {.id = STREAMD_INT64}, .width = 4, .unsigned_ = 1}},
    {"l", {.type = {.id = STREAMD_INT64}, .width = 8}},
    {"f", {.type = {.id = STREAMD_FLOAT64}, .width = 4}},
    {"g", {.type = {.id = STREAMD_FLOAT64}, .width = 8}},
    {"u", {.type = {.id = STREAMD_STRING}, .width = 4}},
    {"U", {.type = {.id = STREAMD_STRING}, .width = 8}},
    {"z", {.type = {.id = STREAMD_BYTES}, .width = 4}},
    {"Z", {.type = {.id = STREAMD_BYTES}, .width = 8}},
    {"tdD", {.type = {.id = STREAMD_DATE}, .width = 4, .multiply = 1, .divide = 1}},
    {"tdm", {.type = {.id = STREAMD_DATE}, .width = 8, .multiply = 1, .divide = 86400000}},
    {"tss:", {.type = {.id = STREAMD_TIMESTAMP}, .width = 8, .multiply = 1000000, .divide = 1}},
    {"tsm:", {.type = {.id = STREAMD_TIMESTAMP}, .width = 8, .multiply = 1000, .divide = 1}},
    {"tsu:", {.type = {.id = STREAMD_TIMESTAMP}, .width = 8, .multiply = 1, .divide = 1}},
    {"tsn:", {.type = {.id = STREAMD_TIMESTAMP}, .width = 8, .multiply = 1, .divide = 1000}},
};

static int decimal_form(const char *format, struct form *form)
{
    char *end;
    long precision = strtol(format + 2, &end, 10), scale;

    if (*end != ',')
        return -1;
    scale = strtol(end + 1, &end, 10);
    if (*end && strcmp(end, ",128") != 0)
        return -1;
    if (precision < 1 || precision > 38 || scale < 0 || scale > precision)
        return -1;
    *form = (struct form){
        .type = {.id = STREAMD_DECIMAL, .precision = (uint8_t)precision, .scale = (uint8_t)scale},
        .width = 16};
    return 0;
}

static int is_json(const char *metadata)
{
    static const char key[] = "ARROW:extension:name", value[] = "arrow.json";
    int32_t count, lengths[2];

    if (!metadata)
        return 0;
    memcpy(&count, metadata, 4);
    metadata += 4;
    for (int32_t i = 0; i < count; i++) {
        const char *k = metadata + 4, *v;

        memcpy(&lengths[0], metadata, 4);
        memcpy(&lengths[1], k + lengths[0], 4);
        v = k + lengths[0] + 4;
        if (lengths[0] == sizeof(key) - 1 && !memcmp(k, key, sizeof(key) - 1))
            return lengths[1] == sizeof(value) - 1 && !memcmp(v, value, sizeof(value) - 1);
        metadata = v + lengths[1];
    }
    return 0;
}

/* 0, or -1: a type that we do not have. */
static int read_form(const struct ArrowSchema *s, struct form *form)
{
    if (s->dictionary || !s->format)
        return -1;
    if (!strncmp(s->format, "d:", 2))
        return decimal_form(s->format, form);
    for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
        const char *known = formats[i].format;
        size_t length = strlen(known);
        int zone = known[length - 1] == ':'; /* whatever the zone: values are instants */

        if (zone ? strncmp(s->format, known, length) : strcmp(s->format, known))
            continue;
        *form = formats[i].form;
        if (form->type.id == STREAMD_STRING && is_json(s->metadata))
            form->type.id = STREAMD_JSON;
        return 0;
    }
    return -1;
}

int arrow_import_schema(struct arena *arena, const struct ArrowSchema *in,
                        struct streamd_schema *out, struct streamd_error *error)
{
    struct streamd_field *fields;

    if (!in->format || strcmp(in->format, "+s") != 0)
        return error_set(error, STREAMD_E_UNSUPPORTED, "this is no description of structs");
    if (in->n_children < 1 || in->n_children > 10000)
        return error_set(error, STREAMD_E_DATA, "a struct of %lld fields",
                         (long long)in->n_children);
    fields = arena_zalloc(arena, (size_t)in->n_children, sizeof(*fields));
    if (!fields)
        return error_set_nomem(error);
    for (int64_t i = 0; i < in->n_children; i++) {
        const struct ArrowSchema *child = in->children[i];
        const char *name = child->name ? child->name : "";
        struct form form;

        if (read_form(child, &form))
            return error_set(error, STREAMD_E_UNSUPPORTED,
                             "field '%s' has a type that streamd does not have: %s", name,
                             child->dictionary ? "dictionary" : child->format);
        fields[i].type = form.type;
        fields[i].type.nullable = (child->flags & ARROW_FLAG_NULLABLE) != 0;
        fields[i].name = arena_strdup(arena, name);
        if (!fields[i].name)
            return error_set_nomem(error);
    }
    *out = (struct streamd_schema){.field_count = (uint32_t)in->n_children, .fields = fields};
    return 0;
}

/* ---- values --------------------------------------------------------------------------------- */

/* A column on its way in. */
struct reading {
    const struct form *form;
    const struct ArrowArray *array;
    int64_t from; /* the array's offset included */
    uint32_t rows;
    struct streamd_batch *batch;
    uint32_t column;
    const char *name;
    struct streamd_error *error;
};

static int get_bit(const void *bits, int64_t i)
{
    return ((const uint8_t *)bits)[i >> 3] >> (i & 7) & 1;
}

static int bad(const struct reading *r, const char *what)
{
    return error_set(r->error, STREAMD_E_DATA, "field '%s': %s", r->name, what);
}

static int read_nulls(const struct reading *r)
{
    const void *bits = r->array->buffers[0];
    struct streamd_column *c = &r->batch->columns[r->column];
    int rc;

    if (!bits || r->array->null_count == 0)
        return 0;
    for (uint32_t k = 0; k < r->rows; k++) {
        if (get_bit(bits, r->from + k))
            continue;
        if (!r->batch->schema->fields[r->column].type.nullable)
            return bad(r, "a NULL, which its type does not allow");
        if (!c->validity && (rc = batch_nullable(r->batch, r->column)))
            return error_set_nomem(r->error);
        c->validity[k >> 3] &= (uint8_t) ~(1u << (k & 7u));
    }
    return 0;
}

/* An integer of one to eight bytes. */
static int64_t load_integer(const struct form *form, const void *values, int64_t i)
{
    const uint8_t *at = (const uint8_t *)values + i * form->width;
    int8_t i8;
    int16_t i16;
    int32_t i32;
    int64_t i64;

    switch (form->width) {
    case 1:
        memcpy(&i8, at, 1);
        return form->unsigned_ ? (uint8_t)i8 : i8;
    case 2:
        memcpy(&i16, at, 2);
        return form->unsigned_ ? (uint16_t)i16 : i16;
    case 4:
        memcpy(&i32, at, 4);
        return form->unsigned_ ? (int64_t)(uint32_t)i32 : i32;
    default:
        memcpy(&i64, at, 8);
        return i64;
    }
}

static double load_float(const struct form *form, const void *values, int64_t i)
{
    float narrow;
    double wide;

    if (form->width == 4) {
        memcpy(&narrow, (const float *)values + i, sizeof(narrow));
        return (double)narrow;
    }
    memcpy(&wide, (const double *)values + i, sizeof(wide));
    return wide;
}

/* Times to our unit, rounded down. 0, or -1: out of range. */
static int to_our_unit(const struct form *form, int64_t *value)
{
    int64_t rest;

    if (__builtin_mul_overflow(*value, form->multiply, value))
        return -1;
    rest = *value % form->divide;
    *value = *value / form->divide - (rest < 0);
    return form->type.id == STREAMD_DATE && *value != (int32_t)*value ? -1 : 0;
}

static int read_times(const struct reading *r, const void *values)
{
    struct streamd_column *c = &r->batch->columns[r->column];

    for (uint32_t k = 0; k < r->rows; k++) {
        int64_t value =
            streamd_column_is_null(c, k) ? 0 : load_integer(r->form, values, r->from + k);

        if (to_our_unit(r->form, &value))
            return bad(r, "a time out of range");
        if (r->form->type.id == STREAMD_DATE)
            ((int32_t *)c->values)[k] = (int32_t)value;
        else
            ((int64_t *)c->values)[k] = value;
    }
    return 0;
}

static int read_fixed(const struct reading *r)
{
    const void *values = r->array->buffers[1];
    struct streamd_column *c = &r->batch->columns[r->column];

    if (!values && r->rows)
        return bad(r, "an array without values");
    switch (r->form->type.id) {
    case STREAMD_BOOL:
        for (uint32_t k = 0; k < r->rows; k++)
            ((uint8_t *)c->values)[k] = (uint8_t)get_bit(values, r->from + k);
        return 0;
    case STREAMD_INT64:
        for (uint32_t k = 0; k < r->rows; k++)
            ((int64_t *)c->values)[k] = load_integer(r->form, values, r->from + k);
        return 0;
    case STREAMD_FLOAT64:
        for (uint32_t k = 0; k < r->rows; k++)
            ((double *)c->values)[k] = load_float(r->form, values, r->from + k);
        return 0;
    case STREAMD_DECIMAL:
        if (r->rows)
            memcpy(c->values, (const uint8_t *)values + r->from * 16, (size_t)r->rows * 16);
        return 0;
    default:
        return read_times(r, values);
    }
}

static int is_text(const char *data, size_t length)
{
    return text_utf8_prefix(data, length) == length && !memchr(data, '\0', length);
}

/* The bytes of a row's value. 0, or -1: offsets that cannot be. */
static int load_bytes(const struct reading *r, uint32_t k, struct streamd_str *s)
{
    const void *offsets = r->array->buffers[1], *data = r->array->buffers[2];
    int64_t begin = load_integer(r->form, offsets, r->from + k);
    int64_t end = load_integer(r->form, offsets, r->from + k + 1);

    if (begin < 0 || end < begin || end - begin > INT32_MAX || (!data && end > begin))
        return -1;
    s->data = data ? (const char *)data + begin : "";
    s->length = (size_t)(end - begin);
    return 0;
}

static int read_bytes(const struct reading *r)
{
    struct streamd_column *c = &r->batch->columns[r->column];

    if (!r->array->buffers[1] && r->rows)
        return bad(r, "an array without offsets");
    for (uint32_t k = 0; k < r->rows; k++) {
        struct streamd_str s = {"", 0};
        int rc;

        if (!streamd_column_is_null(c, k) && load_bytes(r, k, &s))
            return bad(r, "offsets that cannot be");
        if (r->form->type.id != STREAMD_BYTES && !is_text(s.data, s.length))
            return bad(r, "a text that is not UTF-8, or has a NUL byte");
        r->batch->rows = k;
        rc = batch_reserve(r->batch, r->column, s.length);
        if (rc)
            return error_set(r->error, rc, "field '%s': no room for its texts", r->name);
        if (s.length)
            memcpy(c->data + c->offsets[k], s.data, s.length);
        c->offsets[k + 1] = c->offsets[k] + (int32_t)s.length;
    }
    return 0;
}

/* ---- arrays --------------------------------------------------------------------------------- */

/* Does the array have what its description promises, and the rows wanted? Numbers above MOST_ROWS
   are nonsense; below, sums of them do not overflow. */
static int check_array(const struct ArrowArray *a, int64_t buffers, int64_t children, int64_t end)
{
    return a && a->release && !a->dictionary && a->offset >= 0 && a->offset <= MOST_ROWS &&
           a->length >= end && a->n_buffers == buffers && a->n_children == children &&
           (buffers == 0 || a->buffers) && (children == 0 || a->children);
}

static int read_column(struct reading *r, const struct ArrowSchema *type,
                       const struct ArrowArray *array, int64_t from)
{
    struct form form;
    int variable, rc;

    r->name = r->batch->schema->fields[r->column].name;
    if (read_form(type, &form) || form.type.id != r->batch->schema->fields[r->column].type.id)
        return bad(r, "its description has changed");
    variable = streamd_type_is_variable(form.type.id);
    if (!check_array(array, variable ? 3 : 2, 0, from + r->rows))
        return bad(r, "an array that does not fit its description");
    r->form = &form;
    r->array = array;
    r->from = array->offset + from;
    rc = read_nulls(r);
    if (rc)
        return rc;
    return variable ? read_bytes(r) : read_fixed(r);
}

static int has_missing_rows(const struct ArrowArray *a, int64_t from, uint32_t rows)
{
    if (a->null_count == 0 || !a->buffers[0])
        return 0;
    for (uint32_t k = 0; k < rows; k++)
        if (!get_bit(a->buffers[0], a->offset + from + k))
            return 1;
    return 0;
}

int arrow_import_batch(struct batch_pool *pool, const struct streamd_schema *schema,
                       const struct ArrowSchema *types, const struct ArrowArray *array,
                       int64_t from, uint32_t rows, struct streamd_batch **out,
                       struct streamd_error *error)
{
    struct reading r = {.rows = rows, .error = error};
    int rc = 0;

    if (from < 0 || from > MOST_ROWS || rows > STREAMD_BATCH_MAX_ROWS ||
        types->n_children != schema->field_count ||
        !check_array(array, 1, schema->field_count, from + rows))
        return error_set(error, STREAMD_E_DATA, "an array that does not fit its description");
    if (has_missing_rows(array, from, rows))
        return error_set(error, STREAMD_E_DATA, "a row that is NULL as a whole");
    r.batch = batch_new(pool, schema, rows ? rows : 1);
    if (!r.batch)
        return error_set_nomem(error);
    for (uint32_t i = 0; !rc && i < schema->field_count; i++) {
        r.column = i;
        rc = read_column(&r, types->children[i], array->children[i], array->offset + from);
    }
    if (rc) {
        batch_release(r.batch);
        return rc;
    }
    r.batch->rows = r.batch->count = rows;
    r.batch->event_time = NULL;
    *out = r.batch;
    return 0;
}
