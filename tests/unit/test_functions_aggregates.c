/*
 * All built-in aggregates against aggregate-cases.tsv, which PostgreSQL 15 answered. Each case is
 * run value by value, as one batch, with constants, over a selection, and in two halves that are
 * merged; states lie in plain memory laid out like a table's rows.
 */
#include "tests/unit/function_call.h"

#include <math.h>

enum { MAX_VALUES = 40, MAX_STATE = 8, ROW = 512 };

/* Rows of one aggregate's states. */
struct states {
    const struct streamd_aggregate *function;
    struct streamd_type result;
    struct streamd_field fields[MAX_STATE];
    uint32_t offsets[MAX_STATE], indexes[MAX_STATE];
    struct streamd_row_layout layout;
    struct streamd_table table;
    struct streamd_accumulator accumulator;
    uint64_t rows[3][ROW / 8];
};

static void *reserve(const struct streamd_accumulator *a, void *row, uint32_t column,
                     uint32_t capacity)
{
    struct streamd_var *v = (struct streamd_var *)(void *)((uint8_t *)row + a->offsets[column]);
    if (capacity > v->capacity) { /* always elsewhere, so that an old pointer is noticed */
        uint8_t *data = malloc(capacity);
        assert_non_null(data);
        if (v->length)
            memcpy(data, v->data, v->length);
        free(v->data);
        v->data = data;
        v->capacity = capacity;
    }
    return v->data;
}

static const struct streamd_host_accumulator accumulator_host = {
    sizeof(struct streamd_host_accumulator), reserve};

static const struct streamd_aggregate *find(const char *name, const struct streamd_type *types,
                                            uint32_t argc)
{
    for (size_t t = 0; expr_aggregate_tables[t]; t++)
        for (const struct streamd_aggregate *f = expr_aggregate_tables[t]; f->name; f++) {
            if (strcmp(f->name, name) != 0 || f->argc != argc)
                continue;
            uint32_t i = 0;
            while (i < argc && (f->args[i] == 0 || f->args[i] == types[i].id))
                i++;
            if (i == argc)
                return f;
        }
    return NULL;
}

static void states_init(struct states *s, const char *name, const struct streamd_type *types,
                        uint32_t argc)
{
    memset(s, 0, sizeof *s);
    s->function = find(name, types, argc);
    if (!s->function)
        fail_msg("no aggregate %s", name);
    s->result = s->function->result;
    memcpy(s->fields, s->function->state, sizeof s->fields);
    if (s->function->resolve)
        assert_int_equal(s->function->resolve(types, argc, &s->result, s->fields), 0);
    assert_in_range(s->function->state_count, 1, MAX_STATE);
    uint32_t at = 8 + 8; /* marks, and a key in front */
    for (uint32_t i = 0; i < s->function->state_count; i++) {
        size_t width = streamd_type_is_variable(s->fields[i].type.id)
                           ? sizeof(struct streamd_var)
                           : streamd_type_width(s->fields[i].type.id);
        assert_non_null(s->fields[i].name);
        assert_true(width > 0);
        s->offsets[i] = at;
        s->indexes[i] = i;
        at += (uint32_t)(width + 7) / 8 * 8;
    }
    assert_true(at <= ROW);
    s->layout =
        (struct streamd_row_layout){ROW, 0, s->function->state_count, s->offsets, s->fields};
    s->table.layout = &s->layout;
    s->accumulator =
        (struct streamd_accumulator){&accumulator_host, &s->table, s->offsets, s->indexes};
    void *rows[3] = {s->rows[0], s->rows[1], s->rows[2]};
    assert_int_equal(s->function->init(&s->accumulator, rows, 3), 0);
}

static void states_clear(struct states *s)
{
    for (int r = 0; r < 3; r++)
        for (uint32_t i = 0; i < s->function->state_count; i++)
            if (streamd_type_is_variable(s->fields[i].type.id))
                free(((struct streamd_var *)(void *)((uint8_t *)s->rows[r] + s->offsets[i]))->data);
}

/* ---- one case ----------------------------------------------------------------------------- */

