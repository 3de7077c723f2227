/*
 * Numbers of a node are a table, so that writing, reading and adding them cannot disagree. What is
 * read is checked like every message: it may come from a worker whose memory a plugin has spoilt.
 */
#include "control/stats.h"

#include "base/error.h"
#include "control/message.h"

#include <stddef.h>
#include <string.h>

enum { MOST_NODES = 100000 };

struct number {
    const char *name;
    size_t offset; /* of a 64-bit integer in struct worker_node_stats */
};

#define NUMBER(member)                                      \
    {                                                       \
#member, offsetof(struct worker_node_stats, member) \
    }

static const struct number numbers[] = {
    NUMBER(rows_in), NUMBER(rows_out),         NUMBER(batches_in), NUMBER(batches_out),
    NUMBER(late),    NUMBER(rejected),         NUMBER(skipped),    NUMBER(discarded),
    NUMBER(busy_us), NUMBER(backpressured_us), NUMBER(idle_us),
};

enum { NUMBERS = sizeof(numbers) / sizeof(numbers[0]) };

static int64_t number_get(const struct worker_node_stats *n, const struct number *number)
{
    int64_t value;

    memcpy(&value, (const char *)n + number->offset, sizeof(value));
    return value;
}

static void number_set(struct worker_node_stats *n, const struct number *number, int64_t value)
{
    memcpy((char *)n + number->offset, &value, sizeof(value));
}

/* --- Writing -----------------------------------------------------------------------------------
 */

static json_t *text_or_null(const char *text)
{
    return text ? control_string(text) : json_null();
}

static json_t *counters_json(const struct worker_node_stats *n)
{
    json_t *object = json_object();

    for (int i = 0; i < WORKER_COUNTERS && n->counters[i].name; i++)
        if (json_object_set_new(object, n->counters[i].name,
                                json_integer((json_int_t)n->counters[i].value))) {
            json_decref(object);
            return NULL;
        }
    return object;
}

static json_t *node_json(const struct worker_node_stats *n)
{
    json_t *object = json_pack("{s:o, s:i, s:I, s:o, s:o}", "name", control_string(n->name), "kind",
                               (int)n->kind, "watermark", (json_int_t)n->watermark, "counters",
                               counters_json(n), "held_by", text_or_null(n->held_by));

    for (size_t i = 0; i < NUMBERS && object; i++)
        if (json_object_set_new(object, numbers[i].name,
                                json_integer((json_int_t)number_get(n, &numbers[i])))) {
            json_decref(object);
            return NULL;
        }
    return object;
}

json_t *stats_json(const struct worker_stats *stats)
{
    json_t *nodes = json_array();

    for (uint32_t i = 0; i < stats->node_count && nodes; i++)
        if (json_array_append_new(nodes, node_json(&stats->nodes[i]))) {
            json_decref(nodes);
            nodes = NULL;
        }
    return json_pack("{s:I, s:o, s:b, s:I, s:o}", "elapsed_us", (json_int_t)stats->elapsed_us,
                     "limiting", text_or_null(stats->limiting), "stopped", stats->stopped,
                     "memory_bytes", (json_int_t)stats->memory_bytes, "nodes", nodes);
}

/* --- Reading -----------------------------------------------------------------------------------
 */

/* A text into the arena; null is NULL. */
static int read_text(const json_t *object, const char *name, struct arena *arena, const char **text,
                     struct streamd_error *error)
{
    const json_t *value = json_object_get(object, name);

    *text = NULL;
    if (json_is_null(value))
        return 0;
    if (!json_is_string(value))
        return error_set(error, STREAMD_E_DATA, "'%s' of a control message is no text", name);
    *text = arena_strndup(arena, json_string_value(value), json_string_length(value));
    return *text ? 0 : error_set_nomem(error);
}

static int read_counters(json_t *object, struct arena *arena, struct worker_node_stats *n,
                         struct streamd_error *error)
{
    const char *name;
    json_t *value;
    int i = 0;

    if (!json_is_object(object))
        return error_set(error, STREAMD_E_DATA, "a node of a control message has no counters");
    json_object_foreach(object, name, value)
    {
        if (i == WORKER_COUNTERS || !json_is_integer(value))
            return error_set(error, STREAMD_E_DATA, "counters of a control message make no sense");
        n->counters[i].name = arena_strdup(arena, name);
        if (!n->counters[i].name)
            return error_set_nomem(error);
        n->counters[i++].value = (uint64_t)json_integer_value(value);
    }
    return 0;
}

static int read_node(json_t *object, struct arena *arena, struct worker_node_stats *n,
                     struct streamd_error *error)
{
    int64_t value;
    int rc = read_text(object, "name", arena, &n->name, error);

