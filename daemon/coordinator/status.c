/* What is going on, for `streamctl status`: docs/internals/control-protocol.md has the members. */
#include "coordinator/inside.h"

#include "base/error.h"

static const char *phase_word(const struct coordinator *c)
{
    static const char *const words[] = {"planning",   "starting", "starting", "running", "stopping",
                                        "restarting", "waiting",  "stopping", "ended"};

    return c->phase == PHASE_RUNNING && c->stopping ? "stopping" : words[c->phase];
}

/* {"node", "us"} where a worker does not come back, else null; "?": it does not even answer. */
static json_t *stuck_json(const struct coordinator *c, const struct member *m)
{
    if (!m->stuck_node[0])
        return json_null();
    return json_pack("{s:s?, s:I}", "node", m->stuck_node[0] == '?' ? NULL : m->stuck_node, "us",
                     (json_int_t)(m->stuck_us + coordinator_now(c) - m->stuck_at));
}

static json_t *workers_json(const struct coordinator *c)
{
    json_t *workers = json_array();

    for (uint32_t i = 0; i < c->attempt.count && workers; i++) {
        const struct member *m = &c->attempt.members[i];
        const char *state = !m->process   ? "gone"
                            : m->finished ? "finished"
                            : m->running  ? "running"
                                          : "starting";

        if (json_array_append_new(
                workers, json_pack("{s:I, s:I, s:s, s:o, s:I}", "worker", (json_int_t)i, "pid",
                                   (json_int_t)(m->process ? process_id(m->process) : 0), "state",
                                   state, "stuck", stuck_json(c, m), "memory_bytes",
                                   (json_int_t)(m->has_stats ? m->stats.memory_bytes : 0)))) {
            json_decref(workers);
            return NULL;
        }
    }
    return workers;
}

/* The last checkpoint that failed, or null. */
static json_t *failure_json(const struct coordinator *c)
{
    const struct protocol_statistics *s = &c->protocol.statistics;

    if (s->last_failed_at == INT64_MIN)
        return json_null();
    return json_pack("{s:I, s:o, s:I}", "checkpoint", (json_int_t)s->last_failed, "why",
                     control_string(s->last_failure), "age_us",
                     (json_int_t)(coordinator_now(c) - s->last_failed_at));
}

/* What the last checkpoint cost: the sum of rows that went on meanwhile, and the longest stall. */
static json_t *checkpoints_json(const struct coordinator *c)
{
    const struct protocol_statistics *s = &c->protocol.statistics;
    int64_t stall = 0, age = -1;
    uint64_t rows = 0;

    for (uint32_t i = 0; i < c->attempt.count; i++) {
        rows += c->attempt.members[i].snapshot.rows_between;
        if (c->attempt.members[i].snapshot.stall_us > stall)
            stall = c->attempt.members[i].snapshot.stall_us;
    }
    if (s->last_complete_at != INT64_MIN)
        age = coordinator_now(c) - s->last_complete_at;
    return json_pack("{s:I, s:I, s:I, s:I, s:o, s:I, s:I, s:I, s:I, s:b}", "last",
                     (json_int_t)s->last_complete, "completed", (json_int_t)s->completed, "failed",
                     (json_int_t)s->failed, "failed_in_a_row", (json_int_t)s->failed_in_a_row,
                     "last_failure", failure_json(c), "age_us", (json_int_t)age, "duration_us",
                     (json_int_t)s->last_duration_us, "rows_between", (json_int_t)rows, "stall_us",
                     (json_int_t)stall, "under_way", c->protocol.phase != PROTOCOL_IDLE);
}

static json_t *restarts_json(const struct coordinator *c)
{
    uint32_t times = 0;
    const char *poison = restart_poison(&c->restart, &times);
    json_t *last = c->last_failure.set ? control_error_json(&c->last_failure.error) : json_null();
    json_t *record = poison ? json_pack("{s:o, s:I}", "record", control_string(poison), "times",
                                        (json_int_t)times)
                            : json_null();

    return json_pack("{s:I, s:o, s:o}", "total", (json_int_t)c->restart.total, "last_failure", last,
                     "poison", record);
}

json_t *status_json(struct coordinator *c)
{
    struct arena arena = {0};
    struct worker_stats sum;
    json_t *stats = NULL, *status;

    if (!talk_sum(c, &arena, &sum))
        stats = stats_json(&sum);
    status =
        json_pack("{s:s?, s:s, s:I, s:I, s:s?, s:o, s:o, s:o, s:o}", "pipeline",
                  c->planned ? c->planned->pipeline : NULL, "state", phase_word(c), "attempts",
                  (json_int_t)c->attempts, "parallelism",
                  (json_int_t)(c->planned ? c->planned->parallelism : 0), "lineage",
                  c->durable ? durable_lineage(c->durable) : NULL, "workers", workers_json(c),
                  "checkpoints", checkpoints_json(c), "restarts", restarts_json(c), "stats", stats);
    arena_clear(&arena);
    return status;
}