struct input {
    uint32_t n, argc;
    struct streamd_type types[2];
    _Alignas(16) uint8_t values[MAX_VALUES][16];
    uint8_t nulls[MAX_VALUES];
    int64_t times[MAX_VALUES];
    int has_times;
    struct streamd_str separator;
};

/* Cuts `text` at bars. */
static uint32_t cut(char *text, char **parts)
{
    uint32_t n = 0;
    for (char *p = text; p; n++) {
        assert_true(n < MAX_VALUES);
        parts[n] = p;
        p = strchr(p, '|');
        if (p)
            *p++ = 0;
    }
    return n;
}

static void read_input(const struct cases_row *row, struct input *in)
{
    char *parts[MAX_VALUES];
    memset(in, 0, sizeof *in);
    function_parse_type(row->column[2], &in->types[0]);
    in->argc = 1;
    in->n = strcmp(row->column[3], "-") == 0 ? 0 : cut(row->column[3], parts);
    for (uint32_t i = 0; i < in->n; i++) {
        in->nulls[i] = strcmp(parts[i], "NULL") == 0;
        if (!in->nulls[i])
            function_parse_value(NULL, in->types[0], parts[i], strlen(parts[i]), in->values[i]);
    }
    if (strcmp(row->column[0], "string_agg") == 0) {
        in->argc = 2;
        in->types[1] = in->types[0];
        in->separator = (struct streamd_str){row->column[4], row->length[4]};
    } else if (in->n && strstr(row->column[0], "_value")) {
        in->has_times = 1;
        assert_int_equal(cut(row->column[4], parts), in->n);
        for (uint32_t i = 0; i < in->n; i++)
            in->times[i] = strtoll(parts[i], NULL, 10);
    }
}

static void clear_input(struct input *in)
{
    for (uint32_t i = 0; i < in->n; i++)
        if (streamd_type_is_variable(in->types[0].id) && !in->nulls[i]) {
            struct streamd_str s;
            memcpy(&s, in->values[i], sizeof s);
            free((char *)(uintptr_t)s.data);
        }
}

/* Feeds values [from, to) into row `r`, as physical rows of a batch, all others beside them. 1
   where a row was rejected. */
static int feed(struct states *s, const struct input *in, int r, uint32_t from, uint32_t to,
                int select)
{
    struct function_host h = {.now = 0};
    struct streamd_vector args[2];
    uint8_t values[MAX_VALUES * 16];
    uint16_t sel[MAX_VALUES];
    void *rows[MAX_VALUES];
    struct streamd_str separator = in->separator;
    size_t width = function_width(in->types[0].id);
    uint32_t first = select ? 0 : from, n = to - from;
    int failed = 0;
    for (uint32_t i = first; i < in->n; i++)
        memcpy(values + (i - first) * width, in->values[i], width);
    args[0] = (struct streamd_vector){in->types[0], UINT32_MAX, values, NULL};
    uint8_t nulls[MAX_VALUES];
    memcpy(nulls, in->nulls + first, in->n - first);
    if (memchr(nulls, 1, in->n - first))
        args[0].nulls = nulls;
    args[1] = (struct streamd_vector){in->types[1], 0, &separator, NULL};
    for (uint32_t k = 0; k < n; k++) {
        sel[k] = (uint16_t)(from + k);
        rows[k] = s->rows[r];
    }
    h.call = (struct streamd_call){.host = &function_host_call,
                                   .args = args,
                                   .argc = s->function->argc,
                                   .sel = select ? sel : NULL,
                                   .n = n};
    /* Rejected rows beyond what the host counts do not come in cases. */
    int rc = s->function->update(&s->accumulator, &h.call, in->has_times ? in->times + first : NULL,
                                 rows);
    assert_int_equal(rc, 0);
    failed = h.message[0] != 0;
    arena_clear(&h.arena);
    return failed;
}

