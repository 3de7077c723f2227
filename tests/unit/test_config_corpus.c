/*
 * Bad files by the thousand: whatever is done to a pipeline file, reading it ends, quickly and in
 * little memory, with problems that have a place, and says the same again. What cannot be right
 * must be found wrong.
 *
 * The seed is printed; STREAMD_TEST_SEED takes it back. A file that breaks this test is written to
 * $TMPDIR/streamd-corpus.yaml.
 */
#include "graph/keys.h"
#include "graph/pipeline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "config_case.h"

#include <glob.h>
#include <malloc.h>
#include <time.h>

#if defined(__SANITIZE_ADDRESS__)
enum { SLOWER = 10, SANITIZED = 1 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
enum { SLOWER = 10, SANITIZED = 1 };
#else
enum { SLOWER = 1, SANITIZED = 0 };
#endif
#else
enum { SLOWER = 1, SANITIZED = 0 };
#endif

enum { MOST_CPU_US = 100000, MOST_BYTES = 16 << 20, MOST_BASES = 64, BUFFER = 3 << 20 };

static struct {
    char *data;
    size_t length;
} bases[MOST_BASES];
static size_t base_count;
static char *buffer; /* the file under test */
static size_t length;
static unsigned files, refused;
static int64_t slowest_us;
static size_t most_bytes;
static uint64_t seed;

static uint32_t roll(uint32_t sides)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % sides;
}

/* --- Reading one file --------------------------------------------------------------------------
 */

static int64_t cpu_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static size_t allocated(void)
{
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

static void complain(const char *what, const char *said)
{
    const char *folder = getenv("TMPDIR");
    char path[512];
    FILE *f;

    snprintf(path, sizeof(path), "%s/streamd-corpus.yaml", folder ? folder : "/tmp");
    f = fopen(path, "w");
    if (f) {
        fwrite(buffer, 1, length, f);
        fclose(f);
    }
    print_error("%s; seed %llu, see %s\n%s\n", what, (unsigned long long)seed, path, said);
    fail();
}

/* Reads the file as far as it goes; the text of its problems, to be freed. */
static char *read_file(struct config_case *c, struct pipeline *p)
{
    case_load_bytes(c, buffer, length);
    memset(p, 0, sizeof(*p));
    if (c->document.root)
        c->rc = pipeline_read(p, &c->document, &c->diagnostics);
    return case_text(c);
}

static void clear_file(struct config_case *c, struct pipeline *p)
{
    pipeline_clear(p);
    case_clear(c);
}

/* Does every "error[" and "warning[" at a line's beginning have a line and a column? */
static int has_places(const char *text)
{
    while (*text) {
        const char *end = strchr(text, '\n');
        unsigned line, column;
        int n = 0;

        if (strncmp(text, "case.yaml:", 10) == 0 && !strstr(text, "more problem") &&
            (sscanf(text, "case.yaml:%u:%u: %n", &line, &column, &n) != 2 || !n || !line ||
             !column))
            return 0;
        text = end ? end + 1 : "";
    }
    return 1;
}

/* `must_fail`: this file cannot be right. */
static void try_file(int must_fail)
{
    struct config_case c;
    struct pipeline p;
    size_t before = allocated();
    int64_t start = cpu_us(), spent;
    char *said = read_file(&c, &p), *again;
    size_t used = allocated() - before;
    int rc = c.rc;

    spent = cpu_us() - start;
    files++;
    refused += rc != 0;
    slowest_us = spent > slowest_us ? spent : slowest_us;
    most_bytes = used > most_bytes ? used : most_bytes;
    if (rc != 0 && rc != STREAMD_E_REPORTED)
        complain("an odd result", said);
    if ((rc != 0) != (diagnostics_error_count(&c.diagnostics) > 0))
        complain("result and problems do not agree", said);
    if (must_fail && rc == 0)
        complain("this file should have been refused", said);
    if (rc != 0 && !strstr(said, "error[SD"))
        complain("no problem is told", said);
    if (!has_places(said))
        complain("a problem without line and column", said);
    if (spent > MOST_CPU_US * SLOWER)
        complain("it took too long", said);
    if (!SANITIZED && used > MOST_BYTES)
        complain("it took too much memory", said);
    clear_file(&c, &p);
    again = read_file(&c, &p);
    if (strcmp(said, again) != 0)
        complain("another verdict the second time", again);
    clear_file(&c, &p);
    free(said);
    free(again);
}

static void take_base(size_t which)
{
    length = bases[which].length;
    memcpy(buffer, bases[which].data, length);
}

/* Puts `text` into the file at `at`. */
static void insert(size_t at, const char *text, size_t n)
{
    memmove(buffer + at + n, buffer + at, length - at);
    memcpy(buffer + at, text, n);
    length += n;
}

static void set_text(const char *text)
{
    length = strlen(text);
    memcpy(buffer, text, length);
}

/* --- Damage that may leave a file right --------------------------------------------------------
 */

static void good_files_are_accepted(void **state)
{
    (void)state;
    for (size_t i = 0; i < base_count; i++) {
        struct config_case c;
        struct pipeline p;
        char *said;

        take_base(i);
        said = read_file(&c, &p);
        if (c.rc)
            print_error("%s\n", said);
        assert_int_equal(c.rc, 0);
        free(said);
        clear_file(&c, &p);
    }
}

static void cut_anywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < base_count; i += 5)
        for (size_t at = 0; at < bases[i].length; at++) {
            take_base(i);
            length = at;
            try_file(0);
        }
}

