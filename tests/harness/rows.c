/* Rows as text: what tests write and compare. harness.h has the form. */
#include "inside.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const type_names[] = {"",        "bool",   "int64", "float64",
                                         "decimal", "string", "bytes", "timestamp",
                                         "date",    "json",   NULL};

/* ---- schemas ------------------------------------------------------------------------------ */

static struct streamd_str trim(const char *from, const char *to)
{
    struct streamd_str s;

    while (from < to && isspace((unsigned char)*from))
        from++;
    while (to > from && isspace((unsigned char)to[-1]))
        to--;
    s.data = from;
    s.length = (size_t)(to - from);
    return s;
}

static int parse_type(struct streamd_str s, struct streamd_type *type)
{
    char word[64];
    char *end;
    int precision, scale;

    memset(type, 0, sizeof(*type));
    if (s.length >= sizeof(word))
        return -1;
    memcpy(word, s.data, s.length);
    word[s.length] = '\0';
    end = strstr(word, "|null");
    if (end) {
        *end = '\0';
        type->nullable = 1;
    }
    if (sscanf(word, "decimal(%d,%d)", &precision, &scale) == 2) {
        type->precision = (uint8_t)precision;
        type->scale = (uint8_t)scale;
        word[7] = '\0';
    }
    for (uint8_t i = 1; type_names[i]; i++)
        if (!strcmp(word, type_names[i]))
            type->id = i;
    return type->id ? 0 : -1;
}

const struct streamd_schema *harness_schema(struct harness *h, const char *text)
{
    struct streamd_schema *schema = arena_zalloc(&h->arena, 1, sizeof(*schema));
    struct streamd_field *fields = arena_zalloc(&h->arena, 64, sizeof(*fields));

    if (!schema || !fields)
        return NULL;
    schema->fields = fields;
    while (*text && schema->field_count < 64) {
        struct streamd_field *f = &fields[schema->field_count++];
        const char *colon = strchr(text, ':'), *end = colon ? colon : text;
        struct streamd_str name = trim(text, end);
        int depth = 0;

        while (*end && (*end != ',' || depth)) {
            depth += (*end == '(') - (*end == ')');
            end++;
        }
        f->name = arena_strndup(&h->arena, name.data, name.length);
        if (!colon || !f->name || parse_type(trim(colon + 1, end), &f->type))
            harness_broken(h, "this is no schema: %s", text);
        text = *end ? end + 1 : end;
    }
    return schema;
}

/* ---- text to rows -------------------------------------------------------------------------- */

static struct streamd_decimal parse_decimal(const char *text, uint8_t scale)
{
    __int128 value = 0;
    int negative = *text == '-', digits = -1;
    struct streamd_decimal d;

    for (text += negative; *text; text++) {
        if (*text == '.') {
            digits = 0;
        } else {
            value = value * 10 + (*text - '0');
            digits += digits >= 0;
        }
    }
    for (digits = digits < 0 ? 0 : digits; digits < scale; digits++)
        value *= 10;
    if (negative)
        value = -value;
    d.low = (uint64_t)value;
    d.high = (int64_t)(value >> 64);
    return d;
}

static int64_t parse_seconds(const char *text)
{
    return (int64_t)llround(strtod(text, NULL) * 1e6);
}

static void set_value(struct harness *h, struct streamd_batch *b, uint32_t column, const char *text)
{
    struct streamd_column *c = &b->columns[column];
    const struct streamd_type type = b->schema->fields[column].type;
    uint32_t row = b->rows;
    size_t length = strlen(text);
    int null = !strcmp(text, "null");

    if (null && streamd_batch_set_null(&h->context, b, column, row))
        harness_broken(h, "no memory");
    if (streamd_type_is_variable(type.id)) {
        length = null ? 0 : length;
        if (streamd_batch_reserve(&h->context, b, column, length))
            harness_broken(h, "no memory");
        memcpy(c->data + c->offsets[row], text, length);
        c->offsets[row + 1] = c->offsets[row] + (int32_t)length;
    } else if (type.id == STREAMD_BOOL) {
        ((uint8_t *)c->values)[row] = *text == 't';
    } else if (type.id == STREAMD_DATE) {
        ((int32_t *)c->values)[row] = (int32_t)strtol(text, NULL, 10);
    } else if (type.id == STREAMD_FLOAT64) {
        ((double *)c->values)[row] = strtod(text, NULL);
    } else if (type.id == STREAMD_DECIMAL) {
        ((struct streamd_decimal *)c->values)[row] = parse_decimal(null ? "" : text, type.scale);
    } else if (type.id == STREAMD_TIMESTAMP) {
        ((int64_t *)c->values)[row] = parse_seconds(text);
    } else {
        ((int64_t *)c->values)[row] = strtoll(text, NULL, 10);
    }
}

