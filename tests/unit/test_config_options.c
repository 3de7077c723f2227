/* Option tables: values, what is missing, what is unknown, and judging tables themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/memory.h"
#include "config/options.h"
#include "config_case.h"

#include <streamd/expr.h>

#include <math.h>

struct point {
    int64_t x, y;
    const char *label;
};

struct target {
    int64_t number;
    uint8_t flag, has_number;
    double real;
    int64_t duration, size, word;
    const char *text, *field, *any, *secret;
    struct streamd_strings list, fields;
    struct point group;
    struct streamd_map map;
    const struct streamd_expr *expression;
    int64_t old;
    const char *quoted;
};

#define AT(member) .offset = (uint32_t)offsetof(struct target, member)
#define POINT_AT(member) .offset = (uint32_t)offsetof(struct point, member)

static const char *const words[] = {"none", "first", "last", NULL};

static const struct streamd_option point_table[] = {
    {.name = "x",
     .type = STREAMD_OPTION_INT,
     .flags = STREAMD_OPTION_REQUIRED,
     POINT_AT(x),
     .doc = "x"},
    {.name = "y", .type = STREAMD_OPTION_INT, POINT_AT(y), .default_text = "7", .doc = "y"},
    {.name = "label", .type = STREAMD_OPTION_STRING, POINT_AT(label), .doc = "label"},
    {0},
};

static const struct streamd_option table[] = {
    {.name = "number",
     .type = STREAMD_OPTION_INT,
     AT(number),
     .present_offset = (uint32_t)offsetof(struct target, has_number),
     .default_text = "3",
     .minimum = 1,
     .maximum = 100,
     .doc = "A number"},
    {.name = "flag",
     .type = STREAMD_OPTION_BOOL,
     AT(flag),
     .default_text = "true",
     .doc = "A flag"},
    {.name = "real", .type = STREAMD_OPTION_FLOAT, AT(real), .doc = "A number"},
    {.name = "duration",
     .type = STREAMD_OPTION_DURATION,
     AT(duration),
     .default_text = "5m",
     .minimum = 1,
     .maximum = INT64_MAX,
     .doc = "A duration"},
    {.name = "size",
     .type = STREAMD_OPTION_SIZE,
     AT(size),
     .default_text = "1MiB",
     .doc = "A size"},
    {.name = "word",
     .type = STREAMD_OPTION_ENUM,
     AT(word),
     .default_text = "last",
     .choices = words,
     .doc = "A word"},
    {.name = "text", .type = STREAMD_OPTION_STRING, AT(text), .default_text = "", .doc = "A text"},
    {.name = "field", .type = STREAMD_OPTION_FIELD, AT(field), .doc = "A field"},
    {.name = "any", .type = STREAMD_OPTION_ANY, AT(any), .default_text = "[1]", .doc = "Anything"},
    {.name = "secret",
     .type = STREAMD_OPTION_STRING,
     .flags = STREAMD_OPTION_SECRET,
     AT(secret),
     .doc = "A secret"},
    {.name = "list",
     .type = STREAMD_OPTION_STRINGS,
     AT(list),
     .default_text = "[a, b]",
     .doc = "A list"},
    {.name = "fields", .type = STREAMD_OPTION_FIELDS, AT(fields), .doc = "Fields"},
    {.name = "group",
     .type = STREAMD_OPTION_GROUP,
     AT(group),
     .children = point_table,
     .children_size = sizeof(struct point),
     .doc = "A group"},
    {.name = "map",
     .type = STREAMD_OPTION_MAP,
     AT(map),
     .children = point_table,
     .children_size = sizeof(struct point),
     .doc = "A map"},
    {.name = "expression", .type = STREAMD_OPTION_EXPRESSION, AT(expression), .doc = "Expression"},
    {.name = "old",
     .type = STREAMD_OPTION_INT,
     .flags = STREAMD_OPTION_DEPRECATED,
     AT(old),
     .doc = "write number"},
    {.name = "quoted",
     .type = STREAMD_OPTION_STRING,
     AT(quoted),
     .default_text = "','",
     .doc = "Its default is written as in YAML"},
    {.name = "later",
     .type = STREAMD_OPTION_INT,
     .flags = OPTIONS_LATER,
     AT(old),
     .doc = "For later"},
    {0},
};

static const struct streamd_field fields[] = {
    {.name = "user", .type = {.id = STREAMD_STRING}},
    {.name = "amount", .type = {.id = STREAMD_INT64}},
};
static const struct streamd_schema schema = {.field_count = 2, .fields = fields};

static struct config_case c;
static struct arena arena;
static struct target target;

static struct streamd_expr an_expression = {.text = "found"};

static int hook(void *self, const struct streamd_option *o, struct node *node,
                const struct streamd_expr **result)
{
    assert_ptr_equal(self, &an_expression);
    assert_string_equal(o->name, "expression");
    *result = strcmp(node->text, "bad") == 0 ? NULL : &an_expression;
    return *result ? 0 : STREAMD_E_REPORTED;
}

static int bind(const char *yaml)
{
    static const struct options_hooks hooks = {.self = &an_expression, .expression = hook};
    struct options_context context = {.arena = &arena,
                                      .diagnostics = &c.diagnostics,
                                      .owner = "it",
                                      .input = &schema,
                                      .hooks = &hooks};
    int rc;

    case_load(&c, yaml);
    memset(&target, 0, sizeof(target));
    if (!c.document.root || c.rc == STREAMD_E_NOMEM)
        return c.rc;
    rc = options_bind(&context, table, c.document.root, node_span(c.document.root), &target);
    return rc;
}

static int tear_down(void **state)
{
    (void)state;
    case_clear(&c);
    arena_clear(&arena);
    return 0;
}

/* --- Good values -------------------------------------------------------------------------------
 */