static void flipped_bits(void **state)
{
    (void)state;
    for (int i = 0; i < 3000; i++) {
        take_base(roll((uint32_t)base_count));
        for (uint32_t n = 1 + roll(4); n > 0; n--)
            buffer[roll((uint32_t)length)] ^= (char)(1 << roll(8));
        try_file(0);
    }
}

/* Lines and pieces moved, doubled and dropped; characters that mean something put anywhere. */
static void shuffled(void **state)
{
    static const char *const pieces[] = {
        "{",
        "}",
        "[",
        "]",
        ":",
        ": ",
        ",",
        "- ",
        "? ",
        "\n",
        "\t",
        "'",
        "\"",
        "#",
        " #",
        "&a ",
        "*a",
        "!",
        "|",
        ">",
        "%",
        "@",
        "`",
        "<<: *a",
        "---",
        "...",
        "${",
        "}",
        "${X}",
        "$${",
        "~",
        "\\",
        "\xc3",
        "\xe2\x80\xae",
        "\r",
        "null",
        "yes",
        "999999999999999999999",
        "(",
        ")",
        "\x01",
        "\xef\xbb\xbf",
        "x-y: &a [*a]\n",
        "\n\n\n",
        "  ",
        "${cred:x}",
    };

    (void)state;
    for (int i = 0; i < 4000; i++) {
        take_base(roll((uint32_t)base_count));
        for (uint32_t n = 1 + roll(3); n > 0; n--) {
            uint32_t from = roll((uint32_t)length), count = 1 + roll(40);
            char piece[64];

            if (from + count > length)
                count = (uint32_t)length - from;
            memcpy(piece, buffer + from, count);
            switch (roll(3)) {
            case 0:
                memmove(buffer + from, buffer + from + count, length - from - count);
                length -= count;
                break;
            case 1:
                insert(roll((uint32_t)length), piece, count);
                break;
            default: {
                const char *word = pieces[roll(sizeof(pieces) / sizeof(pieces[0]))];

                insert(roll((uint32_t)length), word, strlen(word));
            }
            }
            if (length == 0)
                set_text("x");
        }
        try_file(0);
    }
}