static int set_kind(struct harness *h, struct streamd_batch *b, uint8_t kind)
{
    if (!b->row_kind) {
        b->row_kind = streamd_batch_alloc(&h->context, b, b->capacity);
        if (!b->row_kind)
            return -1;
        memset(b->row_kind, STREAMD_INSERT, b->capacity);
    }
    b->row_kind[b->rows] = kind;
    return 0;
}

/* A copy of the next piece up to '|' or the end of the line, trimmed. */
static char *piece(struct harness *h, const char **line, const char *end)
{
    const char *bar = memchr(*line, '|', (size_t)(end - *line));
    struct streamd_str s = trim(*line, bar ? bar : end);

    *line = bar ? bar + 1 : end;
    return arena_strndup(&h->arena, s.data, s.length);
}

static void add_line(struct harness *h, struct streamd_batch *b, const char *line, const char *end)
{
    static const char signs[] = "+<>-";
    const char *sign = line[1] == ' ' ? strchr(signs, *line) : NULL;

    if (sign) {
        if (sign != signs && set_kind(h, b, (uint8_t)(sign - signs)))
            harness_broken(h, "no memory");
        line++;
        while (*line == ' ')
            line++;
    }
    b->event_time[b->rows] = 0;
    if (*line == '@')
        b->event_time[b->rows] = parse_seconds(piece(h, &line, end) + 1);
    for (uint32_t i = 0; i < b->schema->field_count; i++)
        set_value(h, b, i, piece(h, &line, end));
    b->rows++;
}

/* Event time of the rows from a field, where the harness has one; its bounds. */
static void set_times(struct harness *h, struct streamd_batch *b)
{
    for (uint32_t i = 0; h->spec.time && i < b->schema->field_count; i++)
        if (!strcmp(b->schema->fields[i].name, h->spec.time))
            memcpy(b->event_time, b->columns[i].values, b->rows * sizeof(int64_t));
    b->min_time = INT64_MAX;
    b->max_time = INT64_MIN;
    for (uint32_t i = 0; i < b->rows; i++) {
        b->min_time = b->event_time[i] < b->min_time ? b->event_time[i] : b->min_time;
        b->max_time = b->event_time[i] > b->max_time ? b->event_time[i] : b->max_time;
    }
}

struct streamd_batch *harness_batch(struct harness *h, const struct streamd_schema *schema,
                                    const char *rows)
{
    uint32_t lines = 0;
    struct streamd_batch *b;

    for (const char *at = rows; *at; at++)
        lines += *at == '\n';
    b = batch_new(h->pool, schema, lines ? lines : 1);
    if (!b)
        return NULL;
    while (*rows) {
        const char *end = strchr(rows, '\n');

        if (!end) {
            harness_broken(h, "a line of rows does not end");
            break;
        }
        add_line(h, b, rows, end);
        rows = end + 1;
    }
    b->count = b->rows;
    set_times(h, b);
    return b;
}

/* ---- rows to text -------------------------------------------------------------------------- */

static void print_seconds(struct text *out, int64_t us)
{
    uint64_t size = us < 0 ? 0 - (uint64_t)us : (uint64_t)us;
    char fraction[8];
    int length = 6;

    snprintf(fraction, sizeof(fraction), "%06u", (unsigned)(size % 1000000));
    while (length > 0 && fraction[length - 1] == '0')
        length--;
    text_printf(out, "%s%llu%s%.*s", us < 0 ? "-" : "", (unsigned long long)(size / 1000000),
                length ? "." : "", length, fraction);
}

static void print_decimal(struct text *out, const struct streamd_decimal *d, uint8_t scale)
{
    __int128 value = (__int128)d->high << 64 | d->low;
    unsigned __int128 size = value < 0 ? -(unsigned __int128)value : (unsigned __int128)value;
    char digits[48];
    int at = (int)sizeof(digits), written = 0;

    digits[--at] = '\0';
    do {
        if (written == scale && scale)
            digits[--at] = '.';
        digits[--at] = (char)('0' + (int)(size % 10));
        size /= 10;
        written++;
    } while (size || written <= scale);
    text_printf(out, "%s%s", value < 0 ? "-" : "", digits + at);
}

