/* What users see: excerpts, carets, notes, order, JSON, and what they must not see. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "config/codes.h"
#include "config_case.h"

static struct config_case c;

static int tear_down(void **state)
{
    (void)state;
    case_clear(&c);
    return 0;
}

/* The problem is at the first MARK in the text, `length` bytes long. */
static char *printed(const char *yaml, const char *mark, uint32_t length, const char *help)
{
    struct span at;
    const char *place;

    case_load(&c, yaml);
    place = strstr(c.document.data, mark);
    assert_non_null(place);
    at = (struct span){(uint32_t)(place - c.document.data), length, NULL};
    diagnostics_add(&c.diagnostics, 2104, at, help, "no field '%s'", mark);
    return case_text(&c);
}

static void expect(const char *yaml, const char *mark, uint32_t length, const char *want)
{
    char *text = printed(yaml, mark, length, NULL);

    assert_string_equal(text, want);
    free(text);
    case_clear(&c);
}

static void a_caret_under_the_word(void **state)
{
    char *text;

    (void)state;
    text = printed("a: 1\nselect: {total: sum(amout), n: count(*)}\n", "amout", 5,
                   "did you mean 'amount'?");
    assert_string_equal(text, "case.yaml:2:21: error[SD2104]: no field 'amout'\n"
                              "    2 | select: {total: sum(amout), n: count(*)}\n"
                              "      |                     ^^^^^\n"
                              "   help: did you mean 'amount'?\n");
    free(text);
}

static void carets_stand_right(void **state)
{
    (void)state;
    /* Characters of two and three bytes count one column; wide ones take two on the screen. */
    expect("\xc3\xa4: \"\xc3\xb6 x\"\n", "x", 1,
           "case.yaml:1:7: error[SD2104]: no field 'x'\n"
           "    1 | \xc3\xa4: \"\xc3\xb6 x\"\n"
           "      |       ^\n");
    expect("a: \"\xe6\xbc\xa2\xe5\xad\x97 x\"\n", "x", 1,
           "case.yaml:1:8: error[SD2104]: no field 'x'\n"
           "    1 | a: \"\xe6\xbc\xa2\xe5\xad\x97 x\"\n"
           "      |          ^\n");
    expect("a: \"\xe6\xbc\xa2\xe5\xad\x97\"\n", "\xe6\xbc\xa2\xe5\xad\x97", 6,
           "case.yaml:1:5: error[SD2104]: no field '\xe6\xbc\xa2\xe5\xad\x97'\n"
           "    1 | a: \"\xe6\xbc\xa2\xe5\xad\x97\"\n"
           "      |     ^^^^\n");
    /* A combining mark takes no room. */
    expect("a: \"e\xcc\x81 x\"\n", "x", 1,
           "case.yaml:1:8: error[SD2104]: no field 'x'\n"
           "    1 | a: \"e\xcc\x81 x\"\n"
           "      |       ^\n");
    /* Tabs go to the next multiple of four. */
    expect("a: \"\tx\"\n", "x", 1,
           "case.yaml:1:6: error[SD2104]: no field 'x'\n"
           "    1 | a: \"    x\"\n"
           "      |         ^\n");
    /* Carriage returns belong to the line's end. */
    expect("a: b\r\nc: x\r\n", "x", 1,
           "case.yaml:2:4: error[SD2104]: no field 'x'\n"
           "    2 | c: x\n"
           "      |    ^\n");
    /* A piece that goes on behind the line ends with it; a point is one caret. */
    expect("a: |\n  x y\n  z\n", "x", 9,
           "case.yaml:2:3: error[SD2104]: no field 'x'\n"
           "    2 |   x y\n"
           "      |   ^^^\n");
    expect("a: x\n", "x", 0,
           "case.yaml:1:4: error[SD2104]: no field 'x'\n"
           "    1 | a: x\n"
           "      |    ^\n");
    expect("a: x", "x", 1,
           "case.yaml:1:4: error[SD2104]: no field 'x'\n"
           "    1 | a: x\n"
           "      |    ^\n");
}