static void soup(void **state)
{
    static const char *const words[] = {
        "version", "sources",    "sinks",  "operators",
        "inputs",  "type",       "config", "schema",
        "format",  "on_error",   "key_by", "a",
        "b",       ": ",         ":\n",    "\n",
        "\n  ",    "\n    ",     "- ",     "{",
        "}",       "[",          "]",      ", ",
        "1",       "\"",         "'",      "#",
        "|\n  ",   "&x ",        "*x ",    "decimal(1,2)",
        "output",  "5m",         "file",   "${A}",
        "x-z",     "event_time", "field",  "tests",
    };

    (void)state;
    for (int i = 0; i < 2000; i++) {
        length = 0;
        for (uint32_t n = roll(60); n > 0; n--) {
            const char *word = words[roll(sizeof(words) / sizeof(words[0]))];

            memcpy(buffer + length, word, strlen(word));
            length += strlen(word);
        }
        try_file(0);
    }
}

/* --- What cannot be right ----------------------------------------------------------------------
 */

static const char plain_file[] = "version: 1\n"
                                 "sources: {a: {type: file, format: {type: json}}}\n"
                                 "operators: {f: {type: filter, inputs: [a]}}\n"
                                 "sinks: {z: {type: file, inputs: [f]}}\n";

/* Bytes that no file may hold, anywhere. */
static void forbidden_bytes(void **state)
{
    static const char *const bytes[] = {"\xff",
                                        "\xc0\x80",
                                        "\xed\xa0\x80",
                                        "\x01",
                                        "\x1b",
                                        "\x7f",
                                        "\xc2\x85\xc2\x80",
                                        "\xef\xbf\xbf",
                                        "\xf5\x80\x80\x80"};

    (void)state;
    for (int i = 0; i < 400; i++) {
        const char *bad = bytes[i % (int)(sizeof(bytes) / sizeof(bytes[0]))];

        take_base(roll((uint32_t)base_count));
        insert(roll((uint32_t)length), bad, strlen(bad));
        try_file(1);
        take_base(roll((uint32_t)base_count));
        insert(roll((uint32_t)length), "", 1);
        try_file(1);
    }
}

/* The head of a file with one key less its value, for every key and every kind of wrong value. */
static const char *wrong_value(uint32_t type, int which)
{
    static const char *const for_scalars[] = {"[1]", "{a: 1}", "[]", "{}", "~", "", "null", "[[]]"};
    static const char *const for_numbers[] = {
        "x", "1.5", "0x1", "''", "yes", "1 2", "99999999999999999999"};
    static const char *const for_maps[] = {"1", "[1]", "x", "", "~", "[]", "'{}'"};
    const char *const *list = for_scalars;
    int count = 8;

    if (type == STREAMD_OPTION_GROUP || type == STREAMD_OPTION_MAP || type == OPTIONS_NODE) {
        list = for_maps;
        count = 7;
    } else if (type != STREAMD_OPTION_STRING && which >= count) {
        list = for_numbers;
        which -= count;
        count = 7;
    }
    return which < count ? list[which] : NULL;
}

static void print_wrong(const char *before, const char *key, const char *value, const char *behind)
{
    length = (size_t)sprintf(buffer, "%s%s: %s%s", before, key, value, behind);
}

/* Tries wrong values for each key of a table; what stands around the key is `before`, `behind`. */
static void wrong_types_of(const struct streamd_option *table, const char *before,
                           const char *behind, const char *skip)
{
    for (const struct streamd_option *o = table; o->name; o++) {
        const char *value;

        if (skip && strstr(skip, o->name))
            continue;
        for (int which = 0; (value = wrong_value(o->type, which)) != NULL; which++) {
            print_wrong(before, o->name, value, behind);
            try_file(1);
        }
        if (o->type == STREAMD_OPTION_GROUP) {
            char deeper[512];

            snprintf(deeper, sizeof(deeper), "%s%s: {", before, o->name);
            wrong_types_of(o->children, deeper, "}", NULL);
        }
    }
}