static void defaults_apply(void **state)
{
    (void)state;
    assert_int_equal(bind("{}"), 0);
    assert_int_equal(target.number, 3);
    assert_int_equal(target.has_number, 0);
    assert_int_equal(target.flag, 1);
    assert_int_equal(target.duration, 300000000);
    assert_int_equal(target.size, 1048576);
    assert_int_equal(target.word, 2);
    assert_string_equal(target.text, "");
    assert_string_equal(target.quoted, ",");
    assert_null(target.field);
    assert_string_equal(target.any, "[1]");
    assert_int_equal(target.list.count, 2);
    assert_string_equal(target.list.items[1], "b");
    assert_int_equal(target.fields.count, 0);
    assert_int_equal(target.group.y, 7); /* a group that is not given has its defaults too */
    assert_int_equal(target.group.x, 0);
    assert_int_equal(target.map.count, 0);
}

static void values_arrive(void **state)
{
    struct point *points;

    (void)state;
    assert_int_equal(bind("number: 100\nflag: false\nreal: -2.5e3\nduration: 90s\nsize: 64KiB\n"
                          "word: first\ntext: no\nfield: user\nany: {a: [1, x]}\nsecret: s\n"
                          "list: [x, '1']\nfields: [amount, user]\ngroup: {x: -1, label: l}\n"
                          "map: {p: {x: 1}, q: {x: 2, y: 3}}\nexpression: null\n"),
                     0);
    assert_int_equal(target.number, 100);
    assert_int_equal(target.has_number, 1);
    assert_int_equal(target.flag, 0);
    assert_true(target.real == -2500.0);
    assert_int_equal(target.duration, 90000000);
    assert_int_equal(target.size, 65536);
    assert_int_equal(target.word, 1);
    assert_string_equal(target.text, "no");
    assert_string_equal(target.field, "user");
    assert_string_equal(target.any, "{\"a\":[1,\"x\"]}");
    assert_int_equal(target.list.count, 2);
    assert_string_equal(target.list.items[0], "x");
    assert_string_equal(target.fields.items[0], "amount");
    assert_int_equal(target.group.x, -1);
    assert_int_equal(target.group.y, 7);
    assert_string_equal(target.group.label, "l");
    assert_int_equal(target.map.count, 2);
    assert_int_equal(target.map.stride, sizeof(struct point));
    points = target.map.items;
    assert_string_equal(target.map.names[1], "q");
    assert_int_equal(points[0].y, 7);
    assert_int_equal(points[1].x, 2);
    assert_int_equal(points[1].y, 3);
    assert_ptr_equal(target.expression, &an_expression);
}

static void quoted_scalars_are_typed_by_the_table(void **state)
{
    (void)state;
    assert_int_equal(bind("number: '12'\nflag: \"false\"\nduration: '1h'\nreal: ${NUMBER}\n"), 0);
    assert_int_equal(target.number, 12);
    assert_int_equal(target.flag, 0);
    assert_int_equal(target.duration, 3600000000);
    assert_true(target.real == 12.0);
}

/* --- Bad values --------------------------------------------------------------------------------
 */

