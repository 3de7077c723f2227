/* What a child printed is read like a message of a stranger: every member is checked. */
#include "coordinator/planning.h"

#include "base/error.h"
#include "base/memory.h"
#include "control/message.h"
#include "coordinator/coordinator.h"

#include <streamd/plugin.h>

#include <string.h>

json_t *planned_node(const json_t *plan, const char *name)
{
    json_t *node;
    size_t i;

    json_array_foreach(json_object_get(plan, "nodes"), i, node)
    {
        const char *other = control_text(node, "name");

        if (other && strcmp(other, name) == 0)
            return node;
    }
    return NULL;
}

static uint32_t kind_of(const char *word)
{
    if (strcmp(word, "source") == 0)
        return STREAMD_SOURCE;
    if (strcmp(word, "sink") == 0)
        return STREAMD_SINK;
    return STREAMD_OPERATOR;
}

static int read_nodes(struct planned *p, struct streamd_error *error)
{
    json_t *nodes = json_object_get(p->plan, "nodes"), *node;
    size_t i;

    if (!json_is_array(nodes) || json_array_size(nodes) > 100000)
        return error_set(error, STREAMD_E_DATA, "a plan has no nodes");
    p->nodes = arena_zalloc(&p->arena, json_array_size(nodes) + 1, sizeof(*p->nodes));
    if (!p->nodes)
        return error_set_nomem(error);
    json_array_foreach(nodes, i, node)
    {
        const char *name = control_text(node, "name"), *kind = control_text(node, "kind");

        if (!name || !kind)
            return error_set(error, STREAMD_E_DATA, "a node of a plan has no name");
        p->nodes[i].name = name;
        p->nodes[i].kind = kind_of(kind);
        p->nodes[i].watermark = INT64_MIN;
    }
    p->node_count = (uint32_t)i;
    return 0;
}

static int read_rings(struct planned *p, struct streamd_error *error)
{
    json_t *rings = json_object_get(p->root, "rings");

    if (json_array_size(rings) != p->parallelism)
        return error_set(error, STREAMD_E_DATA, "a plan has not one number of rings per worker");
    p->rings = arena_zalloc(&p->arena, p->parallelism, sizeof(*p->rings));
    if (!p->rings)
        return error_set_nomem(error);
    for (uint32_t i = 0; i < p->parallelism; i++) {
        json_int_t n = json_integer_value(json_array_get(rings, i));

        if (n < 0 || n > 1 << 20)
            return error_set(error, STREAMD_E_DATA, "a plan has %lld rings", (long long)n);
        p->rings[i] = (uint32_t)n;
    }
    return 0;
}

static int read_restart(const json_t *r, struct restart_policy *policy, struct streamd_error *error)
{
    static const char *const words[] = {"none", "fixed", "exponential", "failure_rate"};
    static const enum restart_kind kinds[] = {RESTART_NONE, RESTART_FIXED, RESTART_EXPONENTIAL,
                                              RESTART_FAILURE_RATE};
    const char *word = control_text(r, "policy");
    int64_t attempts, failures, poison;

    for (int i = 0; i < 4 && word; i++)
        if (strcmp(word, words[i]) == 0)
            policy->kind = kinds[i];
    if (!policy->kind)
        return error_set(error, STREAMD_E_DATA, "a plan has no restart policy");
    if (control_number(r, "initial_us", 0, INT64_MAX, &policy->initial_us, error) ||
        control_number(r, "max_us", 0, INT64_MAX, &policy->max_us, error) ||
        control_number(r, "reset_after_us", 0, INT64_MAX, &policy->reset_after_us, error) ||
        control_number(r, "delay_us", 0, INT64_MAX, &policy->delay_us, error) ||
        control_number(r, "per_us", 0, INT64_MAX, &policy->per_us, error) ||
        control_number(r, "attempts", 0, UINT32_MAX, &attempts, error) ||
        control_number(r, "failures", 0, RESTART_FAILURES_MAX, &failures, error) ||
        control_number(r, "poison", 0, UINT32_MAX, &poison, error))
        return STREAMD_E_DATA;
    policy->attempts = (uint32_t)attempts;
    policy->failures = (uint32_t)failures;
    policy->poison = (uint32_t)poison;
    return 0;
}

static int read_numbers(struct planned *p, struct streamd_error *error)
{
    const json_t *c = json_object_get(p->root, "checkpoint");
    int64_t parallelism, key_groups, keep;

    p->every_us = -1;
    if (control_number(p->root, "parallelism", 1, INT32_MAX, &parallelism, error) ||
        control_number(p->root, "key_groups", 1, INT32_MAX, &key_groups, error) ||
        control_number(p->root, "memory_bytes", 0, INT64_MAX, &p->memory_bytes, error) ||
        control_number(c, "keep", 1, INT32_MAX, &keep, error) ||
        control_number(c, "timeout_us", 1, INT64_MAX, &p->timeout_us, error))
        return STREAMD_E_DATA;
    if (!json_is_null(json_object_get(c, "every_us")) &&
        control_number(c, "every_us", 0, INT64_MAX, &p->every_us, error))
        return STREAMD_E_DATA;
    if (parallelism > COORDINATOR_WORKERS_MAX)
        return error_set_full(error, STREAMD_E_LIMIT, STREAMD_FAIL_PIPELINE, 5504,
                              "a parallelism of %lld is more than the %d workers of one host",
                              (long long)parallelism, COORDINATOR_WORKERS_MAX);
    p->parallelism = (uint32_t)parallelism;
    p->key_groups = (uint32_t)key_groups;
    p->keep = (uint32_t)keep;
    return 0;
}

static int read_answer(struct planned *p, struct streamd_error *error)
{
    int rc;

    p->pipeline = control_text(p->root, "pipeline");
    p->hash = control_text(p->root, "hash");
    p->plan = json_object_get(p->root, "plan");
    if (!p->pipeline || !p->hash || !json_is_object(p->plan))
        return error_set(error, STREAMD_E_DATA, "a plan has no name, hash or nodes");
    rc = read_numbers(p, error);
    if (!rc)
        rc = read_rings(p, error);
    if (!rc)
        rc = read_restart(json_object_get(p->root, "restart"), &p->restart, error);
    return rc ? rc : read_nodes(p, error);
}

int planned_read(const char *text, size_t length, struct planned **planned,
                 struct streamd_error *error)
{
    struct planned *p = memory_zalloc(1, sizeof(*p));
    json_error_t problem;
    int rc;

    *planned = NULL;
    if (!p)
        return error_set_nomem(error);
    p->root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &problem);
    rc = p->root ? read_answer(p, error)
                 : error_set(error, STREAMD_E_DATA, "a plan is no JSON: %s", problem.text);
    if (rc) {
        planned_free(p);
        return rc;
    }
    *planned = p;
    return 0;
}

void planned_free(struct planned *p)
{
    if (!p)
        return;
    json_decref(p->root);
    arena_clear(&p->arena);
    memory_free(p);
}