static void wrong_types_for_every_key(void **state)
{
    char before[512];

    (void)state;
    /* A key is given once, and required ones stand before it. Lists are right for some. */
    wrong_types_of(keys_of_file, "sources: {a: {type: x}}\nsinks: {z: {type: x, inputs: [a]}}\n",
                   "\n", "sources sinks tests");
    wrong_types_of(keys_of_file, "", "\n", NULL);
    snprintf(before, sizeof(before),
             "version: 1\nsinks: {z: {type: x, inputs: [a]}}\nsources: {a: {");
    wrong_types_of(keys_of_source, before, "}}\n", NULL);
    wrong_types_of(keys_of_operator, "version: 1\nsources: {a: {type: x}}\noperators: {f: {",
                   "}}\n", NULL);
    wrong_types_of(keys_of_sink, "version: 1\nsources: {a: {type: x}}\nsinks: {z: {", "}}\n", NULL);
    wrong_types_of(keys_of_field,
                   "version: 1\nsinks: {z: {type: x, inputs: [a]}}\n"
                   "sources: {a: {type: x, schema: {u: {",
                   "}}}}\n", NULL);
}

/* A key that no table has, in every map but those that take any; @ is the rest of a good file. */
static void unknown_keys(void **state)
{
    static const char *const files_[] = {
        "KEY: 1\n@",
        "limits: {KEY: 1}\n@",
        "state: {KEY: 1}\n@",
        "version: 1\nsources: {a: {type: x, KEY: 1}}\nsinks: {z: {type: x, inputs: [a]}}\n",
        "version: 1\nsources: {a: {type: x}}\nsinks: {z: {type: x, inputs: [a], KEY: 1}}\n",
        "version: 1\nsources: {a: {type: x, event_time: {KEY: 1}}}\nsinks: {z: {type: x, inputs: "
        "[a]}}\n",
        "version: 1\nsources: {a: {type: x, schema: {u: {type: date, KEY: 1}}}}\n"
        "sinks: {z: {type: x, inputs: [a]}}\n",
    };
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz_";

    (void)state;
    for (int i = 0; i < 700; i++) {
        char *key;
        char word[24];
        size_t n = 1 + roll(20);

        for (size_t k = 0; k < n; k++)
            word[k] = letters[roll(27)];
        /* So that it is none by accident. */
        word[n] = 'Q';
        word[n + 1] = '\0';
        set_text(files_[i % 7]);
        buffer[length] = '\0';
        if (buffer[length - 1] == '@')
            length = length - 1 + (size_t)sprintf(buffer + length - 1, "%s", plain_file);
        key = strstr(buffer, "KEY");
        memmove(key, key + 3, strlen(key + 3) + 1);
        length -= 3;
        insert((size_t)(key - buffer), word, strlen(word));
        try_file(1);
    }
}

/* Every line with a key, twice. */
static void doubled_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < base_count; i++) {
        const char *line = bases[i].data, *next;

        for (; (next = strchr(line, '\n')) != NULL; line = next + 1) {
            size_t at = (size_t)(line - bases[i].data), n = (size_t)(next + 1 - line);
            const char *word = line + strspn(line, " ");

            /* A key at the line's beginning that has its value on the line. */
            if (!strpbrk(word, ":") || strcspn(word, ":") > 30 || *word == '#' || *word == '-' ||
                word[strcspn(word, ":") + 1] != ' ' || strchr("|>", word[strcspn(word, ":") + 2]) ||
                strcspn(word, ":") != strspn(word, "abcdefghijklmnopqrstuvwxyz_0123456789"))
                continue;
            take_base(i);
            insert(at, line, n);
            try_file(1);
        }
    }
}

/* --- Sizes -------------------------------------------------------------------------------------
 */

static void repeat(const char *before, const char *piece, size_t times, const char *behind)
{
    size_t n = strlen(piece);

    length = (size_t)sprintf(buffer, "%s", before);
    for (; times > 0 && length + n < BUFFER - 64; times--) {
        memcpy(buffer + length, piece, n);
        length += n;
    }
    memcpy(buffer + length, behind, strlen(behind));
    length += strlen(behind);
}

