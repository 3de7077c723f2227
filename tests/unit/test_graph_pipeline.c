/* Pipeline files as definitions: what is read, and every rule of keys, nodes and edges. */
/* Before cmocka, whose macro fail() is a name in the ABI. */
#include "graph/keys.h"
#include "graph/pipeline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/memory.h"
#include "config_case.h"

static struct config_case c;
static struct pipeline p;

static int read_text(const char *yaml)
{
    case_load(&c, yaml);
    if (!c.document.root || c.rc == STREAMD_E_NOMEM)
        return c.rc;
    return pipeline_read(&p, &c.document, &c.diagnostics);
}

static int tear_down(void **state)
{
    (void)state;
    pipeline_clear(&p);
    case_clear(&c);
    return 0;
}

/* --- A good file -------------------------------------------------------------------------------
 */

static const char good[] =
    "version: 1\n"
    "name: case\n"
    "key_groups: 64\n"
    "delivery: at_least_once\n"
    "limits: {memory: 64MiB}\n"
    "x-anything: {at: [all]}\n"
    "sources:\n"
    "  clicks:\n"
    "    type: file\n"
    "    config: {path: /tmp/x}\n"
    "    format: {type: json}\n"
    "    schema:\n"
    "      user: string\n"
    "      at: {type: timestamp, unit: ms, path: $.meta.at}\n"
    "      day: {type: date|null, format: 'DD/MM/YYYY', null_values: ['-', '']}\n"
    "      price: \"decimal(10, 2) | null\"\n"
    "    event_time: {field: at, out_of_orderness: 30s, idle_after: 0}\n"
    "    on_error: output\n"
    "  more: {type: stdin, format: {type: raw}}\n"
    "sinks:\n"
    "  out: {type: file, inputs: [sums, more], delivery: exactly_once, on_error: skip}\n"
    "  bad: {type: file, inputs: [clicks.error, sums.late]}\n"
    "operators:\n"
    "  sums: {type: window, inputs: [paid], key_by: [user, day]}\n"
    "  paid: {type: filter, inputs: [clicks]}\n";

static const struct pipeline_node *node(const char *name)
{
    int64_t i = pipeline_find(&p, name);

    assert_true(i >= 0);
    return &p.nodes[i];
}

static void a_good_file_is_read(void **state)
{
    const struct pipeline_node *clicks, *sums, *out, *bad;

    (void)state;
    assert_int_equal(read_text(good), 0);
    assert_string_equal(p.name, "case");
    assert_int_equal(p.parallelism, 1);
    assert_int_equal(p.key_groups, 64);
    assert_int_equal(p.delivery, STREAMD_AT_LEAST_ONCE);
    assert_int_equal(p.memory_bytes, 64 << 20);
    assert_int_equal(p.record_bytes, 16 << 20);
    assert_string_equal(p.backend, "memory");
    assert_int_equal(p.node_count, 6);
    assert_int_equal(pipeline_find(&p, "nobody"), -1);

    clicks = node("clicks");
    assert_int_equal(clicks->kind, STREAMD_SOURCE);
    assert_string_equal(clicks->type, "file");
    assert_string_equal(document_get(clicks->config, "path")->text, "/tmp/x");
    assert_string_equal(clicks->format_type, "json");
    assert_int_equal(clicks->on_error, PIPELINE_OUTPUT);
    assert_int_equal(clicks->event_time.given, 1);
    assert_string_equal(clicks->event_time.field, "at");
    assert_int_equal(clicks->event_time.out_of_orderness_us, 30000000);
    assert_int_equal(clicks->event_time.has_idle_after, 1);
    assert_int_equal(clicks->event_time.idle_after_us, 0);

    sums = node("sums");
    assert_int_equal(sums->kind, STREAMD_OPERATOR);
    assert_int_equal(sums->key_by.count, 2);
    assert_string_equal(sums->key_by.items[1], "day");
    assert_int_equal(sums->delivery, 0);
    assert_null(sums->config);
    assert_int_equal(sums->on_error, PIPELINE_FAIL);

    out = node("out");
    assert_int_equal(out->delivery, STREAMD_EXACTLY_ONCE);
    assert_int_equal(out->on_error, PIPELINE_SKIP);
    assert_int_equal(out->input_count, 2);
    assert_ptr_equal(&p.nodes[out->inputs[0].node], sums);
    assert_string_equal(out->inputs[0].output, "");
    assert_int_equal(node("more")->event_time.given, 0);
    assert_int_equal(out->parallelism, 0);

    bad = node("bad");
    assert_ptr_equal(&p.nodes[bad->inputs[0].node], clicks);
    assert_string_equal(bad->inputs[0].output, "error");
    assert_string_equal(bad->inputs[1].output, "late");
}

