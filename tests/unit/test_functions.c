/*
 * All built-in functions against function-cases.tsv, which PostgreSQL 15 answered.
 */
#include "tests/unit/function_call.h"

#include <math.h>

/* Equal as numbers: decimals by value, floats to 15 digits where the case says so. */
static int same(struct streamd_type type, const char *want, const char *got)
{
    if (strcmp(want, got) == 0)
        return 1;
    if (type.id == STREAMD_DECIMAL && strcmp(want, "error") != 0) {
        streamd_int128 w = 0, g = 0;
        int rc = streamd_decimal_parse(want, strlen(want), 38, type.scale, &w);
        if (rc == STREAMD_ROW_RANGE) /* SQL's numeric has more digits than ours */
            return strncmp(got, "error 5101", 10) == 0;
        return !rc && !streamd_decimal_parse(got, strlen(got), 38, type.scale, &g) && w == g;
    }
    if (type.id == STREAMD_FLOAT64 && strncmp(got, "error", 5) != 0) {
        double w = strtod(want, NULL), g = strtod(got, NULL);
        return isfinite(w) && isfinite(g) && fabs(w - g) <= 1e-15 * fabs(w);
    }
    return strcmp(want, "error") == 0 && strncmp(got, "error", 5) == 0;
}

enum { MAX_ENTRIES = 600 };

struct fixture {
    struct arena arena;
    unsigned wrong;
    unsigned count; /* entries of all tables */
    const struct streamd_function *entries[MAX_ENTRIES];
    unsigned cases[MAX_ENTRIES], nulls[MAX_ENTRIES]; /* nulls: bit i: argument i was NULL */
};

/* Takes note that an entry has a case. */
static void note(struct fixture *fixture, const struct streamd_function *f,
                 const struct function_argument *args, uint32_t argc)
{
    for (unsigned e = 0; e < fixture->count; e++) {
        if (fixture->entries[e] != f)
            continue;
        fixture->cases[e]++;
        for (uint32_t i = 0; i < argc; i++)
            fixture->nulls[e] |= args[i].is_null ? 1u << i : 0;
    }
}

/* Functions that PostgreSQL does not have, or whose answer changes; they have tests of their own.
 */
static int is_ours(const char *name)
{
    return strcmp(name, "xxh3") == 0 || strcmp(name, "now") == 0;
}

/* An entry without a case, and one without a NULL for each argument, fails the build. */
static unsigned missing_cases(const struct fixture *fixture)
{
    unsigned missing = 0;
    for (unsigned e = 0; e < fixture->count; e++) {
        const struct streamd_function *f = fixture->entries[e];
        if (is_ours(f->name) || (fixture->cases[e] && fixture->nulls[e] >= (1u << f->argc) - 1))
            continue;
        print_error("%s with %u arguments, the first of type %u: not all cases are there\n",
                    f->name, f->argc, f->args[0]);
        missing++;
    }
    return missing;
}

/* name, what it answers, arguments */
static void check_case(const struct cases_row *row, void *self)
{
    struct fixture *fixture = self;
    struct arena *arena = &fixture->arena;
    static char got[FUNCTION_TEXT];
    struct function_argument args[STREAMD_MAX_ARGUMENTS];
    uint32_t argc = (uint32_t)row->columns - 2;
    for (uint32_t i = 0; i < argc; i++)
        function_argument_init(arena, &args[i], row->column[i + 2], row->length[i + 2]);
    const struct streamd_function *f = function_find(row->column[0], args, argc);
    if (!f)
        print_error("no such function\n  %s\n", row->line);
    else
        note(fixture, f, args, argc);
    fixture->wrong += !f;
    for (int mode = FUNCTION_CONSTANTS; f && mode <= FUNCTION_SELECTED; mode++) {
        struct streamd_type type = function_answer(f, args, argc, (enum function_mode)mode, got);
        if (same(type, row->column[1], got))
            continue;
        fixture->wrong++;
        print_error("%s\n  got %s (mode %d)\n", row->line, got, mode);
        break;
    }
    for (uint32_t i = 0; i < argc; i++)
        function_argument_clear(&args[i]);
    arena_reset(arena);
}

static void functions_do_what_postgresql_does(void **state)
{
    (void)state;
    static struct fixture fixture;
    for (size_t t = 0; expr_function_tables[t]; t++)
        for (const struct streamd_function *f = expr_function_tables[t]; f->name; f++) {
            assert_true(fixture.count < MAX_ENTRIES);
            fixture.entries[fixture.count++] = f;
        }
    assert_true(cases_run("function-cases.tsv", check_case, &fixture) > 1000);
    assert_int_equal(fixture.wrong, 0);
    assert_int_equal(missing_cases(&fixture), 0);
    arena_clear(&fixture.arena);
}

/* Each entry of the tables is complete, and there once. */
static void tables_are_sound(void **state)
{
    (void)state;
    for (size_t t = 0; expr_function_tables[t]; t++)
        for (const struct streamd_function *f = expr_function_tables[t]; f->name; f++) {
            if (!f->doc || !f->kernel || !f->result.id || (f->prepare && !f->unprepare))
                fail_msg("%s is not complete", f->name);
            for (size_t u = 0; u <= t; u++)
                for (const struct streamd_function *g = expr_function_tables[u]; g->name && g != f;
                     g++)
                    if (strcmp(f->name, g->name) == 0 && f->argc == g->argc &&
                        memcmp(f->args, g->args, f->argc) == 0 &&
                        (f->flags & STREAMD_FUNCTION_VARIADIC) ==
                            (g->flags & STREAMD_FUNCTION_VARIADIC))
                        fail_msg("%s is there twice", f->name);
        }
}

/* One call with one argument; PostgreSQL does not have these functions. */
static void answers(const char *name, const char *argument, const char *want)
{
    struct arena arena = {0};
    struct function_argument arg;
    static char got[FUNCTION_TEXT];
    function_argument_init(&arena, &arg, argument, strlen(argument));
    const struct streamd_function *f = function_find(name, &arg, 1);
    assert_non_null(f);
    function_answer(f, &arg, 1, FUNCTION_CONSTANTS, got);
    assert_string_equal(got, want);
    function_argument_clear(&arg);
    arena_clear(&arena);
}

/* XXH3_64bits of nothing is a vector of its specification; the others come from Python's xxhash. */
static void xxh3_is_xxh3(void **state)
{
    (void)state;
    answers("xxh3", "string:", "3244421341483603138");
    answers("xxh3", "string:streamd", "-4770914938600053802");
    answers("xxh3", "bytes:00ff", "-6225377411875435533");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_are_sound),
        cmocka_unit_test(xxh3_is_xxh3),
        cmocka_unit_test(functions_do_what_postgresql_does),
    };
    return cmocka_run_group_tests_name("functions", tests, NULL, NULL);
}