static int finish(struct states *s, int r, char *out)
{
    struct function_host h = {.now = 0};
    _Alignas(16) uint8_t values[FUNCTION_ROWS * 16] = {0};
    struct streamd_vector result = {s->result, UINT32_MAX, values, NULL};
    void *rows[1] = {s->rows[r]};
    h.call = (struct streamd_call){.host = &function_host_call, .n = 1, .result = &result};
    assert_int_equal(s->function->final(&s->accumulator, &h.call, rows), 0);
    if (h.errors[0])
        strcpy(out, "error");
    else if (h.nulls[0])
        strcpy(out, "NULL");
    else
        function_print_value(s->result, values, out);
    arena_clear(&h.arena);
    return h.errors[0] != 0;
}

static int same(struct streamd_type type, const char *want, const char *got, double tolerance)
{
    if (strcmp(want, got) == 0)
        return 1;
    if (type.id == STREAMD_DECIMAL) {
        streamd_int128 w = 0, g = 0;
        int rc = streamd_decimal_parse(want, strlen(want), 38, type.scale, &w);
        if (rc == STREAMD_ROW_RANGE) /* more digits than ours have */
            return strcmp(got, "error") == 0;
        return !rc && !streamd_decimal_parse(got, strlen(got), 38, type.scale, &g) && w == g;
    }
    if (type.id == STREAMD_FLOAT64) {
        double w = strtod(want, NULL), g = strtod(got, NULL);
        return isfinite(w) && isfinite(g) && fabs(w - g) <= tolerance * fmax(fabs(w), fabs(g));
    }
    return 0;
}

struct fixture {
    unsigned wrong;
};

enum way { ONE_BATCH, ONE_BY_ONE, SELECTED, MERGED, MERGED_INTO_EMPTY, WAYS };

/* 1 where something was rejected. */
static int run(const struct cases_row *row, const struct input *in, enum way way,
               struct streamd_type *type, char *got)
{
    struct states s;
    int failed = 0, r = 0;
    uint32_t half = in->n / 2;
    states_init(&s, row->column[0], in->types, in->argc);
    const struct streamd_aggregate *f = s.function;
    void *a[1] = {s.rows[0]}, *b[1] = {s.rows[1]}, *c[1] = {s.rows[2]};
    switch (way) {
    case ONE_BATCH:
        failed = feed(&s, in, 0, 0, in->n, 0);
        break;
    case ONE_BY_ONE:
        for (uint32_t i = 0; i < in->n; i++)
            failed |= feed(&s, in, 0, i, i + 1, 0);
        break;
    case SELECTED:
        failed = feed(&s, in, 0, 0, half, 1) | feed(&s, in, 0, half, in->n, 1);
        break;
    default:
        failed = feed(&s, in, 0, 0, half, 0) | feed(&s, in, 1, half, in->n, 0);
        assert_non_null(f->merge);
        if (way == MERGED) {
            assert_int_equal(f->merge(&s.accumulator, a, &s.accumulator, b, 1), 0);
        } else {
            assert_int_equal(f->merge(&s.accumulator, c, &s.accumulator, a, 1), 0);
            assert_int_equal(f->merge(&s.accumulator, c, &s.accumulator, b, 1), 0);
            r = 2;
        }
        break;
    }
    *type = s.result;
    failed |= finish(&s, r, got);
    states_clear(&s);
    return failed;
}

static void check_case(const struct cases_row *row, void *self)
{
    static char got[FUNCTION_TEXT];
    struct fixture *fixture = self;
    struct input in;
    read_input(row, &in);
    for (int way = 0; way < WAYS; way++) {
        struct streamd_type type;
        int failed = run(row, &in, (enum way)way, &type, got);
        /* Another order of additions, or Welford's method, gives another last digit. */
        double tolerance =
            strstr(row->column[0], "dev") || strstr(row->column[0], "var") || way >= MERGED ? 1e-12
                                                                                            : 1e-15;
        if (strcmp(row->column[1], "error") == 0 ? failed
                                                 : same(type, row->column[1], got, tolerance))
            continue;
        fixture->wrong++;
        print_error("%s\n  got %s (way %d)\n", row->line, got, way);
        break;
    }
    clear_input(&in);
}

static void aggregates_do_what_postgresql_does(void **state)
{
    (void)state;
    struct fixture fixture = {0};
    assert_true(cases_run("aggregate-cases.tsv", check_case, &fixture) > 1000);
    assert_int_equal(fixture.wrong, 0);
}