static void problems_have_code_and_place(void **state)
{
    static const struct {
        const char *yaml, *problems, *help;
    } cases[] = {
        {"nmber: 1", "1:1 1201", "did you mean 'number'?"},
        {"zzzzzzz: 1", "1:1 1201", "its options are: number, flag"},
        {"later: 1", "1:1 1209", "SD1209"},
        {"old: 1", "1:1 1208", "write number"},
        {"number:", "1:1 1207", "remove the line"},
        {"number: null", "1:1 1207", ""},
        {"number: x", "1:9 1203", ""},
        {"number: 1.0", "1:9 1203", "without a point"},
        {"number: 1e2", "1:9 1203", "exponent"},
        {"number: 1_0", "1:9 1203", "without '_'"},
        {"number: 0x10", "1:9 1203", "decimal"},
        {"number: 010", "1:9 1203", "octal"},
        {"number: 0", "1:9 1204", "from 1 to 100"},
        {"number: 101", "1:9 1204", ""},
        {"number: 9223372036854775808", "1:9 1204", "64 bits"},
        {"number: [1]", "1:9 1203", "a whole number, but is a list"},
        {"number: {a: 1}", "1:9 1203", "a map"},
        {"flag: yes", "1:7 1210", "write true"},
        {"flag: Off", "1:7 1210", "write false"},
        {"flag: True", "1:7 1210", "write true"},
        {"flag: 2", "1:7 1203", "true or false"},
        {"real: 1,5", "1:7 1203", "'.'"},
        {"real: .5", "1:7 1203", "write 0.5"},
        {"real: 1e999", "1:7 1204", "range"},
        {"duration: 5", "1:11 1205", "write 5s"},
        {"duration: 5 min", "1:11 1205", "write 5m"},
        {"duration: 10sec", "1:11 1205", "write 10s"},
        {"duration: 2H", "1:11 1205", "write 2h"},
        {"duration: 1.5s", "1:11 1205", "smaller unit"},
        {"duration: 1h30m", "1:11 1205", "90m"},
        {"duration: PT5M", "1:11 1203", "500ms"},
        {"duration: soon", "1:11 1203", "a duration"},
        {"duration: 99999999999999d", "1:11 1204", "too large"},
        {"duration: 0s", "1:11 1204", "at least 1us"},
        {"size: 10MB", "1:7 1205", "write 10MiB"},
        {"size: 10k", "1:7 1205", "write 10KiB"},
        {"size: 10", "1:7 1205", "write 10MiB"},
        {"word: laast", "1:7 1206", "did you mean 'last'?"},
        {"word: zzzzzz", "1:7 1206", "none, first, last"},
        {"field: amuont", "1:8 2104", "did you mean 'amount'?"},
        {"fields: [user, nothing]", "1:16 2104", "user, amount"},
        {"fields: user", "1:9 1203", "write [user]"},
        {"list: [a, [b], {c: d}, null]", "1:11 1203, 1:16 1203, 1:24 1203", ""},
        {"list: a", "1:7 1203", "write [a]"},
        {"text: [a]", "1:7 1203", "a text, but is a list"},
        {"any: {a: yes, b: [Off]}", "1:10 1210, 1:19 1210", "\"yes\""},
        {"group: 1", "1:8 1203", ""},
        {"group: {}", "1:1 1202", "'group' needs the option 'x'"},
        {"group: {x: 1, z: 1}", "1:15 1201", "'group' has no option 'z'"},
        {"group: {x: a, y: b}", "1:12 1203, 1:18 1203", ""},
        {"map: {p: 1, q: {}}", "1:10 1203, 1:13 1202", ""},
        {"map: [a]", "1:6 1203", ""},
        {"group: {labl: 1, x: 1}", "1:9 1201", "did you mean 'label'?"},
        {"number: ${NO}", "1:9 1101", ""}, /* once, not once more as no number */
        {"secret: [a]", "1:9 1203", ""},
        {"expression: ~", "1:1 1207", ""},
        {"[a]", "1:1 1203", "must be a map"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int rc = bind(cases[i].yaml);
        char *found = case_summary(&c), *text = case_text(&c);

        if (strcmp(found, cases[i].problems) != 0 || !strstr(text, cases[i].help))
            print_error("for: %s\nfound: %s\n", cases[i].yaml, text);
        assert_string_equal(found, cases[i].problems);
        assert_non_null(strstr(text, cases[i].help));
        /* A warning is no error. */
        assert_int_equal(rc, strstr(cases[i].problems, "1208") ? 0 : STREAMD_E_REPORTED);
        free(found);
        free(text);
        case_clear(&c);
        arena_clear(&arena);
    }
}

/* A key that is nearly right is not also missed. */
static void one_slip_is_one_message(void **state)
{
    char *found;

    (void)state;
    bind("map: {p: {xx: 1}}");
    found = case_summary(&c);
    assert_string_equal(found, "1:11 1201");
    free(found);
}

static void secrets_are_not_echoed(void **state)
{
    static const struct streamd_option secrets[] = {
        {.name = "pin",
         .type = STREAMD_OPTION_INT,
         .flags = STREAMD_OPTION_SECRET,
         AT(number),
         .minimum = 1,
         .maximum = 9,
         .doc = "A pin"},
        {.name = "wait",
         .type = STREAMD_OPTION_DURATION,
         .flags = STREAMD_OPTION_SECRET,
         AT(duration),
         .doc = "A wait"},
        {.name = "word",
         .type = STREAMD_OPTION_ENUM,
         .flags = STREAMD_OPTION_SECRET,
         AT(word),
         .choices = words,
         .doc = "A word"},
        {.name = "list",
         .type = STREAMD_OPTION_STRINGS,
         .flags = STREAMD_OPTION_SECRET,
         AT(list),
         .doc = "A list"},
        {.name = "open", .type = STREAMD_OPTION_INT, AT(size), .doc = "No secret"},
        {0},
    };
    struct options_context context = {
        .arena = &arena, .diagnostics = &c.diagnostics, .owner = "it"};
    char *text;

    (void)state;
    case_load(&c, "{pin: hunter2, wait: 77hunter2, word: hunter2, list: hunter2, open: x}");
    memset(&target, 0, sizeof(target));
    assert_int_equal(options_bind(&context, secrets, c.document.root, SPAN_NONE, &target),
                     STREAMD_E_REPORTED);
    text = case_text(&c);
    assert_null(strstr(text, "hunter2"));
    assert_non_null(strstr(text, "{pin: ***, wait: ***, word: ***, list: ***, open: x}"));
    free(text);
}

/* --- Texts of durations and sizes --------------------------------------------------------------
 */

static void durations_and_sizes(void **state)
{
    static const struct {
        const char *text;
        int64_t us;
    } good[] = {{"1us", 1},         {"500ms", 500000},
                {"30s", 30000000},  {"5m", 300000000},
                {"1h", 3600000000}, {"2d", 172800000000},
                {"0", 0},           {"0s", 0},
                {"-5s", -5000000},  {"106751991d", 9223372022400000000}};
    struct streamd_error error;
    struct text out = {0};
    int64_t value;

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(options_parse_duration(good[i].text, &value, &error), 0);
        assert_true(value == good[i].us);
        options_print_duration(value, &out);
        assert_string_equal(text_get(&out), strcmp(good[i].text, "0") ? good[i].text : "0s");
        text_reset(&out);
    }
    assert_int_equal(options_parse_duration("106751992d", &value, &error), STREAMD_E_INVALID);
    assert_int_equal(options_parse_duration("", &value, &error), STREAMD_E_INVALID);
    assert_int_equal(options_parse_duration("s", &value, &error), STREAMD_E_INVALID);
    assert_int_equal(options_parse_duration("5s ", &value, &error), STREAMD_E_INVALID);
    assert_int_equal(options_parse_size("8191PiB", &value, &error), STREAMD_E_INVALID);
    assert_int_equal(options_parse_size("3GiB", &value, &error), 0);
    assert_true(value == 3221225472);
    options_print_size(3221225472, &out);
    options_print_size(1000, &out);
    assert_string_equal(text_get(&out), "3GiB1000B");
    text_clear(&out);
    assert_int_equal(options_parse_int("-12", &value, &error), 0);
    assert_int_equal(value, -12);
}

