/*
 * For savepoint.py: checkpoints of random tables, what is in native files, and the conversions.
 *
 *   savepoint_tool make DIR SEED PARALLELISM ROWS     DIR/chk-7, which refers to DIR/chk-6
 *   savepoint_tool dump DIR/chk-7                     a line of JSON per table and per row
 *   savepoint_tool role ARGUMENTS...                  as `streamd savepoint ARGUMENTS...'
 *   savepoint_tool seal FILE
 *
 * Values are shown raw: numbers as they lie in memory, decimals without their point, floats as
 * their bits, texts and bytes in hexadecimal.
 */
#include "base/memory.h"
#include "base/text.h"
#include "checkpoint/manifest.h"
#include "checkpoint/savepoint.h"
#include "checkpoint/savepoint_role.h"
#include "columnar/keyhash.h"

#include <streamd/convert.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LINEAGE "00112233445566778899aabbccddeeff"
#define PLAN                                                                                   \
    "{\"version\":1,\"nodes\":[{\"name\":\"sums\",\"kind\":\"operator\",\"type\":\"window\"}," \
    "{\"name\":\"Sums\",\"kind\":\"sink\",\"type\":\"file\"}]}"

static int fail(const struct streamd_error *e)
{
    fprintf(stderr, "SD%d: %s\n", e->diagnostic, e->message);
    return 1;
}

/* ---- random tables ------------------------------------------------------------------------- */

static uint64_t seed;