    if (!rc && !n->name)
        rc = error_set(error, STREAMD_E_DATA, "a node of a control message has no name");
    if (!rc)
        rc = control_number(object, "kind", 0, UINT32_MAX, &value, error);
    if (rc)
        return rc;
    n->kind = (uint32_t)value;
    for (size_t i = 0; i < NUMBERS; i++) {
        rc = control_number(object, numbers[i].name, 0, INT64_MAX, &value, error);
        if (rc)
            return rc;
        number_set(n, &numbers[i], value);
    }
    rc = control_number(object, "watermark", INT64_MIN, INT64_MAX, &n->watermark, error);
    if (!rc)
        rc = read_counters(json_object_get(object, "counters"), arena, n, error);
    return rc ? rc : read_text(object, "held_by", arena, &n->held_by, error);
}

int stats_read(const json_t *object, struct arena *arena, struct worker_stats *stats,
               struct streamd_error *error)
{
    json_t *nodes = json_object_get(object, "nodes");
    size_t count = json_array_size(nodes);
    int64_t memory = 0;
    int rc;

    *stats = (struct worker_stats){0};
    if (!json_is_array(nodes) || count > MOST_NODES)
        return error_set(error, STREAMD_E_DATA, "a control message has no list of nodes");
    rc = control_number(object, "elapsed_us", 0, INT64_MAX, &stats->elapsed_us, error);
    if (!rc)
        rc = control_number(object, "memory_bytes", 0, INT64_MAX, &memory, error);
    if (!rc)
        rc = read_text(object, "limiting", arena, &stats->limiting, error);
    stats->stopped = json_is_true(json_object_get(object, "stopped"));
    stats->memory_bytes = (size_t)memory;
    stats->nodes = rc ? NULL : arena_zalloc(arena, count + 1, sizeof(*stats->nodes));
    if (!rc && !stats->nodes)
        rc = error_set_nomem(error);
    for (size_t i = 0; i < count && !rc; i++)
        rc = read_node(json_array_get(nodes, i), arena, &stats->nodes[i], error);
    if (!rc)
        stats->node_count = (uint32_t)count;
    return rc;
}

/* --- Adding ------------------------------------------------------------------------------------
 */

int stats_sum_init(struct worker_stats *sum, const struct worker_node_stats *nodes, uint32_t count,
                   struct arena *arena)
{
    *sum = (struct worker_stats){0};
    sum->nodes = arena_zalloc(arena, (size_t)count + 1, sizeof(*sum->nodes));
    if (!sum->nodes)
        return STREAMD_E_NOMEM;
    sum->node_count = count;
    for (uint32_t i = 0; i < count; i++) {
        sum->nodes[i].name = nodes[i].name;
        sum->nodes[i].kind = nodes[i].kind;
        sum->nodes[i].watermark = INT64_MAX;
        sum->nodes[i].tasks = 0;
    }
    return 0;
}

static void add_counter(struct worker_node_stats *sum, const struct worker_counter *one)
{
    for (int i = 0; i < WORKER_COUNTERS; i++) {
        struct worker_counter *c = &sum->counters[i];

        if (c->name && strcmp(c->name, one->name) != 0)
            continue;
        c->name = one->name;
        c->value += one->value;
        return;
    }
}

static void add_node(struct worker_node_stats *sum, const struct worker_node_stats *one)
{
    for (size_t i = 0; i < NUMBERS; i++)
        number_set(sum, &numbers[i],
                   (int64_t)((uint64_t)number_get(sum, &numbers[i]) +
                             (uint64_t)number_get(one, &numbers[i])));
    for (int i = 0; i < WORKER_COUNTERS && one->counters[i].name; i++)
        add_counter(sum, &one->counters[i]);
    if (one->watermark <= sum->watermark) {
        sum->watermark = one->watermark;
        sum->held_by = one->held_by;
    }
    sum->tasks++;
}

void stats_sum_add(struct worker_stats *sum, const struct worker_stats *one)
{
    for (uint32_t i = 0; i < one->node_count; i++)
        for (uint32_t j = 0; j < sum->node_count; j++)
            if (strcmp(one->nodes[i].name, sum->nodes[j].name) == 0)
                add_node(&sum->nodes[j], &one->nodes[i]);
    if (one->elapsed_us > sum->elapsed_us)
        sum->elapsed_us = one->elapsed_us;
    sum->memory_bytes += one->memory_bytes;
    sum->stopped |= one->stopped;
}

void stats_sum_end(struct worker_stats *sum)
{
    int64_t most = 0;

    for (uint32_t i = 0; i < sum->node_count; i++) {
        if (sum->nodes[i].tasks == 0)
            sum->nodes[i].watermark = INT64_MIN;
        if (sum->nodes[i].busy_us > most) {
            most = sum->nodes[i].busy_us;
            sum->limiting = sum->nodes[i].name;
        }
    }
}