static void long_lines_are_cut_around_the_caret(void **state)
{
    char yaml[1000], *text, *line, *caret;
    size_t length = (size_t)sprintf(yaml, "a: ");

    (void)state;
    for (int i = 0; i < 120; i++)
        length += (size_t)sprintf(yaml + length, "%03d ", i);
    strcpy(strstr(yaml, "077"), "MARK");
    yaml[strlen(yaml)] = ' ';
    text = printed(yaml, "MARK", 4, NULL);
    line = strchr(text, '\n') + 1;
    caret = strchr(line, '\n') + 1;
    assert_true(strchr(line, '\n') - line < 130);
    assert_non_null(strstr(line, "MARK"));
    assert_non_null(strstr(line, "| ... "));
    assert_int_equal(strstr(line, "MARK") - line, strchr(caret, '^') - caret);
    free(text);
}

/* What could drive a terminal comes out harmless, in excerpts and in messages. */
static void terminals_are_safe(void **state)
{
    char *text;

    (void)state;
    case_load(&c, "a: b\n\x1b]0;title\x07\x1b[31mred\n");
    diagnostics_add(&c.diagnostics, 1203, (struct span){0, 1, NULL}, "help\x1b[2J",
                    "a \x1b[31m message\nand \xe2\x80\xae two \xc2\x9b lines");
    text = case_text(&c);
    for (const char *p = text; *p; p++)
        assert_true((unsigned char)*p >= 0x20 || *p == '\n');
    assert_null(strstr(text, "\xe2\x80\xae"));
    assert_null(strstr(text, "\xc2\x9b"));
    assert_non_null(strstr(text, "message and ? two ? lines"));
    free(text);
}

static void sorted_without_repetition(void **state)
{
    char *found;
    struct span late = {6, 1, NULL}, early = {0, 1, NULL};

    (void)state;
    case_load(&c, "a: 1\nb: 2\n");
    diagnostics_add(&c.diagnostics, 1203, late, NULL, "x");
    diagnostics_add(&c.diagnostics, 1201, early, NULL, "y");
    diagnostics_add(&c.diagnostics, 1203, late, NULL, "x");
    diagnostics_warn(&c.diagnostics, 1208, early, NULL, "z");
    assert_int_equal(diagnostics_error_count(&c.diagnostics), 2);
    assert_int_equal(c.diagnostics.warning_count, 1);
    found = case_summary(&c);
    assert_string_equal(found, "1:1 1201, 1:1 1208, 2:2 1203");
    free(found);
}

static void many_are_counted(void **state)
{
    char *text;

    (void)state;
    case_load(&c, "a: 1\n");
    for (int i = 0; i < DIAGNOSTICS_KEPT + 23; i++)
        diagnostics_add(&c.diagnostics, 1203, (struct span){0, 1, NULL}, NULL, "number %d", i);
    text = case_text(&c);
    assert_int_equal(diagnostics_error_count(&c.diagnostics), DIAGNOSTICS_KEPT + 23);
    assert_non_null(strstr(text, "case.yaml: 23 more problems are not shown\n"));
    free(text);
}

static void notes_and_whole_files(void **state)
{
    char *text;

    (void)state;
    case_load(&c, "a: 1\nb: 2\n");
    diagnostics_add(&c.diagnostics, 1030, (struct span){5, 1, NULL}, "keep one", "twice");
    diagnostics_note(&c.diagnostics, (struct span){0, 1, NULL}, "first here");
    diagnostics_add(&c.diagnostics, 1001, SPAN_NONE, NULL, "cannot be read");
    text = case_text(&c);
    assert_string_equal(text, "case.yaml: error[SD1001]: cannot be read\n"
                              "case.yaml:2:1: error[SD1030]: twice\n"
                              "    2 | b: 2\n"
                              "      | ^\n"
                              "   case.yaml:1:1: note: first here\n"
                              "    1 | a: 1\n"
                              "      | ^\n"
                              "   help: keep one\n");
    free(text);
}

static void json_has_the_same(void **state)
{
    struct text out = {0};
    struct node *node;

    (void)state;
    case_load(&c, "a: {b: [x, \"q\xc3\xa4\"]}\n");
    node = document_find(c.document.root, "a.b.1");
    diagnostics_add(&c.diagnostics, 1203, node_span(node), "he\"lp", "me\\ssage");
    diagnostics_warn(&c.diagnostics, 1001, SPAN_NONE, NULL, "file");
    diagnostics_print_json_document(&c.diagnostics, &out);
    assert_string_equal(
        text_get(&out),
        "{\"errors\":[{\"code\":\"SD1001\",\"severity\":\"warning\",\"file\":\"case.yaml\","
        "\"line\":null,\"column\":null,\"end_column\":null,\"path\":\"\",\"message\":\"file\","
        "\"help\":null},{\"code\":\"SD1203\",\"severity\":\"error\",\"file\":\"case.yaml\","
        "\"line\":1,\"column\":12,\"end_column\":16,\"path\":\"a.b.1\",\"message\":\"me\\\\ssage\","
        "\"help\":\"he\\\"lp\"}]}\n");
    text_clear(&out);
}