static void fields_of_a_schema(void **state)
{
    const struct pipeline_node *clicks;
    struct text type = {0};

    (void)state;
    assert_int_equal(read_text(good), 0);
    clicks = node("clicks");
    assert_int_equal(clicks->field_count, 4);
    assert_int_equal(clicks->schema.field_count, 4);
    assert_string_equal(clicks->schema.fields[1].name, "at");
    assert_int_equal(clicks->fields[1].unit, STREAMD_UNIT_MS);
    assert_string_equal(clicks->fields[1].path, "$.meta.at");
    assert_int_equal(clicks->fields[2].type.id, STREAMD_DATE);
    assert_int_equal(clicks->fields[2].type.nullable, 1);
    assert_string_equal(clicks->fields[2].time_format, "DD/MM/YYYY");
    assert_int_equal(clicks->fields[2].nulls.count, 2);
    assert_string_equal(clicks->fields[2].nulls.items[0], "-");
    pipeline_print_type(clicks->fields[3].type, &type);
    assert_string_equal(text_get(&type), "decimal(10,2)|null");
    text_clear(&type);
    assert_null(clicks->fields[3].path);
}

static void producers_come_first(void **state)
{
    uint8_t seen[16] = {0};

    (void)state;
    assert_int_equal(read_text(good), 0);
    for (uint32_t i = 0; i < p.node_count; i++) {
        const struct pipeline_node *n = &p.nodes[p.order[i]];

        assert_false(seen[p.order[i]]);
        seen[p.order[i]] = 1;
        for (uint32_t k = 0; k < n->input_count; k++)
            assert_true(seen[n->inputs[k].node]);
    }
}

/* --- Rules -------------------------------------------------------------------------------------
 */

/* Everything a file needs around what is under test. "S" is the source's rest, and so on. */
#define HEAD "version: 1\n"
#define SOURCES "sources: {a: {type: x}}\n"
#define SINKS "sinks: {z: {type: x, inputs: [a]}}\n"

