/*
 * How a pipeline runs: over how many workers, when checkpoints are taken, what follows a failure.
 * What a key alone can say was checked by its table; here is what keys say about each other.
 */
#include "graph/keys.h"
#include "graph/reading.h"

#include <string.h>

/* Keys of `restart:` that only some policies have; a bit per policy, in the order of the words. */
static const struct {
    const char *key;
    uint32_t policies;
} restart_only[] = {
    {"initial", 1},  {"max", 1},      {"reset_after", 1}, {"delay", 2 | 4},
    {"attempts", 2}, {"failures", 4}, {"per", 4},
};

static const struct {
    const char *policy, *keys;
} restart_keys_of[] = {
    {"exponential", "'exponential' has initial, max and reset_after"},
    {"fixed", "'fixed' has delay and attempts"},
    {"failure_rate", "'failure_rate' has failures, per and delay"},
    {"none", "'none' has no keys but poison"},
};

/* Reports keys of other policies; not where the policy itself is no word that there is. */
static void check_restart_keys(struct reading *r, int64_t policy, const struct node *restart)
{
    const struct node *word = document_get(restart, "policy");

    if (word && (word->kind != NODE_SCALAR || strcmp(word->text, restart_keys_of[policy].policy)))
        return;
    for (size_t i = 0; i < sizeof(restart_only) / sizeof(*restart_only); i++) {
        const struct node *value = document_get(restart, restart_only[i].key);

        if (value && !(restart_only[i].policies & 1u << policy))
            diagnostics_add(r->diagnostics, 1211, node_key_span(value),
                            restart_keys_of[policy].keys,
                            "'%s' is not a key of this restart policy", restart_only[i].key);
    }
}

static void read_restart(struct reading *r, const struct keys_restart *keys,
                         const struct node *restart)
{
    struct pipeline_restart *to = &r->pipeline->restart;

    *to = (struct pipeline_restart){
        .policy = (enum pipeline_restart_policy)(keys->policy + 1),
        .initial_us = keys->initial,
        .max_us = keys->max,
        .reset_after_us = keys->reset_after,
        .delay_us = keys->delay,
        .attempts = (uint32_t)keys->attempts,
        .failures = (uint32_t)keys->failures,
        .per_us = keys->per,
        .poison = (uint32_t)keys->poison,
    };
    check_restart_keys(r, keys->policy, restart);
    if (to->policy == PIPELINE_RESTART_EXPONENTIAL && to->max_us > 0 && to->initial_us > to->max_us)
        diagnostics_add(
            r->diagnostics, 1212,
            node_span(document_get(restart, document_get(restart, "initial") ? "initial" : "max")),
            NULL, "the first wait is longer than the longest");
}

void reading_parallelism(struct reading *r, const struct pipeline_node *node)
{
    const struct pipeline *p = r->pipeline;

    if (p->parallelism > 0 && node->parallelism > p->parallelism)
        diagnostics_add(r->diagnostics, 2012, node_span(document_get(node->yaml, "parallelism")),
                        "raise the pipeline's parallelism",
                        "'%s' cannot run in %lld worker processes: the pipeline has %lld",
                        node->name, (long long)node->parallelism, (long long)p->parallelism);
}

void reading_running(struct reading *r, const struct keys_file *keys, const struct node *root)
{
    struct pipeline *p = r->pipeline;

    p->parallelism = keys->parallelism;
    p->at_end = keys->at_end == KEYS_SAVEPOINT ? PIPELINE_SAVEPOINT : PIPELINE_DRAIN;
    p->checkpoint = (struct pipeline_checkpoint){
        .every_us = keys->checkpoint.every,
        .every_given = keys->checkpoint.has_every,
        .keep = (uint32_t)keys->checkpoint.keep,
        .timeout_us = keys->checkpoint.timeout,
    };
    if (keys->parallelism > keys->key_groups && keys->key_groups > 0)
        diagnostics_add(r->diagnostics, 2012, node_span(document_get(root, "parallelism")),
                        "raise key_groups, while the pipeline has no state yet",
                        "%lld worker processes are more than the %lld key groups",
                        (long long)keys->parallelism, (long long)keys->key_groups);
    read_restart(r, &keys->restart, document_get(root, "restart"));
}