static void deep_and_long(void **state)
{
    static const size_t sizes[] = {100, 1000, 10000, 100000, 300000, 1000000};
    static const char *const opening[] = {
        "[",  "{", "{a: ", "- ", "? ", "[{a: ", "!!",   "&",     "*",
        "! ", "'", "\"",   "|",  "\\", "%",     "%TAG", "---\n", "\xef\xbb\xbf"};

    (void)state;
    for (size_t i = 0; i < sizeof(opening) / sizeof(opening[0]); i++)
        for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
            repeat("", opening[i], sizes[k] / strlen(opening[i]), "");
            try_file(1);
            repeat(plain_file, opening[i], sizes[k] / strlen(opening[i]), "");
            try_file(1);
        }
    for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
        repeat("a: ", "x", sizes[k], "\n");
        try_file(1);
        repeat("a: \"", "x y ", sizes[k] / 4, "\"\n");
        try_file(1);
        repeat("a: ", "x: ", sizes[k] / 3, "\n");
        try_file(1);
        repeat("a: [", "1,", sizes[k] / 2, "]\n");
        try_file(1);
        repeat("a: |\n", "  x\n", sizes[k] / 4, "\n");
        try_file(1);
        repeat("", "\n", sizes[k], "");
        try_file(1);
        repeat("", "# x\n", sizes[k] / 4, "");
        try_file(1);
        repeat("", "${A}", sizes[k] / 4, "");
        try_file(1);
        repeat("a: \"", "${A} ", sizes[k] / 5, "\"\n");
        try_file(1);
        repeat("a: [", "${NO},", sizes[k] / 6, "]\n");
        try_file(1);
        repeat("a: [", "\"${LONG}\",", sizes[k] / 10, "]\n");
        try_file(1);
        repeat("a: {", "f(x, 1) ,", sizes[k] / 9, "}\n");
        try_file(1);
        repeat("version: 1\nsinks: {z: {type: x, inputs: [", "a,", sizes[k] / 2, "]}}\n");
        try_file(1);
        repeat("version: 1\nsinks: {z: {type: x, inputs: [", "[],", sizes[k] / 3, "]}}\n");
        try_file(1);
        repeat("a: &x [1,2]\nb: [", "*x,", sizes[k] / 3, "]\n");
        try_file(1);
        repeat("a: \"\\t", "\\t\\x41\\u00e4", sizes[k] / 12, "${NO}\"\n");
        try_file(1);
        repeat("\ta:\t", "\t", sizes[k], "\n");
        try_file(1);
    }
}

/* Repeats a line with a number in place of each '#'. */
static void numbered(const char *before, const char *line, int count, const char *behind)
{
    length = (size_t)sprintf(buffer, "%s", before);
    for (int i = 0; i < count && length < BUFFER - 200; i++)
        for (const char *p = line; *p; p++) {
            if (*p == '#')
                length += (size_t)sprintf(buffer + length, "%d", i);
            else
                buffer[length++] = *p;
        }
    length += (size_t)sprintf(buffer + length, "%s", behind);
}

static void many_names(void **state)
{
    static const int counts[] = {10, 1000, 20000, 48000};

    (void)state;
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        int n = counts[i];

        numbered("", "k#: 1\n", n, "");
        try_file(1);
        numbered("a: 1\n", "a: 1\n", n, "");
        try_file(1);
        numbered("", "k#: &a# 1\n", n, "");
        try_file(1);
        numbered("", "%TAG !k#! x\n", n, "--- a\n");
        try_file(1);
        numbered("version: 1\nsources:\n", "  a#: {type: x}\n", n, "sinks: {z: {}}\n");
        try_file(1);
        numbered("version: 1\nsources: {a: {type: x}}\nsinks:\n",
                 "  z#: {type: x, inputs: [b#, a, a]}\n", n, "");
        try_file(1);
        numbered("version: 1\nsources: {a: {type: x, schema: {", "f#: strnig,", n,
                 "}}}\nsinks: {z: {type: x, inputs: [a]}}\n");
        try_file(1);
        numbered("version: 1\nsources: {a: {type: x}}\noperators:\n",
                 "  n#: {type: x, inputs: [n#, n99999]}\n", n, "sinks: {}\n");
        try_file(1);
        numbered(
            "version: 1\nsources: {a: {type: x}}\noperators: {f: {type: x, inputs: [a], key_by: [",
            "k#,", n, "k1]}}\nsinks: {z: {type: x, inputs: [f]}}\n");
        try_file(1);
        numbered("tests: [", "{name: t#, stepz: []},", n, "]\n");
        try_file(1);
    }
}

