/* YAML files as trees: what is read, what is refused and where, interpolation, rendering. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/memory.h"
#include "config_case.h"

#include <unistd.h>

static struct config_case c;

static int tear_down(void **state)
{
    (void)state;
    case_clear(&c);
    return 0;
}

/* --- Trees -------------------------------------------------------------------------------------
 */

static void maps_lists_and_scalars(void **state)
{
    struct node *b;

    (void)state;
    case_load(&c, "a: 1\nb:\n  - x\n  - {k: 'v', l: []}\nc: \"q\"\n");
    assert_int_equal(c.rc, 0);
    assert_int_equal(c.document.root->kind, NODE_MAP);
    assert_int_equal(c.document.root->count, 3);
    assert_string_equal(document_get(c.document.root, "a")->text, "1");
    b = document_get(c.document.root, "b");
    assert_int_equal(b->kind, NODE_LIST);
    assert_int_equal(b->count, 2);
    assert_string_equal(b->first->text, "x");
    assert_string_equal(document_find(c.document.root, "b.1.k")->text, "v");
    assert_int_equal(document_find(c.document.root, "b.1.k")->style, NODE_SINGLE_QUOTED);
    assert_int_equal(document_find(c.document.root, "b.1.l")->count, 0);
    assert_int_equal(document_find(c.document.root, "c")->style, NODE_DOUBLE_QUOTED);
    assert_null(document_get(c.document.root, "d"));
    assert_null(document_get(b, "a"));
    assert_null(document_get(NULL, "a"));
    /* The deepest node on the way. */
    assert_ptr_equal(document_find(c.document.root, "b.1.nothing"), b->first->next);
    assert_ptr_equal(document_find(c.document.root, "b.7"), b);
}

static void assert_place(const char *path, unsigned line, unsigned column, unsigned length)
{
    struct node *n = document_find(c.document.root, path);
    struct text text = {0};
    uint32_t l, k;

    document_position(&c.document, n->offset, &l, &k);
    assert_int_equal(l, line);
    assert_int_equal(k, column);
    assert_int_equal(n->length, length);
    document_path(n, &text);
    assert_string_equal(text_get(&text), path);
    text_clear(&text);
}

static void places_and_paths(void **state)
{
    (void)state;
    /* A byte order mark, umlauts, an anchor, block scalars, a comment behind. */
    case_load(&c, "\xef\xbb\xbf"
                  "x: \xc3\xa4\xc3\xb6\n"
                  "\xc3\xa4: {b: [1, &k 'two'], c: *k}\n"
                  "s: |-  # text\n"
                  "  one\n"
                  "  two\n"
                  "\n"
                  "# end\n"
                  "t: >\n"
                  "   folded\n");
    assert_int_equal(c.rc, 0);
    assert_place("x", 1, 4, 4);
    assert_place("\xc3\xa4", 2, 4, 25);
    assert_place("\xc3\xa4.b", 2, 8, 13);
    assert_place("\xc3\xa4.b.0", 2, 9, 1);
    assert_place("\xc3\xa4.b.1", 2, 15, 5);
    assert_place("\xc3\xa4.c", 2, 15, 5); /* an alias stands where its anchor is */
    assert_place("s", 3, 4, 22);
    assert_place("t", 8, 4, 11);
}