static void rules_hold(void **state)
{
    static const struct {
        const char *yaml, *problems, *help;
    } cases[] = {
        {HEAD SOURCES SINKS, "", ""},
        /* the file */
        {"[a]", "1:1 1011", "version: 1"},
        {SOURCES SINKS, "1:1 1202", "'version'"},
        {"version: 2\n" SOURCES SINKS, "1:10 1301", "version: 1"},
        {"version: x\n" SOURCES SINKS, "1:10 1203", ""},
        {HEAD "name: other\n" SOURCES SINKS, "2:7 1302", "name: case"},
        {HEAD SINKS, "1:1 1202, 2:31 2003", "'sources'"},
        {HEAD SOURCES, "1:1 1202, 2:11 2005", "'sinks'"},
        {HEAD "sources: {}\n" SINKS, "2:1 2010, 3:31 2003", ""},
        {HEAD SOURCES "sinks: []\n", "2:11 2005, 3:1 1203", ""},
        {HEAD "sorces: {}\n" SOURCES SINKS, "2:1 1201", "did you mean 'sources'?"},
        {HEAD "X-a: 1\n" SOURCES SINKS, "2:1 1201", ""},
        {HEAD "limits: {memory: 1MiB, record: 2GiB}\n" SOURCES SINKS, "2:18 1204, 2:32 1204",
         "16MiB"},
        {HEAD "key_groups: 0\n" SOURCES SINKS, "2:13 1204", "1 to 32768"},
        {HEAD "delivery: twice\n" SOURCES SINKS, "2:11 1206", "exactly_once"},
        /* not in this version */
        {HEAD "savepoint: {}\nupgrade: {}\nstate: {backend: sqlite}\n" SOURCES SINKS,
         "2:1 1209, 3:1 1209, 4:18 1209", "not in this version"},
        {HEAD "sources: {a: {type: x, renamed_from: b}}\n" SINKS, "2:24 1209", ""},
        /* how it runs */
        {HEAD "parallelism: 0\n" SOURCES SINKS, "2:14 1204", "1 to 32768"},
        {HEAD "parallelism: 5\nkey_groups: 4\n" SOURCES SINKS, "2:14 2012", "raise key_groups"},
        {HEAD "parallelism: 2\nsources: {a: {type: x, parallelism: 3}}\n" SINKS, "3:37 2012",
         "raise the pipeline's"},
        {HEAD "parallelism: 0\nsources: {a: {type: x, parallelism: 3}}\n" SINKS, "2:14 1204", ""},
        {HEAD "checkpoint: {every: 1ms, keep: 0, timeout: 1}\n" SOURCES SINKS,
         "2:21 1204, 2:32 1204, 2:44 1205", "at least 10ms"},
        {HEAD "checkpoint: {every: never}\n" SOURCES SINKS, "2:21 1203", ""},
        {HEAD "checkpoint: {timeout: none}\n" SOURCES SINKS, "2:23 1203", ""},
        {HEAD "checkpoint: {each: 1s}\n" SOURCES SINKS, "2:14 1201", "every, keep, timeout"},
        {HEAD "restart: {policy: always}\n" SOURCES SINKS, "2:19 1206", "failure_rate"},
        {HEAD "restart: {policy: always, delay: 1s}\n" SOURCES SINKS, "2:19 1206", ""},
        {HEAD "restart: {delay: 1s}\n" SOURCES SINKS, "2:11 1211", "initial, max and reset_after"},
        {HEAD "restart: {policy: fixed, initial: 1s, max: 1s, reset_after: 1s, per: 1s, failures: "
              "3}\n" SOURCES SINKS,
         "2:26 1211, 2:39 1211, 2:48 1211, 2:65 1211, 2:74 1211", "delay and attempts"},
        {HEAD "restart: {policy: failure_rate, attempts: 3}\n" SOURCES SINKS, "2:33 1211",
         "failures, per and delay"},
        {HEAD "restart: {policy: none, delay: 1s, poison: 1}\n" SOURCES SINKS, "2:25 1211",
         "no keys but poison"},
        {HEAD "restart: {initial: 2m}\n" SOURCES SINKS, "2:20 1212", ""},
        {HEAD "restart: {max: 1ms}\n" SOURCES SINKS, "2:16 1212", ""},
        {HEAD "at_end: stop\n" SOURCES SINKS, "2:9 1206", "drain, savepoint"},
        {HEAD "state: {backend: memory}\nat_end: drain\nparallelism: 1\n" SOURCES SINKS, "", ""},
        /* nodes */
        {HEAD "sources: {A: {type: x}, _b: {type: x}, c.d: {type: x}}\n"
              "sinks: {z: {type: x, inputs: [A, _b]}}\n",
         "2:11 2001, 2:25 2001, 2:40 2001, 2:40 2005", "a letter first"},
        {HEAD SOURCES "sinks: {a: {type: x, inputs: [a]}}\n", "3:9 2002",
         "give one of them another name"},
        {HEAD "sources: {a: 1}\n" SINKS, "2:11 1203", ""},
        {HEAD "sources: {a: }\n" SINKS, "2:11 1207", ""},
        {HEAD "sources: {a: {}}\n" SINKS, "2:11 1202", "'type'"},
        {HEAD "sources: {a: {type: x, path: y}}\n" SINKS, "2:24 1201", "under 'config:'"},
        {HEAD "sources: {a: {type: x, inputs: [z]}}\n" SINKS, "2:24 1201", ""},
        {HEAD "sources: {a: {type: x, config: [1]}}\n" SINKS, "2:32 1203", ""},
        {HEAD "sources: {a: {type: x, on_error: drop}}\n" SINKS, "2:34 1206", "fail, skip, output"},
        {HEAD "sources: {a: {type: x, format: json}}\n" SINKS, "2:32 1203", "{type: json}"},
        {HEAD "sources: {a: {type: x, format: {typ: json}}}\n" SINKS, "2:24 1202", "type: json"},
        {HEAD SOURCES "sinks: {z: {type: x, inputs: [a], on_error: output}}\n", "3:45 1206",
         "fail, skip"},
        {HEAD SOURCES "sinks: {z: {type: x, inputs: [a], key_by: [u]}}\n", "3:35 1201", ""},
        /* schema */
        {HEAD "sources: {a: {type: x, schema: {}}}\n" SINKS, "2:24 1203", "user: string"},
        {HEAD "sources: {a: {type: x, schema: {u: strin, v: [a], w: , t: {unit: ms}}}}\n" SINKS,
         "2:36 2020, 2:46 1203, 2:51 1207, 2:56 1202", "did you mean 'string'?"},
        {HEAD "sources: {a: {type: x, schema: {u: {type: int64, unit: ms, format: YYYY}}}}\n" SINKS,
         "2:50 2022, 2:60 2022", "only a timestamp"},
        {HEAD "sources: {a: {type: x, schema: {u: {type: timestamp, unit: h}}}}\n" SINKS,
         "2:60 1206", "s, ms, us, ns"},
        {HEAD
         "sources: {a: {type: x, schema: {u: {type: timestamp, unit: s, format: YYYY}}}}\n" SINKS,
         "2:54 2022", "keep one"},
        {HEAD "sources: {a: {type: x, schema: {u: {type: string, null_values: ['-']}}}}\n" SINKS,
         "2:51 2022", "string|null"},
        {HEAD "sources: {a: {type: x, schema: {u: {type: string, path: a.b}}}}\n" SINKS,
         "2:57 2024", "$.outer.inner"},
        {HEAD "sources: {a: {type: x, event_time: {field: at, out_of_orderness: -1s}}}\n" SINKS,
         "2:66 1204", "at least 0s"},
        /* edges */
        {HEAD SOURCES "sinks: {z: {type: x, inputs: []}}\n", "3:22 2006", ""},
        {HEAD SOURCES "sinks: {z: {type: x, inputs: a}}\n", "3:30 1203", "[a]"},
        {HEAD SOURCES "sinks: {z: {type: x}}\n", "3:9 1202", "'inputs'"},
        {HEAD SOURCES "sinks: {z: {type: x, inputs: [b]}}\n", "3:31 2003", "did you mean 'a'?"},
        {HEAD SOURCES "sinks: {z: {type: x, inputs: [a, a]}}\n", "3:34 2008", ""},
        {HEAD SOURCES "sinks: {z: {type: x, inputs: [a.]}}\n", "3:31 2003", ""},
        {HEAD SOURCES "sinks: {z: {type: x, inputs: [[a]]}}\n", "3:31 1203", ""},
        {HEAD SOURCES "sinks: {z: {type: x, inputs: [a.error, a]}}\n", "3:31 2007",
         "on_error: output  at 'a'"},
        {HEAD "sources: {a: {type: x, on_error: output}}\n" SINKS, "2:24 2013", "a.error"},
        {HEAD "sources: {a: {type: x}, b: {type: x}}\n" SINKS, "2:25 2005", "inputs: [b]"},
        {HEAD SOURCES "sinks: {z: {type: x, inputs: [a]}, y: {type: x, inputs: [z]}}\n",
         "3:58 2009", ""},
        {HEAD SOURCES "operators: {f: {type: x, inputs: [f]}}\n" SINKS, "3:35 2004", ""},
        {HEAD SOURCES "operators:\n  f: {type: x, inputs: [a, h]}\n  g: {type: x, inputs: [f]}\n"
                      "  h: {type: x, inputs: [g]}\n" SINKS,
         "4:28 2004", "f -> g -> h -> f"},
        {HEAD SOURCES "operators: {f: {type: x, inputs: [a], key_by: []}}\n"
                      "sinks: {z: {type: x, inputs: [f]}}\n",
         "3:47 1203", ""},
        {HEAD SOURCES "operators: {f: {type: x, inputs: [a], key_by: [u, u]}}\n"
                      "sinks: {z: {type: x, inputs: [f]}}\n",
         "3:51 2008", ""},
        /* a misspelt input is not also an unused node */
        {HEAD SOURCES "sinks: {z: {type: x, inputs: [aa]}}\n", "3:31 2003", "did you mean 'a'?"},
        /* tests */
        {HEAD SOURCES SINKS "tests: {}\n", "4:1 1304", ""},
        {HEAD SOURCES SINKS "tests: [1, {name: n, steps: [{send: {}}, {snd: {}}, {}, 1]}]\n",
         "4:9 1304, 4:43 1304, 4:53 1304, 4:57 1304", "did you mean 'send'?"},
    };

    int wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int rc = read_text(cases[i].yaml);
        char *found = case_summary(&c), *text = case_text(&c);

        if (strcmp(found, cases[i].problems) != 0 || !strstr(text, cases[i].help) ||
            rc != (*found ? STREAMD_E_REPORTED : 0)) {
            print_error("for:\n%swanted: %s\nfound:\n%s\n", cases[i].yaml, cases[i].problems, text);
            wrong++;
        }
        free(found);
        free(text);
        pipeline_clear(&p);
        case_clear(&c);
    }
    assert_int_equal(wrong, 0);
}