static uint64_t draw(void)
{
    seed += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t z = seed;
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

#define TYPE(i, n)                 \
    {                              \
        .id = (i), .nullable = (n) \
    }

static const struct streamd_field sums[] = {
    {"id", TYPE(STREAMD_INT64, 0)},        {"userId", TYPE(STREAMD_STRING, 1)},
    {"userid", TYPE(STREAMD_DECIMAL, 1)}, /* replaced below: decimals need a precision */
    {"_seq", TYPE(STREAMD_BOOL, 1)},       {"a \"b\" c", TYPE(STREAMD_FLOAT64, 1)},
    {"rowid", TYPE(STREAMD_TIMESTAMP, 1)}, {"ключ", TYPE(STREAMD_DATE, 1)},
    {"group", TYPE(STREAMD_JSON, 1)},      {"order", TYPE(STREAMD_BYTES, 1)},
    {"n", TYPE(STREAMD_INT64, 1)},         {"due", TYPE(STREAMD_TIMESTAMP, 1)},
};
static const struct streamd_field list[] = {
    {"at", TYPE(STREAMD_TIMESTAMP, 0)},
    {"f", TYPE(STREAMD_FLOAT64, 0)},
    {"text", TYPE(STREAMD_STRING, 0)},
    {"data", TYPE(STREAMD_BYTES, 0)},
};
static const struct streamd_field parts[] = {
    {"name", TYPE(STREAMD_STRING, 0)},
    {"bytes", TYPE(STREAMD_INT64, 0)},
};
static const struct streamd_field one[] = {{"total", TYPE(STREAMD_INT64, 0)}};

static struct streamd_field sums_fields[11];

static const struct snapshot_section tables[] = {
    {.node = "sums",
     .table = "panes",
     .flags = STREAMD_TABLE_NAMESPACED,
     .key_count = 3,
     .column_count = 8,
     .fields = sums_fields},
    {.node = "sums",
     .table = "timers",
     .flags = STREAMD_TABLE_ORDERED | STREAMD_TABLE_EVENT_TIMERS,
     .key_count = 2,
     .column_count = 9,
     .order_by = 8,
     .fields = sums_fields},
    {.node = "Sums",
     .table = "Panes",
     .flags = STREAMD_TABLE_LIST,
     .key_count = 1,
     .column_count = 3,
     .fields = list},
    {.node = "sqlite_out",
     .table = "_outbox",
     .flags = STREAMD_TABLE_BROADCAST,
     .key_count = 1,
     .column_count = 1,
     .fields = parts},
    {.node = "sqlite_out",
     .table = "progress",
     .flags = STREAMD_TABLE_BROADCAST | STREAMD_TABLE_ALL,
     .column_count = 1,
     .fields = one},
    {.node = "a.b-c", .table = "empty", .key_count = 1, .column_count = 1, .fields = parts},
};

enum { TABLES = sizeof(tables) / sizeof(tables[0]) };

static int64_t draw_integer(void)
{
    static const int64_t edges[] = {0, 1, -1, INT64_MAX, INT64_MIN, 1000000, -1000001};

    return draw() % 4 ? (int64_t)(draw() >> draw() % 60) - 1000
                      : edges[draw() % (sizeof(edges) / sizeof(edges[0]))];
}

static double draw_float(void)
{
    static const double edges[] = {0.0, -0.0, 1.0, -5.0, 1e300, 5e-324, 0.1, 9007199254740993.0};
    uint64_t bits = draw();
    double d;

    if (bits % 8 < 4)
        return edges[draw() % (sizeof(edges) / sizeof(edges[0]))];
    if (bits % 8 == 4)
        return bits % 16 < 8 ? (double)INFINITY : -(double)INFINITY;
    if (bits % 8 == 5)
        return (double)NAN;
    bits = draw();
    memcpy(&d, &bits, sizeof(d));
    return d != d ? 1.5 : d;
}

static uint32_t draw_text(char *out)
{
    static const char *const words[] = {"",   "x",    "it's", "\"q\"", "née",
                                        "語", "0123", "null", "-1.50"};
    uint32_t length = 0;

    for (uint64_t n = draw() % 4; n > 0; n--) {
        const char *w = words[draw() % (sizeof(words) / sizeof(words[0]))];

        memcpy(out + length, w, strlen(w));
        length += (uint32_t)strlen(w);
    }
    return length;
}

/* A value of a type into `out`, whose bytes are counted. */
static uint32_t draw_value(const struct streamd_type *t, void *out)
{
    streamd_int128 big = (streamd_int128)draw_integer() * 1000003;
    struct streamd_decimal decimal = streamd_decimal_make(big);
    int64_t integer = draw_integer();
    int32_t days = (int32_t)(draw() % 3 ? (int64_t)(draw() % 4000000) - 1000000 : draw_integer());
    double real = draw_float();

    switch (t->id) {
    case STREAMD_BOOL:
        *(uint8_t *)out = (uint8_t)(integer & 1);
        return 1;
    case STREAMD_FLOAT64:
        memcpy(out, &real, 8);
        return 8;
    case STREAMD_DECIMAL:
        memcpy(out, &decimal, 16);
        return 16;
    case STREAMD_DATE:
        memcpy(out, &days, 4);
        return 4;
    case STREAMD_JSON:
        memcpy(out, "{\"a\": [1]}", 10);
        return 10;
    case STREAMD_BYTES:
        memcpy(out, &big, 16);
        return (uint32_t)(draw() % 17);
    case STREAMD_STRING:
        return draw_text(out);
    case STREAMD_TIMESTAMP:
        if (draw() % 2)
            integer = (int64_t)(draw() % 4000000000000000) - 1000000000000000;
        if (draw() % 4 == 0)
            integer = integer / 1000000 * 1000000;
        memcpy(out, &integer, 8);
        return 8;
    default:
        memcpy(out, &integer, 8);
        return 8;
    }
}

union room {
    struct streamd_decimal align;
    uint8_t bytes[64];
};

static uint32_t group_of(const struct snapshot_section *s, union room *rooms,
                         const struct rowcode_value *values, uint32_t key_groups)
{
    struct streamd_column columns[4] = {{0}};
    const struct streamd_column *keys[4];
    const struct streamd_batch batch = {.rows = 1, .count = 1};
    struct streamd_type types[4];
    int32_t offsets[4][2] = {{0}};
    uint8_t no_bits = 0;
    uint64_t hash = 0;

    for (uint32_t i = 0; i < s->key_count; i++) {
        columns[i].values = rooms[i].bytes;
        columns[i].data = rooms[i].bytes;
        offsets[i][1] = (int32_t)values[i].length;
        columns[i].offsets = offsets[i];
        columns[i].validity = values[i].null ? &no_bits : NULL;
        keys[i] = &columns[i];
        types[i] = s->fields[i].type;
    }
    keyhash_batch(&batch, keys, types, s->key_count, &hash);
    return keyhash_group(hash, key_groups);
}

struct made {
    uint32_t group;
    size_t length;
    uint8_t bytes[600];
};

/* Row `number` of a table, encoded. */
static void draw_row(const struct snapshot_section *s, uint64_t number, int64_t ns,
                     uint32_t key_groups, struct made *made)
{
    struct rowcode_value values[16];
    union room rooms[16];
    struct rowcode code;
    uint32_t count = s->key_count + s->column_count;

    if (rowcode_init(&code, s->fields, count, (s->flags & STREAMD_TABLE_NAMESPACED) != 0))
        abort();
    for (uint32_t i = 0; i < count; i++) {
        values[i].data = rooms[i].bytes;
        values[i].null = s->fields[i].type.nullable && draw() % 4 == 0;
        values[i].length = draw_value(&s->fields[i].type, rooms[i].bytes);
        if (values[i].null && streamd_type_is_variable(s->fields[i].type.id))
            values[i].length = 0;
    }
    if (s->key_count && !(s->flags & STREAMD_TABLE_LIST)) { /* keys are there once */
        char text[24];

        if (s->fields[0].type.id == STREAMD_STRING) {
            values[0].length = (uint32_t)snprintf(text, sizeof(text), "part-%" PRIu64, number);
            memcpy(rooms[0].bytes, text, values[0].length);
        } else {
            memcpy(rooms[0].bytes, &number, sizeof(number));
        }
    } else if (s->key_count) { /* and lists have several rows */
        int64_t few = (int64_t)(number % 5);

        memcpy(rooms[0].bytes, &few, sizeof(few));
    }
    made->length = rowcode_values_size(&code, values);
    rowcode_encode_values(&code, ns, values, made->bytes);
    made->group = s->flags & STREAMD_TABLE_BROADCAST ? SNAPSHOT_NO_GROUP
                                                     : group_of(s, rooms, values, key_groups);
}

/* ---- making a checkpoint ------------------------------------------------------------------- */

enum { KEY_GROUPS = 128 };

/* Adds the rows of a table that belong to a task. The draws are the same for all tasks. */
static int add_rows(struct snapshot_writer *w, const struct snapshot_section *s, uint32_t task,
                    uint32_t parallelism, uint64_t rows, int sealed, struct streamd_error *e)
{
    struct made made;
    int rc = 0;

    for (uint64_t i = 0; i < rows && !rc; i++) {
        int64_t ns = sealed ? -60000000 : (int64_t)(i % 3) * 60000000;
        int mine;

        draw_row(s, i, ns, KEY_GROUPS, &made);
        mine = made.group == SNAPSHOT_NO_GROUP
                   ? i % parallelism == task
                   : keyhash_owner(made.group, parallelism, KEY_GROUPS) == task;
        if (mine && sealed)
            rc = snapshot_writer_sealed(w, made.group, ns, made.bytes, made.length, 1, e);
        else if (mine)
            rc = snapshot_writer_rows(w, made.group, made.bytes, made.length, 1, e);
    }
    return rc;
}

static int open_writer(const char *folder, uint64_t id, uint32_t task, uint32_t parallelism,
                       struct snapshot_writer **w, struct streamd_error *e)
{
    const struct snapshot_identity identity = {.lineage = LINEAGE,
                                               .checkpoint = id,
                                               .pipeline = "orders",
                                               .task = task,
                                               .parallelism = parallelism,
                                               .key_groups = KEY_GROUPS};
    char path[500];

    snprintf(path, sizeof(path), "%s/task-%u.snap", folder, task);
    return snapshot_writer_open(file_system(), path, &identity, w, e);
}

/* The earlier checkpoint: sealed rows of the first table. */
static int make_earlier(const char *folder, uint32_t task, uint32_t parallelism, uint64_t rows,
                        struct streamd_error *e)
{
    struct snapshot_writer *w;
    char checksum[33];
    uint64_t bytes;
    int rc;

    seed = 1;
    if (open_writer(folder, 6, task, parallelism, &w, e))
        return 1;
    rc = snapshot_writer_section(w, &tables[0], e);
    if (!rc)
        rc = add_rows(w, &tables[0], task, parallelism, rows, 1, e);
    return snapshot_writer_close(w, &bytes, checksum, e) || rc;
}

static int refer(struct snapshot_writer *w, const char *earlier, uint32_t task,
                 struct streamd_error *e)
{
    const struct snapshot_block *blocks;
    struct snapshot_reader *r;
    char path[500], name[32];
    uint32_t count;
    int rc;

    snprintf(name, sizeof(name), "task-%u.snap", task);
    snprintf(path, sizeof(path), "%s/%s", earlier, name);
    rc = snapshot_reader_open(file_system(), path, NULL, &r, e);
    if (rc)
        return rc;
    blocks = snapshot_reader_blocks(r, 0, &count);
    for (uint32_t i = 0; i < count && !rc; i++)
        rc = snapshot_writer_refer(w, 6, name, &blocks[i], e);
    snapshot_reader_close(r);
    return rc;
}

static int make_task(const char *folder, const char *earlier, uint64_t first, uint32_t task,
                     uint32_t parallelism, uint64_t rows, struct manifest_file *f,
                     struct streamd_error *e)
{
    struct snapshot_writer *w;
    int rc;

    if (make_earlier(earlier, task, parallelism, rows / 4 + 1, e) ||
        open_writer(folder, 7, task, parallelism, &w, e))
        return 1;
    seed = first;
    rc = 0;
    for (int i = 0; i < TABLES && !rc; i++) {
        uint64_t count = !strcmp(tables[i].table, "empty") ? 0 : i < 3 ? rows : 5;

        if (!tables[i].key_count)
            count = parallelism;
        rc = snapshot_writer_section(w, &tables[i], e);
        if (!rc && i == 0)
            rc = refer(w, earlier, task, e);
        if (!rc)
            rc = add_rows(w, &tables[i], task, parallelism, count, 0, e);
    }
    f->task = task;
    f->checkpoint = 7;
    snprintf(f->name, sizeof(f->name), "task-%u.snap", task);
    return snapshot_writer_close(w, &f->bytes, f->checksum, e) || rc;
}

static int make(char **arguments)
{
    uint64_t first = strtoull(arguments[1], NULL, 10), rows = strtoull(arguments[3], NULL, 10);
    uint32_t parallelism = (uint32_t)strtoul(arguments[2], NULL, 10);
    struct manifest m = {.lineage = LINEAGE,
                         .id = 7,
                         .parallelism = parallelism,
                         .key_groups = KEY_GROUPS,
                         .plan_hash = "ffeeddccbbaa99887766554433221100",
                         .kind = "checkpoint",
                         .created = 1764000000000000};
    struct streamd_error e = {0};
    char folder[400], earlier[400];
    int rc = 0;

    memcpy(sums_fields, sums, sizeof(sums));
    sums_fields[2].type = (struct streamd_type){STREAMD_DECIMAL, 38, 4, 1};
    snprintf(folder, sizeof(folder), "%s/chk-7", arguments[0]);
    snprintf(earlier, sizeof(earlier), "%s/chk-6", arguments[0]);
    if (mkdir(folder, 0700) || mkdir(earlier, 0700))
        return 1;
    m.pipeline = memory_strdup("orders");
    m.plan = json_loads(PLAN, 0, NULL);
    m.files = memory_zalloc(parallelism, sizeof(*m.files));
    m.file_count = parallelism;
    for (uint32_t i = 0; i < parallelism && !rc; i++)
        rc = make_task(folder, earlier, first, i, parallelism, rows, &m.files[i], &e);
    if (!rc)
        rc = manifest_write(file_system(), folder, &m, NULL, &e);
    manifest_clear(&m);
    return rc ? fail(&e) : 0;
}

/* ---- showing native files ------------------------------------------------------------------ */

static void show_value(const struct streamd_type *t, const struct rowcode_value *v)
{
    struct streamd_decimal decimal;
    char digits[64];
    uint64_t bits = 0;
    int32_t days;

    if (v->null) {
        printf("null");
        return;
    }
    memcpy(&bits, v->data, v->length < 8 ? v->length : 8);
    switch (t->id) {
    case STREAMD_BOOL:
        printf("%d", v->data[0]);
        break;
    case STREAMD_FLOAT64:
        printf("\"%016" PRIx64 "\"", bits);
        break;
    case STREAMD_DECIMAL:
        memcpy(&decimal, v->data, sizeof(decimal));
        printf("%.*s", (int)streamd_decimal_print(streamd_decimal_get(decimal), 0, digits), digits);
        break;
    case STREAMD_DATE:
        memcpy(&days, v->data, sizeof(days));
        printf("%d", days);
        break;
    case STREAMD_INT64:
    case STREAMD_TIMESTAMP:
        printf("%" PRId64, (int64_t)bits);
        break;
    default:
        putchar('"');
        for (uint32_t i = 0; i < v->length; i++)
            printf("%02x", v->data[i]);
        putchar('"');
    }
}

static void show_name(const char *name)
{
    struct text t = {0};

    text_add_json(&t, name, strlen(name));
    fputs(text_get(&t), stdout);
    text_clear(&t);
}

static int show_block(const struct snapshot_section *s, const struct rowcode *code, uint32_t task,
                      uint32_t group, const uint8_t *bytes, size_t length, uint32_t rows)
{
    struct rowcode_value values[32];
    int64_t ns;

    for (; rows > 0; rows--) {
        size_t used = rowcode_decode(code, bytes, length, &ns, values);

        if (!used)
            return 1;
        bytes += used;
        length -= used;
        printf("{\"row\":[");
        show_name(s->node);
        putchar(',');
        show_name(s->table);
        printf("],\"task\":%u,\"group\":%" PRId64 ",\"ns\":%" PRId64 ",\"values\":[", task,
               group == SNAPSHOT_NO_GROUP ? -1 : (int64_t)group, ns);
        for (uint32_t i = 0; i < code->count; i++) {
            if (i)
                putchar(',');
            show_value(&s->fields[i].type, &values[i]);
        }
        printf("]}\n");
    }
    return length != 0;
}

static int show_section(struct snapshot_reader *r, uint32_t number, uint32_t task,
                        struct streamd_error *e)
{
    const struct snapshot_section *s = snapshot_reader_section(r, number);
    struct snapshot_cursor cursor;
    struct rowcode code;
    const uint8_t *bytes;
    uint32_t rows, group;
    size_t length;
    int rc = rowcode_init(&code, s->fields, s->key_count + s->column_count,
                          (s->flags & STREAMD_TABLE_NAMESPACED) != 0);

    printf("{\"table\":[");
    show_name(s->node);
    putchar(',');
    show_name(s->table);
    printf("],\"task\":%u,\"flags\":%u,\"order_by\":%u,\"keys\":%u,\"fields\":[", task, s->flags,
           s->order_by, s->key_count);
    for (uint32_t i = 0; i < code.count; i++) {
        printf("%s[", i ? "," : "");
        show_name(s->fields[i].name);
        printf(",%u,%u,%u,%u]", s->fields[i].type.id, s->fields[i].type.precision,
               s->fields[i].type.scale, s->fields[i].type.nullable);
    }
    printf("]}\n");
    snapshot_reader_begin(r, number, 0, UINT64_C(1) << 32, &cursor);
    while (!rc && (rc = snapshot_reader_next(r, &cursor, &bytes, &length, &rows, &group, e)) > 0)
        rc = show_block(s, &code, task, group, bytes, length, rows);
    return rc;
}

static int dump(char **arguments)
{
    struct streamd_error e = {0};
    struct manifest m = {0};
    int rc = manifest_read(file_system(), arguments[0], &m, &e);

    if (rc)
        return fail(&e);
    printf("{\"pipeline\":\"%s\",\"lineage\":\"%s\",\"id\":%" PRIu64
           ",\"parallelism\":%u,\"key_groups\":%u,\"kind\":\"%s\",\"created\":%" PRId64
           ",\"plan_hash\":\"%s\"}\n",
           m.pipeline, m.lineage, m.id, m.parallelism, m.key_groups, m.kind, m.created,
           m.plan_hash);
    for (size_t i = 0; i < m.file_count && !rc; i++) {
        const struct snapshot_identity expected = {.lineage = "",
                                                   .checkpoint = m.id,
                                                   .pipeline = m.pipeline,
                                                   .task = m.files[i].task,
                                                   .parallelism = m.parallelism,
                                                   .key_groups = m.key_groups};
        struct snapshot_identity whole = expected;
        struct snapshot_reader *r;
        char path[500];

        if (m.files[i].checkpoint != m.id)
            continue;
        memcpy(whole.lineage, m.lineage, sizeof(whole.lineage));
        snprintf(path, sizeof(path), "%s/%s", arguments[0], m.files[i].name);
        rc = snapshot_reader_open(file_system(), path, &whole, &r, &e);
        for (uint32_t k = 0; !rc && k < snapshot_reader_sections(r); k++)
            rc = show_section(r, k, m.files[i].task, &e);
        if (!rc)
            snapshot_reader_close(r);
    }
    if (!rc)
        rc = manifest_verify(file_system(), arguments[0], &m, &e);
    manifest_clear(&m);
    return rc ? fail(&e) : 0;
}

static int seal(char **arguments)
{
    struct savepoint_summary summary;
    struct streamd_error e = {0};
    int changed;

    if (savepoint_seal(arguments[0], &changed, &summary, &e))
        return fail(&e);
    printf("%s %" PRIu64 "\n", changed ? "changed" : "same", summary.rows);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 6 && !strcmp(argv[1], "make"))
        return make(argv + 2);
    if (argc == 3 && !strcmp(argv[1], "dump"))
        return dump(argv + 2);
    if (argc == 3 && !strcmp(argv[1], "seal"))
        return seal(argv + 2);
    if (argc >= 3 && !strcmp(argv[1], "role"))
        return savepoint_role(argc - 2, argv + 2);
    return 64;
}