static void print_double(struct text *out, double v)
{
    char text[40];

    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, v);
        if (strtod(text, NULL) == v)
            break;
    }
    text_add(out, text);
}

static void print_value(struct text *out, const struct streamd_column *c, struct streamd_type type,
                        uint32_t row)
{
    struct streamd_str s;

    if (streamd_column_is_null(c, row)) {
        text_add(out, "null");
        return;
    }
    switch (type.id) {
    case STREAMD_BOOL:
        text_add(out, ((const uint8_t *)c->values)[row] ? "true" : "false");
        break;
    case STREAMD_INT64:
        text_printf(out, "%lld", (long long)((const int64_t *)c->values)[row]);
        break;
    case STREAMD_FLOAT64:
        print_double(out, ((const double *)c->values)[row]);
        break;
    case STREAMD_DECIMAL:
        print_decimal(out, (const struct streamd_decimal *)c->values + row, type.scale);
        break;
    case STREAMD_TIMESTAMP:
        print_seconds(out, ((const int64_t *)c->values)[row]);
        break;
    case STREAMD_DATE:
        text_printf(out, "%d", ((const int32_t *)c->values)[row]);
        break;
    default:
        s = streamd_column_str(c, row);
        text_append(out, s.data, s.length);
        break;
    }
}

void harness_print(struct text *out, const struct streamd_batch *b)
{
    for (uint32_t k = 0; k < b->count; k++) {
        uint32_t row = streamd_batch_row(b, k);

        text_add_char(out, "+<>-"[b->row_kind ? b->row_kind[row] : 0]);
        if (b->event_time) {
            text_add(out, " @");
            print_seconds(out, b->event_time[row]);
        }
        for (uint32_t i = 0; i < b->schema->field_count; i++) {
            text_add(out, i || b->event_time ? " | " : " ");
            print_value(out, &b->columns[i], b->schema->fields[i].type, row);
        }
        text_add_char(out, '\n');
    }
}

/* ---- taking and comparing ------------------------------------------------------------------ */

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_lines(struct harness *h, const char *lines, struct text *out)
{
    size_t count = 0, n = 0;
    const char **list;

    for (const char *at = lines; *at; at++)
        count += *at == '\n';
    list = arena_zalloc(&h->arena, count + 1, sizeof(*list));
    for (const char *at = lines; list && *at;) {
        const char *end = strchr(at, '\n');

        list[n++] = arena_strndup(&h->arena, at, (size_t)(end - at) + 1);
        at = end + 1;
    }
    qsort(list, n, sizeof(*list), compare_lines);
    for (size_t i = 0; i < n; i++)
        text_add(out, list[i]);
}

const char *harness_take(struct harness *h, uint32_t output)
{
    struct harness_output *out = &h->outputs[output];

    text_reset(&out->taken);
    text_add(&out->taken, text_get(&out->rows));
    text_reset(&out->rows);
    return text_get(&out->taken);
}

const char *harness_take_sorted(struct harness *h, uint32_t output)
{
    struct harness_output *out = &h->outputs[output];

    text_reset(&out->taken);
    sort_lines(h, text_get(&out->rows), &out->taken);
    text_reset(&out->rows);
    return text_get(&out->taken);
}

const char *harness_rejects(struct harness *h)
{
    text_reset(&h->rejects_taken);
    text_add(&h->rejects_taken, text_get(&h->rejects));
    text_reset(&h->rejects);
    return text_get(&h->rejects_taken);
}

static void compare(struct harness *h, const char *wanted, const char *got)
{
    if (!strcmp(wanted, got))
        return;
    fprintf(stderr, "harness: wanted\n%sgot\n%s", wanted, got);
    h->spec.keep_errors = 0;
    harness_broken(h, "the rows are not those wanted");
}

void harness_expect(struct harness *h, uint32_t output, const char *rows)
{
    compare(h, rows, harness_take(h, output));
}

void harness_expect_sorted(struct harness *h, uint32_t output, const char *rows)
{
    struct text wanted = {0};

    sort_lines(h, rows, &wanted);
    compare(h, text_get(&wanted), harness_take_sorted(h, output));
    text_clear(&wanted);
}