/* --- Tables ------------------------------------------------------------------------------------
 */

static void a_good_table_passes(void **state)
{
    static const struct streamd_option empty[] = {{0}};
    struct streamd_error error = {0};
    /* `later` shares the bytes of `old`, which is only fine for keys of the engine. */
    size_t last = sizeof(table) / sizeof(table[0]) - 2;
    struct streamd_option copy[sizeof(table) / sizeof(table[0])];

    (void)state;
    memcpy(copy, table, sizeof(table));
    memset(&copy[last], 0, sizeof(copy[last]));
    assert_int_equal(options_check_table(copy, sizeof(struct target), &error), 0);
    assert_int_equal(options_check_table(empty, 0, &error), 0);
    assert_int_equal(options_check_table(NULL, 0, &error), 0);
}

static void bad_tables_are_refused(void **state)
{
    static const struct streamd_option cycle[] = {
        {.name = "again",
         .type = STREAMD_OPTION_GROUP,
         .children = cycle,
         .children_size = 8,
         .doc = "It"},
        {0},
    };
    static const char *const none[] = {NULL};
    static const struct streamd_option good = {
        .name = "a", .type = STREAMD_OPTION_INT, .offset = 8, .doc = "It"};
    struct {
        struct streamd_option option;
        const char *word;
    } cases[16];
    size_t n = 0;

    (void)state;
#define BAD(word_, ...)                 \
    do {                                \
        struct streamd_option o = good; \
        __VA_ARGS__;                    \
        cases[n].option = o;            \
        cases[n++].word = word_;        \
    } while (0)
    BAD("name", o.name = "A");
    BAD("name", o.name = "");
    BAD("type", o.type = 17);
    BAD("outside", o.offset = 16);
    BAD("outside", o.offset = UINT32_MAX - 4);
    BAD("aligned", o.offset = 4);
    BAD("present_offset", o.present_offset = 16);
    BAD("no doc", o.doc = NULL);
    BAD("choices", (o.type = STREAMD_OPTION_ENUM, o.choices = none));
    BAD("children", (o.type = STREAMD_OPTION_GROUP, o.children_size = 8));
    BAD("required and", (o.flags = STREAMD_OPTION_REQUIRED, o.default_text = "1"));
    BAD("cannot have a default", (o.type = STREAMD_OPTION_EXPRESSION, o.default_text = "1"));
    BAD("default", o.default_text = "x");
    BAD("nested",
        (o.type = STREAMD_OPTION_GROUP, o.offset = 0, o.children = cycle, o.children_size = 8));
#undef BAD
    for (size_t i = 0; i < n; i++) {
        struct streamd_option two[2] = {cases[i].option, {0}};
        struct streamd_error error = {0};

        assert_int_equal(options_check_table(two, 16, &error), STREAMD_E_PLUGIN);
        if (!strstr(error.message, cases[i].word))
            print_error("found: %s\n", error.message);
        assert_non_null(strstr(error.message, cases[i].word));
    }
}

