/*
 * The form of `tests:`: a list of tests, each with a list of steps, each step one word with what it
 * needs. Nothing is run in this version, but a file that is accepted now must not be refused for
 * its tests later.
 */
#include "graph/reading.h"

#include <string.h>

static const char *const steps[] = {
    "send",           "watermark", "advance", "savepoint_and_restore", "expect", "expect_state",
    "expect_nothing", "crash",     NULL,
};

static void refuse(struct reading *r, const struct node *node, const char *help,
                   const char *message)
{
    diagnostics_add(r->diagnostics, 1304, node->key ? node_key_span(node) : node_span(node), help,
                    "%s", message);
}

static int is_step(const char *word)
{
    for (size_t i = 0; steps[i]; i++)
        if (strcmp(word, steps[i]) == 0)
            return 1;
    return 0;
}

static void check_step(struct reading *r, const struct node *step)
{
    struct diagnostics *d = r->diagnostics;

    if (step->kind != NODE_MAP || step->count != 1)
        refuse(r, step, "write  - send: {to: SOURCE, records: [...]}",
               "a step must be a map with one key");
    else if (!is_step(step->first->key->text))
        refuse(r, step->first, diagnostics_suggest(d, step->first->key->text, steps, "steps"),
               diagnostics_printf(d, "there is no step '%s'", step->first->key->text));
}

static int check_test(struct reading *r, struct node *test)
{
    struct keys_test keys = {0};
    struct options_context c = {.arena = &r->pipeline->arena,
                                .diagnostics = r->diagnostics,
                                .owner = "a test",
                                .word = "key"};

    if (test->kind != NODE_MAP) {
        refuse(r, test, "write  - name: ...", "a test must be a map");
        return 0;
    }
    if (options_bind(&c, keys_of_test, test, node_span(test), &keys) == STREAMD_E_NOMEM)
        return STREAMD_E_NOMEM;
    if (keys.env && keys.env->kind != NODE_MAP)
        refuse(r, keys.env, NULL, "'env' must be a map of variables");
    if (keys.mock && keys.mock->kind != NODE_MAP)
        refuse(r, keys.mock, NULL, "'mock' must be a map of nodes");
    if (keys.steps && keys.steps->kind != NODE_LIST)
        refuse(r, keys.steps, NULL, "'steps' must be a list");
    for (struct node *n = keys.steps && keys.steps->kind == NODE_LIST ? keys.steps->first : NULL; n;
         n = n->next)
        check_step(r, n);
    return 0;
}

int reading_tests(struct reading *r, struct node *tests)
{
    if (!tests)
        return 0;
    if (tests->kind != NODE_LIST) {
        refuse(r, tests, NULL, "'tests' must be a list");
        return 0;
    }
    for (struct node *n = tests->first; n; n = n->next)
        if (check_test(r, n))
            return STREAMD_E_NOMEM;
    return 0;
}