static void how_it_runs_by_default(void **state)
{
    (void)state;
    assert_int_equal(read_text(HEAD SOURCES SINKS), 0);
    assert_int_equal(p.parallelism, 1);
    assert_int_equal(p.delivery, 0);
    assert_int_equal(p.at_end, PIPELINE_DRAIN);
    assert_int_equal(p.checkpoint.every_given, 0);
    assert_int_equal(p.checkpoint.keep, 3);
    assert_int_equal(p.checkpoint.timeout_us, 600 * 1000000LL);
    assert_int_equal(p.restart.policy, PIPELINE_RESTART_EXPONENTIAL);
    assert_int_equal(p.restart.initial_us, 100 * 1000);
    assert_int_equal(p.restart.max_us, 60 * 1000000LL);
    assert_int_equal(p.restart.reset_after_us, 600 * 1000000LL);
    assert_int_equal(p.restart.poison, 3);
}

static void how_it_runs_as_told(void **state)
{
    (void)state;
    assert_int_equal(read_text(HEAD "parallelism: 4\nkey_groups: 4\nat_end: savepoint\n"
                                    "checkpoint: {every: 1s, keep: 5, timeout: 30s}\n"
                                    "restart: {policy: fixed, delay: 2s, attempts: 7, poison: 0}\n"
                                    "sources: {a: {type: x, parallelism: 3}}\n" SINKS),
                     0);
    assert_int_equal(p.parallelism, 4);
    assert_int_equal(node("a")->parallelism, 3);
    assert_int_equal(p.at_end, PIPELINE_SAVEPOINT);
    assert_int_equal(p.checkpoint.every_given, 1);
    assert_int_equal(p.checkpoint.every_us, 1000000);
    assert_int_equal(p.checkpoint.keep, 5);
    assert_int_equal(p.checkpoint.timeout_us, 30 * 1000000LL);
    assert_int_equal(p.restart.policy, PIPELINE_RESTART_FIXED);
    assert_int_equal(p.restart.delay_us, 2 * 1000000LL);
    assert_int_equal(p.restart.attempts, 7);
    assert_int_equal(p.restart.poison, 0);
}

