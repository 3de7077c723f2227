/*
 * Carets inside of scalars, against a writer that knows: random values are written in each of
 * YAML's styles by code that notes, byte by byte, where it put them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "config_case.h"

enum { LONGEST = 400 };

/* A value, the YAML that says it, and for each byte of the value where its source begins and ends.
 */
struct sample {
    char value[LONGEST];
    size_t length;
    char yaml[8 * LONGEST];
    size_t at;
    size_t from[LONGEST], to[LONGEST];
};

static uint64_t seed;

static uint32_t roll(uint32_t sides)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % sides;
}

static void put(struct sample *s, const char *text)
{
    size_t n = strlen(text);

    memcpy(s->yaml + s->at, text, n + 1);
    s->at += n;
}

/* Writes `source` for `value`, and notes the places of its bytes. */
static void say(struct sample *s, const char *source, const char *value)
{
    size_t from = s->at, n = strlen(value), m = strlen(source);
    int equal = n == m && memcmp(source, value, n) == 0;

    put(s, source);
    for (size_t i = 0; i < n; i++) {
        s->from[s->length] = equal ? from + i : from;
        s->to[s->length] = equal ? from + i + 1 : s->at;
        s->value[s->length++] = value[i];
    }
}

/* A character that means itself in every style. */
static const char *harmless(void)
{
    static const char *const characters[] = {
        "a", "B", "7", "_", "(", ")", "+", "\xc3\xa4", "\xe6\xbc\xa2", "\xf0\x9f\x98\x80", "="};

    return characters[roll(sizeof(characters) / sizeof(characters[0]))];
}

static void word(struct sample *s)
{
    for (uint32_t n = 1 + roll(5); n > 0; n--) {
        const char *one = harmless();

        say(s, one, one);
    }
}

/* A break in a plain or quoted scalar: with blank lines between, or none. */
static void fold(struct sample *s)
{
    static const char *const sources[] = {"\n  ", "   \n     ", "\n\n   ", "\n  \n\n  "};
    static const char *const values[] = {" ", " ", "\n", "\n\n"};
    uint32_t which = roll(4);

    say(s, sources[which], values[which]);
}

static void write_plain(struct sample *s)
{
    put(s, "k: ");
    word(s);
    for (uint32_t n = roll(8); n > 0; n--) {
        if (roll(3) == 0)
            fold(s);
        else
            say(s, "  ", "  ");
        word(s);
    }
    put(s, "\n");
}

static void write_single(struct sample *s)
{
    put(s, "k: '");
    for (uint32_t n = 1 + roll(10); n > 0; n--) {
        word(s);
        if (roll(4) == 0)
            say(s, "''", "'");
        else if (roll(4) == 0)
            fold(s), word(s);
        else if (roll(2))
            say(s, " ", " ");
    }
    put(s, "'\n");
}

static void write_double(struct sample *s)
{
    static const struct {
        const char *source, *value;
    } escapes[] = {{"\\n", "\n"},
                   {"\\t", "\t"},
                   {"\\\\", "\\"},
                   {"\\\"", "\""},
                   {"\\x41", "A"},
                   {"\\u00e4", "\xc3\xa4"},
                   {"\\u6f22", "\xe6\xbc\xa2"},
                   {"\\U0001F600", "\xf0\x9f\x98\x80"},
                   {"\\_", "\xc2\xa0"},
                   {"\\L", "\xe2\x80\xa8"},
                   {"\\ ", " "},
                   {"\\\n     ", ""}};

    put(s, "k: \"");
    for (uint32_t n = 1 + roll(10); n > 0; n--) {
        uint32_t which = roll(sizeof(escapes) / sizeof(escapes[0]));

        word(s);
        say(s, escapes[which].source, escapes[which].value);
        word(s);
        if (roll(4) == 0)
            fold(s);
        else if (roll(2))
            say(s, "  ", "  ");
    }
    word(s);
    put(s, "\"\n");
}

static void write_literal(struct sample *s)
{
    put(s, "k: |-\n   ");
    for (uint32_t n = 1 + roll(6); n > 0; n--) {
        word(s);
        if (n == 1)
            break;
        if (roll(3) == 0)
            say(s, "\n\n   ", "\n\n");
        else if (roll(3) == 0)
            say(s, "\n     ", "\n  "); /* deeper */
        else
            say(s, "\n   ", "\n");
    }
    put(s, "\n");
}

static void write_folded(struct sample *s)
{
    put(s, "k: >-\n   ");
    for (uint32_t n = 1 + roll(6); n > 0; n--) {
        word(s);
        if (n == 1)
            break;
        if (roll(3) == 0)
            say(s, "\n\n   ", "\n");
        else
            say(s, "\n   ", " ");
    }
    put(s, "\n");
}