/* count(*) has no argument; several keys in one batch, some twice. */
static void count_counts_rows_of_many_keys(void **state)
{
    (void)state;
    struct states s;
    struct function_host h = {.now = 0};
    char got[64];
    states_init(&s, "count", NULL, 0);
    void *rows[5] = {s.rows[0], s.rows[1], s.rows[0], s.rows[0], s.rows[1]};
    h.call = (struct streamd_call){.host = &function_host_call, .n = 5};
    assert_int_equal(s.function->update(&s.accumulator, &h.call, NULL, rows), 0);
    finish(&s, 0, got);
    assert_string_equal(got, "3");
    finish(&s, 1, got);
    assert_string_equal(got, "2");
    finish(&s, 2, got);
    assert_string_equal(got, "0");
}

/* What PostgreSQL has no form for: times as ISO texts, bytes as base64, NaN as a text. */
static void arrays_hold_what_sinks_write(void **state)
{
    (void)state;
    static const char *const lines[][2] = {
        {"timestamp", "1970-01-01T00:00:00Z|2024-02-29T12:34:56.5Z"},
        {"bytes", "|00ff"},
        {"float64", "1.5|NaN|-Infinity|1e+20"},
        {"date", "2024-02-29"},
        {"json", "{\"a\": 1}|[]"},
        {"decimal(10,2)", "1.5|-0.05"},
    };
    static const char *const wants[] = {
        "[\"1970-01-01T00:00:00Z\",\"2024-02-29T12:34:56.500000Z\"]",
        "[\"\",\"AP8=\"]",
        "[1.5,\"NaN\",\"-Infinity\",1e+20]",
        "[\"2024-02-29\"]",
        "[{\"a\": 1},[]]",
        "[1.50,-0.05]",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char name[] = "array_agg", nothing[] = "", type[32], values[200], got[400];
        struct cases_row row = {.columns = 5, .column = {name, nothing, type, values, nothing}};
        struct input in;
        struct streamd_type result;
        strcpy(type, lines[i][0]);
        strcpy(values, lines[i][1]);
        read_input(&row, &in);
        for (int way = 0; way < WAYS; way++) {
            run(&row, &in, (enum way)way, &result, got);
            assert_int_equal(result.id, STREAMD_JSON);
            assert_string_equal(got, wants[i]);
        }
        clear_input(&in);
    }
}

/* A row that is used again begins anew. */
static void init_forgets(void **state)
{
    (void)state;
    for (size_t t = 0; expr_aggregate_tables[t]; t++)
        for (const struct streamd_aggregate *f = expr_aggregate_tables[t]; f->name; f++) {
            struct states s;
            struct streamd_type types[2] = {{f->args[0] ? f->args[0] : STREAMD_INT64, 10, 2, 0},
                                            {f->args[1], 0, 0, 0}};
            char fresh[400], again[400];
            states_init(&s, f->name, types, f->argc);
            finish(&s, 0, fresh);
            for (uint32_t i = 0; i < f->state_count; i++) {
                uint8_t *p = (uint8_t *)s.rows[0] + s.offsets[i];
                if (streamd_type_is_variable(s.fields[i].type.id)) {
                    reserve(&s.accumulator, s.rows[0], i, 4);
                    ((struct streamd_var *)(void *)p)->length = 4;
                } else {
                    memset(p, 1, streamd_type_width(s.fields[i].type.id));
                }
                streamd_row_set_null(s.rows[0], s.indexes[i], 0);
            }
            void *rows[1] = {s.rows[0]};
            assert_int_equal(f->init(&s.accumulator, rows, 1), 0);
            finish(&s, 0, again);
            assert_string_equal(fresh, again);
            assert_non_null(f->doc);
            states_clear(&s);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aggregates_do_what_postgresql_does),
        cmocka_unit_test(count_counts_rows_of_many_keys),
        cmocka_unit_test(arrays_hold_what_sinks_write),
        cmocka_unit_test(init_forgets),
    };
    return cmocka_run_group_tests_name("functions_aggregates", tests, NULL, NULL);
}
