/*
 * Host services: each function finds its node from the context and passes the call to the layer
 * that knows. Memory given to plugins carries its size in front, so that limits.memory can count.
 */
#include "worker/host.h"

#include "base/error.h"
#include "columnar/keyhash.h"
#include "columnar/pool.h"
#include "expr/evaluate.h"
#include "state/aggregate.h"
#include "worker/outbox_services.h"
#include "worker/reject.h"
#include "worker/source.h"

#include <stdio.h>
#include <string.h>

/* ---- memory, log, time ------------------------------------------------------------------- */

struct sized {
    size_t size;
    size_t padding; /* keeps what follows 16-byte aligned */
};

/* The node ran into limits.memory: says how it stands, and which of its tables is the largest. */
static void fail_for_memory(struct task *n, size_t used, size_t more, size_t limit)
{
    const char *table = NULL;
    uint64_t most = 0;
    char text[320];

    for (uint32_t i = 0; i < n->plan->table_count; i++) {
        uint64_t rows = n->tables[i].table ? task_table_rows(n, i) : 0;

        if (rows > most) {
            most = rows;
            table = n->plan->tables[i].decl.name;
        }
    }
    snprintf(text, sizeof(text),
             "needs more memory than limits.memory allows: %zu bytes in use, %zu more wanted, "
             "limit %zu%s; its largest state table is '%.64s' with %llu rows",
             used, more, limit, n->worker->plan->parallelism > 1 ? " (for this worker)" : "",
             table ? table : "-", (unsigned long long)most);
    task_fail(n, STREAMD_FAIL_TASK, 5303, text);
}

/* 1 where `more` bytes are within limits.memory; else the node fails, by name. */
static int may_allocate(struct task *n, size_t more)
{
    struct worker *w = n->worker;
    size_t used = w->allocated + batch_pool_bytes(w->pool);

    if (w->memory_limit == 0 || used + more <= w->memory_limit)
        return 1;
    fail_for_memory(n, used, more, w->memory_limit);
    return 0;
}

static void *host_realloc(struct streamd_context *c, void *old, size_t size)
{
    struct task *n = task_of(c);
    struct sized *block = old ? (struct sized *)old - 1 : NULL;
    size_t before = block ? block->size : 0;

    if (size > SIZE_MAX / 2 || (size > before && !may_allocate(n, size - before)))
        return NULL;
    block = memory_realloc(block, sizeof(*block) + size, 1);
    if (!block)
        return NULL;
    block->size = size;
    n->worker->allocated += size - before;
    return block + 1;
}

static void *host_alloc(struct streamd_context *c, size_t size)
{
    return host_realloc(c, NULL, size);
}

static void host_free(struct streamd_context *c, void *memory)
{
    struct sized *block = memory ? (struct sized *)memory - 1 : NULL;

    if (!block)
        return;
    task_of(c)->worker->allocated -= block->size;
    memory_free(block);
}

static void host_log(struct streamd_context *c, int level, const char *message)
{
    struct task *n = task_of(c);

    log_write(n->worker->options.log, (enum log_level)level, "%s/%s: %s", n->worker->plan->name,
              n->plan->name, message);
}

static int64_t host_now(struct streamd_context *c)
{
    return clock_now_us(&task_of(c)->worker->options.clock);
}

static void host_wake_at(struct streamd_context *c, int64_t when)
{
    struct task *n = task_of(c);

    if (when < n->wake_at)
        n->wake_at = when;
}

static void host_block_on(struct streamd_context *c, int fd, int64_t until)
{
    struct task *n = task_of(c);

    n->blocked_fd = fd;
    n->blocked_until = until;
    if (n->source)
        source_block_on(n, fd, until);
}

static enum streamd_flow host_fail(struct streamd_context *c, enum streamd_class cls,
                                   int diagnostic, const char *message)
{
    task_fail(task_of(c), cls, diagnostic, message);
    return STREAMD_FAILED;
}

static void host_count(struct streamd_context *c, const char *counter, uint64_t count)
{
    struct task *n = task_of(c);
    struct worker_counter *at = n->stats.counters, *end = at + WORKER_COUNTERS;

    if (strcmp(counter, "late") == 0) {
        n->stats.late += count;
        return;
    }
    if (strcmp(counter, "discarded") == 0) {
        n->stats.discarded += count;
        return;
    }
    while (at < end && at->name && strcmp(at->name, counter) != 0)
        at++;
    if (at == end)
        return;
    at->name = counter;
    at->value += count;
}

/* ---- batches ------------------------------------------------------------------------------ */