static int is_white(char c)
{
    return c == ' ' || c == '\n' || c == '\t';
}

/* Every byte of the value must be found where the writer put it. White space may also be found as
   part of the white space around it. */
static void check(const struct sample *s, struct config_case *c)
{
    const struct node *node;

    case_load_bytes(c, s->yaml, s->at);
    if (c->rc)
        print_error("yaml: %s\n", s->yaml);
    assert_int_equal(c->rc, 0);
    node = document_get(c->document.root, "k");
    assert_int_equal(node->text_length, s->length);
    assert_memory_equal(node->text, s->value, s->length);
    for (size_t i = 0; i < s->length; i++) {
        struct span at = document_span_inside(node, i, 1);

        if (at.offset != s->from[i] || at.offset + at.length != s->to[i]) {
            if (!is_white(s->value[i]) || at.offset > s->from[i] ||
                at.offset + at.length < s->to[i] || at.length == node->length) {
                print_error("seed %llu byte %zu: %u+%u, not %zu..%zu, in: %s\n",
                            (unsigned long long)seed, i, at.offset, at.length, s->from[i], s->to[i],
                            s->yaml);
                fail();
            }
        }
    }
    case_clear(c);
}

static void every_byte_has_its_place(void **state)
{
    static void (*const writers[])(struct sample *) = {write_plain, write_single, write_double,
                                                       write_literal, write_folded};
    static struct config_case c;
    static struct sample s;

    (void)state;
    for (uint64_t i = 0; i < 5000; i++) {
        seed = i;
        memset(&s, 0, sizeof(s));
        writers[i % 5](&s);
        check(&s, &c);
    }
}

/* A piece of the value that holds "MARK" in the source, whatever stands around it. */
static void ranges_and_references(void **state)
{
    static const struct {
        const char *yaml;
        size_t from, length;
        const char *source; /* what the span must cover */
    } cases[] = {
        {"k: sum(amout) > 1\n", 4, 5, "amout"},
        {"k: \"sum(\\\"amout\\\") > 1\"\n", 4, 7, "\\\"amout\\\""},
        {"k: 'a = ''x'''\n", 4, 3, "''x''"},
        {"k: a + ${A} + b\n", 4, 5, "${A}"},
        {"k: a + ${A} + b\n", 12, 1, "b"},
        {"k: a + ${A} + b\n", 6, 1, "${A}"},
        {"k: a + ${A} + b\n", 2, 11, "+ ${A} + b"},
        {"k: ${EMPTY}x ${A}${NUMBER}\n", 0, 1, "x"},
        {"k: ${EMPTY}x ${A}${NUMBER}\n", 7, 2, "${NUMBER}"},
        {"k: \"\\x41 ${A} \\x42\"\n", 2, 5, "${A}"},
        {"k: \"\\x41 ${A} \\x42\"\n", 8, 1, "\\x42"},
        {"k: $${A} x\n", 0, 2, "$${"},
        {"k: $${A} x\n", 5, 1, "x"},
        {"k: |-\n  CASE WHEN a\n    THEN b END\n", 14, 4, "THEN"},
        {"k: >-\n  CASE WHEN a\n  THEN b END\n", 12, 4, "THEN"},
        {"k: abc\n", 1, 0, ""},
    };
    static struct config_case c;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct span at;

        case_load(&c, cases[i].yaml);
        at = document_span_inside(document_get(c.document.root, "k"), cases[i].from,
                                  cases[i].length);
        assert_int_equal(at.length, strlen(cases[i].source));
        assert_memory_equal(c.document.data + at.offset, cases[i].source, at.length);
        case_clear(&c);
    }
}

/* The end of a value is the point behind it; what is out of it is the whole node. */
static void ends(void **state)
{
    static struct config_case c;
    struct node *node;
    struct span at;

    (void)state;
    case_load(&c, "k: 'ab'\ne: ''\n");
    node = document_get(c.document.root, "k");
    at = document_span_inside(node, 2, 0);
    assert_int_equal(at.offset, 6);
    assert_int_equal(at.length, 0);
    at = document_span_inside(node, 1, 5);
    assert_int_equal(at.offset, 3);
    assert_int_equal(at.length, 4);
    at = document_span_inside(document_get(c.document.root, "e"), 0, 0);
    assert_int_equal(at.offset, 11);
    assert_int_equal(at.length, 2);
    case_clear(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_has_its_place),
        cmocka_unit_test(ranges_and_references),
        cmocka_unit_test(ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