static void bombs(void **state)
{
    (void)state;
    for (int width = 2; width <= 12; width++)
        for (int levels = 5; levels <= 30; levels += 5) {
            length = (size_t)sprintf(buffer, "k0: &a0 [x, x]\n");
            for (int l = 1; l < levels; l++) {
                length += (size_t)sprintf(buffer + length, "k%d: &a%d {", l, l);
                for (int i = 0; i < width; i++)
                    length += (size_t)sprintf(buffer + length, "v%d: *a%d, ", i, l - 1);
                length += (size_t)sprintf(buffer + length, "}\n");
            }
            try_file(1);
        }
    set_text("a: &a {b: &b [*a, *b], c: *a}\n");
    try_file(1);
    set_text("&a [*a, &b {x: *a, y: *b}]\n");
    try_file(1);
}

static void count_files(void **state)
{
    (void)state;
    print_message("%u files, %u of them refused; at most %lld us of CPU and %zu KiB\n", files,
                  refused, (long long)slowest_us, most_bytes >> 10);
    assert_true(files >= 5000);
    /* Neither all nor none: the test would prove little. */
    assert_true(refused >= 5000 && refused < files);
}

/* --- The program -------------------------------------------------------------------------------
 */

static void load_base(const char *path)
{
    FILE *f = fopen(path, "r");
    char *name;
    long size;

    if (!f || base_count == MOST_BASES)
        return;
    fseek(f, 0, SEEK_END);
    size = ftell(f);
    rewind(f);
    bases[base_count].data = calloc(1, (size_t)size + 1);
    bases[base_count].length = fread(bases[base_count].data, 1, (size_t)size, f);
    fclose(f);
    /* Without its name it is a good file under any. */
    name = strstr(bases[base_count].data, "\nname: ");
    if (name) {
        bases[base_count].length -= strcspn(name + 1, "\n") + 1;
        memmove(name, strchr(name + 1, '\n'), strlen(strchr(name + 1, '\n')) + 1);
    }
    base_count++;
}

static int load_bases(void **state)
{
    static const char *const patterns[] = {"examples/*.yaml", "examples/nexmark/*.yaml"};
    const char *root = getenv("SRCDIR"), *given = getenv("STREAMD_TEST_SEED");

    (void)state;
    seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    print_message("STREAMD_TEST_SEED=%llu\n", (unsigned long long)seed);
    setenv("TMPDIR", "/tmp", 0);
    buffer = malloc(BUFFER);
    for (size_t i = 0; i < 2; i++) {
        char pattern[4096];
        glob_t found = {0};

        snprintf(pattern, sizeof(pattern), "%s/%s", root ? root : "..", patterns[i]);
        if (glob(pattern, 0, NULL, &found) == 0)
            for (size_t k = 0; k < found.gl_pathc; k++)
                load_base(found.gl_pathv[k]);
        globfree(&found);
    }
    return buffer && base_count > 10 ? 0 : -1;
}

static int free_bases(void **state)
{
    (void)state;
    for (size_t i = 0; i < base_count; i++)
        free(bases[i].data);
    free(buffer);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_files_are_accepted),
        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(flipped_bits),
        cmocka_unit_test(shuffled),
        cmocka_unit_test(soup),
        cmocka_unit_test(forbidden_bytes),
        cmocka_unit_test(wrong_types_for_every_key),
        cmocka_unit_test(unknown_keys),
        cmocka_unit_test(doubled_lines),
        cmocka_unit_test(deep_and_long),
        cmocka_unit_test(many_names),
        cmocka_unit_test(bombs),
        cmocka_unit_test(count_files),
    };

    return cmocka_run_group_tests(tests, load_bases, free_bases);
}