static void members_must_not_overlap(void **state)
{
    struct streamd_option two[3] = {
        {.name = "a", .type = STREAMD_OPTION_INT, .offset = 0, .doc = "It"},
        {.name = "b", .type = STREAMD_OPTION_BOOL, .offset = 7, .doc = "It"},
        {0}};
    struct streamd_error error;

    (void)state;
    assert_int_equal(options_check_table(two, 16, &error), STREAMD_E_PLUGIN);
    assert_non_null(strstr(error.message, "shares"));
    two[1].offset = 8;
    assert_int_equal(options_check_table(two, 16, &error), 0);
    two[1].name = "a";
    assert_int_equal(options_check_table(two, 16, &error), STREAMD_E_PLUGIN);
    assert_non_null(strstr(error.message, "twice"));
}

/* --- Memory ------------------------------------------------------------------------------------
 */

static void every_allocation_may_fail(void **state)
{
    static const char yaml[] = "{number: x, list: [a, b], any: {a: 1}, map: {p: {x: 1}, q: {}},\n"
                               " group: {x: 1, labl: 2}, fields: [user, nobody], secret: s}";

    (void)state;
    for (uint64_t n = 1;; n++) {
        uint64_t made;
        int rc;

        memory_fail_at(n, n % 2 == 0);
        rc = bind(yaml);
        made = memory_fail_at(0, 0);
        assert_true(rc == STREAMD_E_REPORTED || rc == STREAMD_E_NOMEM);
        case_clear(&c);
        arena_clear(&arena);
        if (made < n)
            break;
        assert_true(n < 2000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(defaults_apply, tear_down),
        cmocka_unit_test_teardown(values_arrive, tear_down),
        cmocka_unit_test_teardown(quoted_scalars_are_typed_by_the_table, tear_down),
        cmocka_unit_test_teardown(problems_have_code_and_place, tear_down),
        cmocka_unit_test_teardown(one_slip_is_one_message, tear_down),
        cmocka_unit_test_teardown(secrets_are_not_echoed, tear_down),
        cmocka_unit_test(durations_and_sizes),
        cmocka_unit_test(a_good_table_passes),
        cmocka_unit_test(bad_tables_are_refused),
        cmocka_unit_test(members_must_not_overlap),
        cmocka_unit_test_teardown(every_allocation_may_fail, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