static void texts_in_every_style(void **state)
{
    static const struct {
        const char *yaml, *text;
    } cases[] = {
        {"k: a b", "a b"},
        {"k: a\n  b\n\n  c", "a b\nc"},
        {"k: 'it''s'", "it's"},
        {"k: 'a\n  b'", "a b"},
        {"k: \"\\x41\\u00e4\\U0001F600\\n\\t\\\\\\\"\\/\"", "A\xc3\xa4\xf0\x9f\x98\x80\n\t\\\"/"},
        {"k: \"a\\\n   b\"", "ab"},
        {"k: |\n a\n  b\n", "a\n b\n"},
        {"k: |-\n a\n\n", "a"},
        {"k: |+\n a\n\n", "a\n\n"},
        {"k: |2\n   a\n", " a\n"},
        {"k: >\n a\n b\n\n c\n", "a b\nc\n"},
        {"k: ''", ""},
        {"k: 00123", "00123"},
        {"k: no", "no"},
        {"k: a#b", "a#b"},
        {"k: a:b", "a:b"},
        {"k: $.a.b", "$.a.b"},
        {"k: \xe6\xbc\xa2", "\xe6\xbc\xa2"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        case_load(&c, cases[i].yaml);
        assert_int_equal(c.rc, 0);
        assert_string_equal(document_get(c.document.root, "k")->text, cases[i].text);
        case_clear(&c);
    }
}

static void nothing_and_null(void **state)
{
    static const struct {
        const char *yaml;
        int is_null;
    } cases[] = {{"k:", 1},          {"k: ~", 1},        {"k: null", 1},        {"k: ''", 0},
                 {"k: \"null\"", 0}, {"k: ${EMPTY}", 0}, {"k: ${NO:-null}", 0}, {"k: Null", 0},
                 {"k: 0", 0},        {"k: []", 0}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        case_load(&c, cases[i].yaml);
        assert_int_equal(node_is_null(document_get(c.document.root, "k")), cases[i].is_null);
        case_clear(&c);
    }
}

static void aliases_are_copies(void **state)
{
    struct node *a, *b;

    (void)state;
    case_load(&c, "a: &x {k: [1, 2]}\nb: *x\n");
    assert_int_equal(c.rc, 0);
    a = document_find(c.document.root, "a.k.1");
    b = document_find(c.document.root, "b.k.1");
    assert_ptr_not_equal(a, b);
    assert_string_equal(b->text, "2");
    assert_int_equal(a->offset, b->offset);
    assert_ptr_equal(b->parent->parent, document_get(c.document.root, "b"));
    assert_string_equal(b->parent->key->text, "k");
}

/* --- What is refused ---------------------------------------------------------------------------
 */

static void problems_have_their_place(void **state)
{
    static const struct {
        const char *yaml, *problems;
    } cases[] = {
        /* the file */
        {"", "1:1 1011"},
        {"# only a comment\n", "1:1 1011"},
        {"---\n", "2:1 1011"},
        {"a: b\n\xff: c\n", "2:1 1003"},
        {"a: \xed\xa0\x80\n", "1:4 1003"},
        {"\xff\xfe"
         "a",
         "1:1 1003"},
        {"a: \xc3\xa4\x1b\n", "1:5 1004"},
        {"a: b\x7f\n", "1:5 1004"},
        {"a: \xc2\x80\n", "1:4 1004"},
        {"a: x\xef\xbb\xbf\n", "1:5 1004"},
        {"a: \"\\0\"\n", "1:4 1004"},
        {"%YAML 1.1\n---\na: 1\n", "1:1 1012"},
        {"# x\n\n%TAG ! x\n---\na: 1\n", "3:1 1012"},
        {"a: 1\n---\nb: 2\n", "2:1 1010"},
        {"a: 1\n...\n# fine\n", ""},
        {"a: 1\n...\n%YAML 1.1\n", "3:1 1010"},
        {"a: 1\n]\n", "2:1 1005"},
        /* tabs */
        {"a:\n\tb: 1\n", "2:1 1006"},
        {"a:\tb\nc: d # \t fine\n", "1:3 1006"},
        {"a: 'x\ty'\nb: x\ty\nc: |\n  x\ty\n", ""},
        {"a: 1\t\n", "1:5 1006"},
        /* tags, merge keys, aliases */
        {"a: !x 1\nb: ! 2\nc: !!str 3\n", "1:4 1020, 2:4 1020, 3:4 1020"},
        {"a: &m {x: 1}\nb: {<<: *m}\nc: {\"<<\": 1}\n", "2:5 1021"},
        {"a: *b\n", "1:4 1022"},
        {"a: &b [*b]\n", "1:8 1023"},
        {"a: &b 1\nc: &b 2\n", "2:7 1025"},
        {"? *a\n: 1\n", "1:3 1031"},
        /* keys */
        {"a: 1\nb: 2\na: 3\n", "3:1 1030"},
        {"a: {b: 1, \"b\": 2}\n", "1:11 1030"},
        {"1: x\n2.5: x\n-3: x\n0x1f: x\n1a: x\n", "1:1 1031, 2:1 1031, 3:1 1031, 4:1 1031"},
        {"yes: 1\nNo: 1\non: 1\nOFF: 1\ntrue: 1\ny: 1\nn: 1\n",
         "1:1 1031, 2:1 1031, 3:1 1031, 4:1 1031, 5:1 1031"},
        {"\"yes\": 1\n'1': 1\n", ""},
        {"? [a]\n: 1\n? {b: 1}\n: 2\nc: 3\n", "1:3 1031, 3:3 1031"},
        {"'': 1\n? \n: 2\n", "1:1 1032, 2:2 1032"},
        {": 1\n", "1:1 1032"},
        {"${A}: 1\n", "1:1 1034"},
        /* torn values */
        {"a: {d: date_trunc('day', at), n: 1}\n", "1:8 1033"},
        {"a: {d: f(x, 1), e: f(x, 1)}\n", "1:8 1033, 1:20 1033"},
        {"a: {d: f(g(x, 1), 2), e: 1}\n", "1:8 1033"},
        {"a: {t: decimal(38,2)}\n", "1:8 1033"},
        {"a: {t: f(x, b}\n", "1:8 1033"},
        {"a: {t: round(a, 2)::int, b}\n", "1:8 1033"},
        {"a:\n  d: date_trunc('day', at)\n", ""},
        {"a: {t: f(x), b: }\n", ""},
        {"a: {d: 'f(x', y)}\n", ""},
        /* references */
        {"a: ${NO}\nb: \"x ${NO} ${NO2:?say it}\"\n", "1:4 1101, 2:7 1101, 2:13 1102"},
        {"a: ${EMPTY:?m} ${EMPTY:?}\n", "1:4 1102, 1:16 1101"},
        {"a: ${A:x} ${A-x} ${A:=x} ${A:+x} ${} ${1} ${A\n",
         "1:4 1103, 1:11 1103, 1:18 1103, 1:26 1103, 1:34 1103, 1:38 1103, 1:43 1103"},
        {"a: ${A:-${B}}\n", "1:4 1103"},
        {"a: ${cred:x} ${file:x} ${cred:../x} ${file:/no/such/file}\n",
         "1:4 1104, 1:14 1105, 1:24 1104, 1:37 1105"},
        {"a: ${CONTROL}\n", "1:4 1106"},
        {"a: ${LONG}${LONG}\n", "1:11 1106"},
        {"a: $${NO} $A $ ${A} {$\n", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *found;

        case_load(&c, cases[i].yaml);
        found = case_summary(&c);
        if (strcmp(found, cases[i].problems) != 0)
            print_error("for: %s\n", cases[i].yaml);
        assert_string_equal(found, cases[i].problems);
        assert_int_equal(c.rc, *found ? STREAMD_E_REPORTED : 0);
        free(found);
        case_clear(&c);
    }
}

/* YAML that cannot be read: the place, and a word of the help or message. */
static void broken_yaml_is_explained(void **state)
{
    static const struct {
        const char *yaml, *place, *word;
    } cases[] = {
        {"where: name = 'a: b'\n", "1:8:", "': '"},
        {"a:\n  where: 'x' = y\n  b: 1\n", "2:10:", "begins with a quote"},
        {"a: {w: 'x' = y, b: 1}\n", "1:8:", "begins with a quote"},
        {"a: {p: ${OUT}/x, b: 1}\n", "1:8:", "\"${OUT}/x\""},
        {"a: {b: 1\nc: 2\n", "1:4:", "'{' is not closed"},
        {"a: [1,\n  2\n", "1:4:", "'[' is never closed"},
        {"a: \"x\nb: 1\n", "1:4:", "never closed"},
        {"a: 'x\nb: 1\n", "1:4:", "never closed"},
        {"a: \"^\\d+\"\n", "1:6:", "single quotes"},
        {"a: @x\n", "1:4:", "cannot begin with '@'"},
        {"a: `x`\n", "1:4:", "cannot begin with '`'"},
        {"a: %x\n", "1:4:", "cannot begin with '%'"},
        {"a: > 5\n", "1:4:", "block of text"},
        {"a: | x\n", "1:4:", "block of text"},
        {"a: *\n", "1:4:", "alias"},
        {"a: & x\n", "1:4:", "anchor"},
        {"a: - b\n", "1:4:", "list"},
        {"a:\n  b: 1\n c: 2\n", "3:2:", "same column"},
        {"a:\n  b: 1\n    c: 2\n", "3:5:", "value already"},
        {"a:\n  b\n  c: 1\n", "3:3:", "no ':'"},
        {"a:\n  - 1\n  b: 2\n", "3:3:", "same column"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *text, place[32];

        case_load(&c, cases[i].yaml);
        assert_int_equal(c.rc, STREAMD_E_REPORTED);
        assert_null(c.document.root);
        text = case_text(&c);
        snprintf(place, sizeof(place), "case.yaml:%s error", cases[i].place);
        if (!strstr(text, place) || !strstr(text, cases[i].word))
            print_error("for: %s\nfound: %s\n", cases[i].yaml, text);
        assert_non_null(strstr(text, place));
        assert_non_null(strstr(text, cases[i].word));
        free(text);
        case_clear(&c);
    }
}

/* --- Bounds ------------------------------------------------------------------------------------
 */

static void expect_only(const char *yaml, size_t length, const char *problem)
{
    char *found;

    case_load_bytes(&c, yaml, length);
    found = case_summary(&c);
    assert_string_equal(found, problem);
    free(found);
    case_clear(&c);
}

static void bounds_hold(void **state)
{
    size_t size = (size_t)2 << 20, length = 0;
    char *yaml = malloc(size);

    (void)state;
    assert_non_null(yaml);
    memset(yaml, '[', 100000);
    expect_only(yaml, 100000, "1:65 1007");
    for (length = 0; length < 100000; length += 4)
        memcpy(yaml + length, "{a: ", 4);
    expect_only(yaml, length, "1:257 1007");
    length = 0;
    for (int i = 0; i < 100; i++)
        length += (size_t)sprintf(yaml + length, "%*sk:\n", i, "");
    expect_only(yaml, length, "65:65 1007");
    memset(yaml, 'x', size);
    memcpy(yaml, "a: ", 3);
    expect_only(yaml, 3 + (64 << 10), "");
    expect_only(yaml, 4 + (64 << 10), "1:4 1009");
    expect_only(yaml, (1 << 20) + 1, "1:1 1002");
    memcpy(yaml, "a: [", 4);
    for (length = 4; length < 200100; length += 2)
        memcpy(yaml + length, "1,", 2);
    /* With the map, its key and the list there is room for 99,997 items, two columns each. */
    expect_only(yaml, length, "1:199999 1008");
    length = 0;
    for (int i = 0; i <= 1000; i++)
        length += (size_t)sprintf(yaml + length, "k%d: &a%d 1\n", i, i);
    expect_only(yaml, length, "1001:15 1024");
    free(yaml);
}

static void alias_bombs_stop(void **state)
{
    char yaml[4096];
    int length = sprintf(yaml, "a: &a [x,x,x,x,x,x,x,x,x]\n");

    (void)state;
    for (char k = 'b'; k <= 'j'; k++) {
        length += sprintf(yaml + length, "%c: &%c [", k, k);
        for (int i = 0; i < 9; i++)
            length += sprintf(yaml + length, "%s*%c", i ? "," : "", k - 1);
        length += sprintf(yaml + length, "]\n");
    }
    case_load(&c, yaml);
    assert_int_equal(c.rc, STREAMD_E_REPORTED);
    assert_null(c.document.root);
    assert_true(c.document.arena.bytes < (12u << 20));
}

/* --- Interpolation -----------------------------------------------------------------------------
 */

static void references_are_replaced(void **state)
{
    static const struct {
        const char *yaml, *text;
    } cases[] = {
        {"k: ${A}", "alpha"},
        {"k: x${A}y${NUMBER}z", "xalphay12z"},
        {"k: \"${A}\"", "alpha"},
        {"k: '${A}'", "alpha"},
        {"k: |-\n ${A}\n b", "alpha\nb"},
        {"k: ${NO:-}", ""},
        {"k: ${NO:-a b}", "a b"},
        {"k: ${EMPTY:-d}", "d"},
        {"k: ${EMPTY}", ""},
        {"k: ${A:-d}", "alpha"},
        {"k: ${A:?needed}", "alpha"},
        {"k: $${A}", "${A}"},
        {"k: $$${A}", "$${A}"},
        {"k: $$A $A $", "$$A $A $"},
        {"k: ${BRACES}", "${A}"}, /* a value is not looked at again */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        case_load(&c, cases[i].yaml);
        assert_int_equal(c.rc, 0);
        assert_string_equal(document_get(c.document.root, "k")->text, cases[i].text);
        case_clear(&c);
    }
}

/* Writes a file below a folder of this test's own; the path is static. */
static const char *make_file(const char *name, const char *content)
{
    static char path[128];
    FILE *f;

    snprintf(path, sizeof(path), "/tmp/streamd-config-%ld-%s", (long)getpid(), name);
    f = fopen(path, "w");
    assert_non_null(f);
    fputs(content, f);
    fclose(f);
    return path;
}

static void secrets_come_from_files_and_stay_there(void **state)
{
    struct document_environment environment = case_environment;
    const char *path = make_file("secret", "hunter2\n");
    char yaml[512], *text;
    struct text out = {0};

    (void)state;
    environment.credentials = "/tmp";
    snprintf(yaml, sizeof(yaml), "a: \"user:${file:%s}\"\nb: ${cred:%s}\nc: plain\n", path,
             path + 5);
    diagnostics_init(&c.diagnostics, "case.yaml");
    c.rc = document_load_text(&c.document, yaml, strlen(yaml), &environment, &c.diagnostics);
    unlink(path);
    assert_int_equal(c.rc, 0);
    assert_string_equal(document_get(c.document.root, "a")->text, "user:hunter2");
    assert_string_equal(document_get(c.document.root, "b")->text, "hunter2");
    assert_true(document_get(c.document.root, "a")->secret);
    assert_false(document_get(c.document.root, "c")->secret);
    document_yaml(c.document.root, &out);
    document_json(c.document.root, &out, 1);
    diagnostics_add(&c.diagnostics, 1203, node_span(document_get(c.document.root, "a")), NULL,
                    "it is %s", document_quote(&c.diagnostics, document_get(c.document.root, "a")));
    text = case_text(&c);
    assert_null(strstr(text, "hunter2"));
    assert_null(strstr(text_get(&out), "hunter2"));
    assert_non_null(strstr(text_get(&out), "a: '***'"));
    free(text);
    text_clear(&out);
}

/* --- Rendering ---------------------------------------------------------------------------------
 */

static void json_keeps_types(void **state)
{
    struct text out = {0};

    (void)state;
    case_load(&c, "a: [1, -2.5e3, true, null, ~, '1', \"true\", 01, yes, x]\nb: {c: {}, d: []}\n"
                  "e: \"q\\\"\\n\"\n");
    document_json(c.document.root, &out, 0);
    assert_string_equal(text_get(&out),
                        "{\"a\":[1,-2.5e3,true,null,null,\"1\",\"true\",\"01\","
                        "\"yes\",\"x\"],\"b\":{\"c\":{},\"d\":[]},\"e\":\"q\\\"\\n\"}");
    text_clear(&out);
}

/* What is written reads back to the same JSON. */
static void yaml_reads_back(void **state)
{
    static const char *const texts[] = {
        "a: 1\nb: [x, [y, {z: w}], []]\nc: {d: {}, e: ''}\n",
        ("h: ~\ni: ${EMPTY}\nj: ${NO:-null}\nk: ${NO:-~}\nl: ${NUMBER}\na: '1'\nb: \"true\"\nc: "
         "'null'\nd: null\ne:\nf: '~'\ng: 'yes'\n"),
        "a: \"tab\\there \\u00e4 $${A} ${A}\"\nb: |\n  two\n  lines\nc: ' lead'\nd: 'trail '\n",
        "\"on\": x\n'1': y\n\"a b\": z\n\"#\": '# no'\n\"-\": '- a'\n",
        "a: 'x: y'\nb: 'x #y'\nc: '*x'\nd: '&x'\ne: '!x'\nf: '@x'\ng: '%'\nh: '>'\n",
        "- a\n- - b\n  - c\n- {}\n- d: 1\n  e: [1]\n",
        "a: 'it''s'\nb: \"\xe6\xbc\xa2\xc3\xa4\"\nc: -1\nd: '-1'\ne: -x\nf: .5\ng: '.5'\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct text first = {0}, yaml = {0}, second = {0};

        case_load(&c, texts[i]);
        assert_int_equal(c.rc, 0);
        document_json(c.document.root, &first, 0);
        document_yaml(c.document.root, &yaml);
        case_clear(&c);
        case_load(&c, text_get(&yaml));
        if (c.rc)
            print_error("wrote: %s\n", text_get(&yaml));
        assert_int_equal(c.rc, 0);
        document_json(c.document.root, &second, 0);
        assert_string_equal(text_get(&second), text_get(&first));
        case_clear(&c);
        text_clear(&first);
        text_clear(&yaml);
        text_clear(&second);
    }
}

/* --- Memory ------------------------------------------------------------------------------------
 */

static void every_allocation_may_fail(void **state)
{
    static const char yaml[] = "a: &x {k: [1, \"${A}-${NO}\", 'x']}\nb: *x\na: 2\n"
                               "c: {d: f(x, 1), e: !t 1}\nd: *no\n";

    (void)state;
    for (uint64_t n = 1;; n++) {
        uint64_t made;
        char *text;

        memory_fail_at(n, n % 2 == 0);
        case_load(&c, yaml);
        made = memory_fail_at(0, 0);
        assert_true(c.rc == STREAMD_E_REPORTED || c.rc == STREAMD_E_NOMEM);
        text = case_text(&c);
        free(text);
        case_clear(&c);
        if (made < n)
            break;
        assert_true(n < 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(maps_lists_and_scalars, tear_down),
        cmocka_unit_test_teardown(places_and_paths, tear_down),
        cmocka_unit_test_teardown(texts_in_every_style, tear_down),
        cmocka_unit_test_teardown(nothing_and_null, tear_down),
        cmocka_unit_test_teardown(aliases_are_copies, tear_down),
        cmocka_unit_test_teardown(problems_have_their_place, tear_down),
        cmocka_unit_test_teardown(broken_yaml_is_explained, tear_down),
        cmocka_unit_test_teardown(bounds_hold, tear_down),
        cmocka_unit_test_teardown(alias_bombs_stop, tear_down),
        cmocka_unit_test_teardown(references_are_replaced, tear_down),
        cmocka_unit_test_teardown(secrets_come_from_files_and_stay_there, tear_down),
        cmocka_unit_test_teardown(json_keeps_types, tear_down),
        cmocka_unit_test_teardown(yaml_reads_back, tear_down),
        cmocka_unit_test_teardown(every_allocation_may_fail, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