static void how_it_runs_without_checkpoints(void **state)
{
    (void)state;
    assert_int_equal(
        read_text(HEAD "checkpoint: {every: none}\n"
                       "restart: {policy: failure_rate, failures: 5, per: 2m}\n" SOURCES SINKS),
        0);
    assert_int_equal(p.checkpoint.every_given, 1);
    assert_int_equal(p.checkpoint.every_us, 0);
    assert_int_equal(p.restart.policy, PIPELINE_RESTART_FAILURE_RATE);
    assert_int_equal(p.restart.failures, 5);
    assert_int_equal(p.restart.per_us, 120 * 1000000LL);
    assert_int_equal(p.restart.delay_us, 1000000);
}

/* Two circles and what hangs on them: each circle is told once, and the order is whole. */
static void circles_are_told_once(void **state)
{
    char *found;

    (void)state;
    read_text(HEAD SOURCES "operators:\n"
                           "  f: {type: x, inputs: [g]}\n"
                           "  g: {type: x, inputs: [f]}\n"
                           "  h: {type: x, inputs: [g]}\n"
                           "  k: {type: x, inputs: [a, l]}\n"
                           "  l: {type: x, inputs: [k, h]}\n"
                           "sinks: {z: {type: x, inputs: [l, h]}}\n");
    found = case_summary(&c);
    assert_string_equal(found, "4:25 2004, 7:28 2004");
    free(found);
    assert_int_equal(p.node_count, 7);
    for (uint32_t i = 0; i < p.node_count; i++) {
        uint32_t times = 0;

        for (uint32_t k = 0; k < p.node_count; k++)
            times += p.order[k] == i;
        assert_int_equal(times, 1);
    }
}