static void colour_only_when_asked(void **state)
{
    struct text plain = {0}, coloured = {0};

    (void)state;
    case_load(&c, "a: *b\n");
    diagnostics_print(&c.diagnostics, &plain, 0);
    diagnostics_print(&c.diagnostics, &coloured, 1);
    assert_null(strchr(text_get(&plain), '\033'));
    assert_non_null(strstr(text_get(&coloured), "\033[31merror"));
    text_clear(&plain);
    text_clear(&coloured);
}

/* Keys that sound like secrets are hidden even where no option table was seen. */
static void secrets_are_hidden(void **state)
{
    static const struct {
        const char *yaml, *line;
    } cases[] = {
        {"x: {config: {password: hunter2, a: *n}}\n", "x: {config: {password: ***, a: *n}}"},
        {"x: {config: {sasl.password: 'hunter2', a: *n}}\n",
         "x: {config: {sasl.password: ***, a: *n}}"},
        {"x: {config: {api_key: hunter2, a: *n}}\n", "x: {config: {api_key: ***, a: *n}}"},
        {"x: {format: {token: hunter2, a: *n}}\n", "x: {format: {token: ***, a: *n}}"},
        /* expressions that are called so are no secrets */
        {"x: {config: {select: {token: upper(t), a: *n}}}\n",
         "x: {config: {select: {token: upper(t), a: *n}}}"},
        {"x: {schema: {password: string, a: *n}}\n", "x: {schema: {password: string, a: *n}}"},
        /* in a file that is no YAML */
        {"x: {password: hunter2, a: 'n' b}\n", "x: {password: ***, a: 'n' b}"},
        {"x: {password: \"hunter2, hunter2\", a: 'n' b}\n", "x: {password: ***, a: 'n' b}"},
        {"secret: hunter2 @ x: y: z\n", "secret: ***"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *text;

        case_load(&c, cases[i].yaml);
        text = case_text(&c);
        if (!strstr(text, cases[i].line))
            print_error("found: %s\n", text);
        assert_non_null(strstr(text, cases[i].line));
        assert_null(strstr(text, "hunter2"));
        free(text);
        case_clear(&c);
    }
}

/* An alias that a secret option reads hides the text at its anchor. */
static void anchors_of_secrets_are_hidden(void **state)
{
    char *text;

    (void)state;
    case_load(&c, "x-p: &p hunter2 # it\nconfig: {secret: *p}\n");
    document_mark_secret(document_find(c.document.root, "config.secret"));
    diagnostics_add(&c.diagnostics, 1203, (struct span){0, 3, NULL}, NULL, "here");
    text = case_text(&c);
    assert_non_null(strstr(text, "x-p: &p *** # it"));
    free(text);
}

/* The table of codes: sorted, whole. */
static void codes_are_in_order(void **state)
{
    const struct code *code;
    int before = 0;

    (void)state;
    for (size_t i = 0; (code = codes_at(i)) != NULL; i++) {
        assert_true(code->number > before);
        assert_true(code->number >= 1000 && code->number < 6000);
        assert_true(strlen(code->title) > 3);
        assert_non_null(strchr(".?", code->text[strlen(code->text) - 1]));
        assert_ptr_equal(codes_find(code->number), code);
        before = code->number;
    }
    assert_null(codes_find(1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_caret_under_the_word, tear_down),
        cmocka_unit_test_teardown(carets_stand_right, tear_down),
        cmocka_unit_test_teardown(long_lines_are_cut_around_the_caret, tear_down),
        cmocka_unit_test_teardown(terminals_are_safe, tear_down),
        cmocka_unit_test_teardown(sorted_without_repetition, tear_down),
        cmocka_unit_test_teardown(many_are_counted, tear_down),
        cmocka_unit_test_teardown(notes_and_whole_files, tear_down),
        cmocka_unit_test_teardown(json_has_the_same, tear_down),
        cmocka_unit_test_teardown(colour_only_when_asked, tear_down),
        cmocka_unit_test_teardown(secrets_are_hidden, tear_down),
        cmocka_unit_test_teardown(anchors_of_secrets_are_hidden, tear_down),
        cmocka_unit_test(codes_are_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