static struct streamd_batch *host_batch_new(struct streamd_context *c,
                                            const struct streamd_schema *schema, uint32_t capacity)
{
    return batch_new(task_of(c)->worker->pool, schema, capacity ? capacity : c->batch_rows);
}

static struct streamd_batch *host_batch_derive(struct streamd_context *c,
                                               struct streamd_batch *parent,
                                               const struct streamd_schema *schema)
{
    (void)c;
    return batch_derive(parent, schema);
}

static void *host_batch_alloc(struct streamd_context *c, struct streamd_batch *b, size_t size)
{
    (void)c;
    return batch_alloc(b, size);
}

static int host_batch_nullable(struct streamd_context *c, struct streamd_batch *b, uint32_t column)
{
    (void)c;
    return batch_nullable(b, column);
}

static int host_batch_reserve(struct streamd_context *c, struct streamd_batch *b, uint32_t column,
                              size_t size)
{
    (void)c;
    return batch_reserve(b, column, size);
}

static struct streamd_batch *host_batch_retain(struct streamd_context *c, struct streamd_batch *b)
{
    (void)c;
    return batch_retain(b);
}

static void host_batch_release(struct streamd_context *c, struct streamd_batch *b)
{
    (void)c;
    batch_release(b);
}

static int host_emit(struct streamd_context *c, uint32_t output, struct streamd_batch *b)
{
    struct task *n = task_of(c);

    if (output >= n->plan->output_count) {
        batch_release(b);
        return task_fail(n, STREAMD_BUG, 5390, "emits to an output that it did not declare");
    }
    b->key_hash = NULL; /* was of this node's keys */
    return task_emit(n, output, b);
}

static int host_has_room(struct streamd_context *c, uint32_t output)
{
    struct task *n = task_of(c);

    if (output >= n->plan->output_count)
        return 0;
    return task_output_has_room(n, output);
}

/* ---- expressions -------------------------------------------------------------------------- */

static int host_eval(struct streamd_context *c, const struct streamd_expr *e,
                     struct streamd_batch *b, struct streamd_column *out)
{
    return expr_eval_column(task_of(c)->evaluator, e, b, out);
}

static int host_filter(struct streamd_context *c, const struct streamd_expr *e,
                       struct streamd_batch *b)
{
    return expr_filter(task_of(c)->evaluator, e, b);
}

static struct streamd_batch *host_project(struct streamd_context *c,
                                          const struct streamd_projection *p,
                                          struct streamd_batch *b)
{
    struct streamd_batch *out = NULL;

    return expr_project(task_of(c)->evaluator, p, b, &out) ? NULL : out;
}

/* Hashes by the table's key columns, found by name in the batch. The result is kept in the batch
   where the keys are the node's key_by. */
static int host_hash_keys(struct streamd_context *c, const struct streamd_table *t,
                          struct streamd_batch *b, const uint64_t **hash)
{
    const struct streamd_column *columns[32];
    struct streamd_type types[32];
    uint32_t count = t->decl->key_count;
    int by_key = count == c->key_count;
    uint64_t *values;

    if (count > 32)
        return task_fail(task_of(c), STREAMD_BUG, 5390, "a table with more than 32 key columns");
    for (uint32_t i = 0; i < count; i++) {
        uint32_t field = 0;

        while (field < b->schema->field_count &&
               strcmp(b->schema->fields[field].name, t->decl->keys[i].name) != 0)
            field++;
        if (field == b->schema->field_count)
            return task_fail(task_of(c), STREAMD_BUG, 5390,
                             "hashes by a key that its input does not have");
        columns[i] = &b->columns[field];
        types[i] = b->schema->fields[field].type;
        by_key = by_key && field == c->key_fields[i];
    }
    if (by_key && b->key_hash) {
        *hash = b->key_hash;
        return 0;
    }
    values = batch_alloc(b, b->rows * sizeof(*values));
    if (!values)
        return task_fail(task_of(c), STREAMD_FAIL_TASK, 5301, "out of memory for a hash column");
    keyhash_batch(b, columns, types, count, values);
    if (by_key)
        b->key_hash = values;
    *hash = values;
    return 0;
}

static struct streamd_table *host_table(struct streamd_context *c, uint32_t number)
{
    struct task *n = task_of(c);

    return number < n->plan->table_count ? n->tables[number].table : NULL;
}

/* ---- aggregates: daemon/state does the work ------------------------------------------------ */

static int host_aggregate_init(struct streamd_context *c, const struct streamd_aggregates *a,
                               struct streamd_table *t, void *const *rows, uint32_t n)
{
    return aggregate_init(task_of(c)->aggregates, a, t, rows, n);
}

static int host_aggregate_check(struct streamd_context *c, const struct streamd_aggregates *a,
                                struct streamd_batch *b)
{
    return aggregate_check(task_of(c)->aggregates, a, b);
}