static void the_name_of_a_file(void **state)
{
    static const struct {
        const char *file, *name;
        int good;
    } cases[] = {
        {"orders.yaml", "orders", 1}, {"/a/b.c/my-pipe_2.yml", "my-pipe_2", 1},
        {"orders", "orders", 1},      {"Orders.yaml", "Orders", 0},
        {"2.yaml", "2", 0},           {"a b.yaml", "a b", 0},
        {".yaml", ".yaml", 0},        {"a.b.yaml", "a.b", 0},
        {NULL, "pipeline", 1},
    };
    static const char yaml[] = HEAD SOURCES SINKS;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int rc;

        diagnostics_init(&c.diagnostics, cases[i].file);
        assert_int_equal(document_load_text(&c.document, yaml, strlen(yaml), NULL, &c.diagnostics),
                         0);
        rc = pipeline_read(&p, &c.document, &c.diagnostics);
        assert_int_equal(rc, cases[i].good ? 0 : STREAMD_E_REPORTED);
        assert_string_equal(p.name, cases[i].name);
        pipeline_clear(&p);
        case_clear(&c);
    }
}

/* --- Types -------------------------------------------------------------------------------------
 */

static void types(void **state)
{
    static const struct {
        const char *text, *printed, *help; /* printed NULL: refused at */
        size_t at, length;
    } cases[] = {
        {"bool", "bool", "", 0, 0},
        {"int64", "int64", "", 0, 0},
        {"float64 | null", "float64|null", "", 0, 0},
        {"decimal(38,0)", "decimal(38,0)", "", 0, 0},
        {"decimal( 5 , 5 )|null", "decimal(5,5)|null", "", 0, 0},
        {"decimal(7)", "decimal(7,0)", "", 0, 0},
        {"json", "json", "", 0, 0},
        {"integer", NULL, "int64", 0, 7},
        {"BIGINT", NULL, "int64", 0, 6},
        {"String", NULL, "string", 0, 6},
        {"timstamp", NULL, "timestamp", 0, 8},
        {"", NULL, "types are", 0, 0},
        {"decimal", NULL, "decimal(10,2)", 0, 7},
        {"decimal()", NULL, "", 8, 1},
        {"decimal(0,0)", NULL, "", 8, 1},
        {"decimal(39,2)", NULL, "", 8, 2},
        {"decimal(4,5)", NULL, "", 10, 1},
        {"decimal(99999999999999999999,5)", NULL, "", 8, 20},
        {"decimal(4,", NULL, "", 10, 1},
        {"decimal(4", NULL, "", 9, 0},
        {"int64|nil", NULL, "", 5, 4},
        {"int64 null", NULL, "types are", 0, 10},
        {"int64?", NULL, "int64|null", 5, 1},
        {"decimal(4,2)x", NULL, "", 12, 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pipeline_type_error e = {0};
        struct streamd_type type;
        struct text out = {0};
        int rc = pipeline_parse_type(cases[i].text, &type, &e);

        if ((rc == 0) != (cases[i].printed != NULL) || (rc && !strstr(e.help, cases[i].help)))
            print_error("for: %s: %s; %s\n", cases[i].text, e.message, e.help);
        assert_int_equal(rc, cases[i].printed ? 0 : STREAMD_E_INVALID);
        if (cases[i].printed) {
            pipeline_print_type(type, &out);
            assert_string_equal(text_get(&out), cases[i].printed);
        } else {
            assert_non_null(strstr(e.help, cases[i].help));
            assert_int_equal(e.at, cases[i].at);
            assert_int_equal(e.length, cases[i].length);
        }
        text_clear(&out);
    }
}

/* --- Tables, bounds, memory --------------------------------------------------------------------
 */

static void the_tables_are_good(void **state)
{
    struct streamd_error error = {0};

    (void)state;
    assert_int_equal(options_check_table(keys_of_source, sizeof(struct keys_node), &error), 0);
    assert_int_equal(options_check_table(keys_of_operator, sizeof(struct keys_node), &error), 0);
    assert_int_equal(options_check_table(keys_of_sink, sizeof(struct keys_node), &error), 0);
    assert_int_equal(options_check_table(keys_of_field, sizeof(struct keys_field), &error), 0);
    assert_int_equal(options_check_table(keys_of_test, sizeof(struct keys_test), &error), 0);
}

static void many_nodes(void **state)
{
    char *yaml = malloc(1 << 20);
    size_t length;

    (void)state;
    assert_non_null(yaml);
    for (int most = 998; most <= 999; most++) {
        length = (size_t)sprintf(yaml,
                                 HEAD SOURCES "sinks: {z: {type: x, inputs: [n%d]}}\n"
                                              "operators:\n",
                                 most);
        for (int i = most; i > 0; i--)
            length += (size_t)sprintf(yaml + length, "  n%d: {type: x, inputs: [n%d]}\n", i, i - 1);
        strcpy(strstr(yaml, "inputs: [n0]"), "inputs: [a] }\n");
        assert_int_equal(read_text(yaml), most == 998 ? 0 : STREAMD_E_REPORTED);
        if (most == 998)
            assert_int_equal(p.node_count, 1000);
        pipeline_clear(&p);
        case_clear(&c);
    }
    free(yaml);
}

static void every_allocation_may_fail(void **state)
{
    static const char bad[] =
        HEAD "sources: {a: {type: x, schema: {u: strin, v: {type: date, unit: s}}}}\n"
             "operators: {f: {type: x, inputs: [g, q], key_by: [a]}, g: {type: x, inputs: [f]}}\n"
             "sinks: {z: {type: x, inputs: [f], typee: 1}}\n";
    static const char *const files[] = {good, bad};

    (void)state;
    for (size_t file = 0; file < 2; file++) {
        uint64_t made = UINT64_MAX;

        for (uint64_t n = 1; made >= n; n++) {
            int rc;

            memory_fail_at(n, n % 2 == 0);
            rc = read_text(files[file]);
            made = memory_fail_at(0, 0);
            assert_true(rc == STREAMD_E_NOMEM || rc == STREAMD_E_REPORTED || rc == 0);
            pipeline_clear(&p);
            case_clear(&c);
            assert_true(n < 2000);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_good_file_is_read, tear_down),
        cmocka_unit_test_teardown(fields_of_a_schema, tear_down),
        cmocka_unit_test_teardown(producers_come_first, tear_down),
        cmocka_unit_test_teardown(rules_hold, tear_down),
        cmocka_unit_test_teardown(how_it_runs_by_default, tear_down),
        cmocka_unit_test_teardown(how_it_runs_as_told, tear_down),
        cmocka_unit_test_teardown(how_it_runs_without_checkpoints, tear_down),
        cmocka_unit_test_teardown(circles_are_told_once, tear_down),
        cmocka_unit_test_teardown(the_name_of_a_file, tear_down),
        cmocka_unit_test(types),
        cmocka_unit_test(the_tables_are_good),
        cmocka_unit_test_teardown(many_nodes, tear_down),
        cmocka_unit_test_teardown(every_allocation_may_fail, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