static int host_aggregate_update(struct streamd_context *c, const struct streamd_aggregates *a,
                                 struct streamd_table *t, struct streamd_batch *b,
                                 const uint16_t *sel, void *const *rows, uint32_t n)
{
    return aggregate_update(task_of(c)->aggregates, a, t, b, sel, rows, n);
}

static int host_aggregate_merge(struct streamd_context *c, const struct streamd_aggregates *a,
                                struct streamd_table *t, void *const *into,
                                struct streamd_table *source, void *const *from, uint32_t n)
{
    return aggregate_merge(task_of(c)->aggregates, a, t, into, source, from, n);
}

static struct streamd_batch *host_aggregate_result(struct streamd_context *c,
                                                   const struct streamd_aggregates *a,
                                                   struct streamd_table *t, void *const *rows,
                                                   uint32_t n, const struct streamd_column *extras)
{
    return aggregate_result(task_of(c)->aggregates, a, t, rows, n, extras);
}

/* ---- sinks -------------------------------------------------------------------------------- */

static int host_encode(struct streamd_context *c, struct streamd_batch *b,
                       struct streamd_buffer *out)
{
    struct task *n = task_of(c);

    if (!n->encoder)
        return task_fail(n, STREAMD_BUG, 5390, "encodes, but has no format");
    return n->plan->format.format->encode(c, n->encoder, b, out);
}

static int host_encode_begin(struct streamd_context *c, struct streamd_buffer *out)
{
    struct task *n = task_of(c);

    if (!n->encoder)
        return task_fail(n, STREAMD_BUG, 5390, "encodes, but has no format");
    if (!n->plan->format.format->encode_begin)
        return 0;
    return n->plan->format.format->encode_begin(c, n->encoder, out);
}

static const char *host_encode_suffix(struct streamd_context *c)
{
    const struct streamd_format *format = task_of(c)->plan->format.format;

    return format && format->suffix ? format->suffix : "";
}

static int host_buffer_reserve(struct streamd_context *c, struct streamd_buffer *buffer,
                               size_t size)
{
    size_t capacity = buffer->capacity ? buffer->capacity : 4096;
    uint8_t *data;

    if (size > SIZE_MAX / 4 - buffer->length)
        return STREAMD_E_LIMIT;
    while (capacity < buffer->length + size)
        capacity *= 2;
    data = host_realloc(c, buffer->data, capacity);
    if (!data) {
        task_fail(task_of(c), STREAMD_FAIL_TASK, 5301, "out of memory for an output buffer");
        return STREAMD_E_NOMEM;
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return 0;
}

static void host_buffer_clear(struct streamd_context *c, struct streamd_buffer *buffer)
{
    host_free(c, buffer->data);
    memset(buffer, 0, sizeof(*buffer));
}

const struct streamd_host *host_services(void)
{
    static const struct streamd_host services = {
        .size = sizeof(services),
        .alloc = host_alloc,
        .realloc = host_realloc,
        .free = host_free,
        .log = host_log,
        .now = host_now,
        .wake_at = host_wake_at,
        .block_on = host_block_on,
        .fail = host_fail,
        .batch_new = host_batch_new,
        .batch_derive = host_batch_derive,
        .batch_alloc = host_batch_alloc,
        .batch_nullable = host_batch_nullable,
        .batch_reserve = host_batch_reserve,
        .batch_retain = host_batch_retain,
        .batch_release = host_batch_release,
        .emit = host_emit,
        .has_room = host_has_room,
        .reject = reject_row,
        .reject_raw = reject_raw,
        .eval = host_eval,
        .filter = host_filter,
        .project = host_project,
        .hash_keys = host_hash_keys,
        .table = host_table,
        .aggregate_init = host_aggregate_init,
        .aggregate_check = host_aggregate_check,
        .aggregate_update = host_aggregate_update,
        .aggregate_merge = host_aggregate_merge,
        .aggregate_result = host_aggregate_result,
        .split_add = source_split_add,
        .feed = source_feed,
        .split_emit = source_emit,
        .split_has_room = source_has_room,
        .encode = host_encode,
        .encode_begin = host_encode_begin,
        .encode_suffix = host_encode_suffix,
        .buffer_reserve = host_buffer_reserve,
        .buffer_clear = host_buffer_clear,
        .count = host_count,
        .outbox_append = outbox_service_append,
        .outbox_append_batch = outbox_service_append_batch,
        .outbox_seal = outbox_service_seal,
        .outbox_list = outbox_service_list,
        .outbox_read = outbox_service_read,
        .outbox_erase = outbox_service_erase,
    };

    return &services;
}
