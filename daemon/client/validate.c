/* streamctl validate: each file gets its own verdict; one bad file does not hide the next. */
#include "client/load.h"

#include <stdio.h>

/* What each sink can promise. */
static void print_delivery(const struct plan *plan, struct text *out)
{
    for (uint32_t i = 0; i < plan->node_count; i++) {
        const struct plan_node *n = &plan->nodes[i];

        if (n->kind == STREAMD_SINK)
            text_printf(out, "  sink %s delivers %s\n", n->name,
                        n->delivery == STREAMD_EXACTLY_ONCE ? "exactly once" : "at least once");
    }
}

/* Judges one file; with --json its problems go to `json`. */
static int validate_file(const struct client *c, const char *file, struct text *json, int *first)
{
    struct loaded l = {0};
    struct text out = {0};
    int code;

    load_file(&l, c, file, LOAD_PLAN);
    if (c->json)
        diagnostics_print_json(&l.diagnostics, json, first);
    else
        load_report(&l, c);
    code = load_exit(&l);
    if (code == CLIENT_OK && !c->json && !c->quiet) {
        text_printf(&out, "%s: ok, %u nodes\n", file, l.pipeline.node_count);
        print_delivery(plan_of(l.plan), &out);
        code = client_print(&out);
    }
    load_clear(&l);
    return code;
}

int client_validate(struct client *c, int count, char **arguments)
{
    struct text json = {0};
    int first = 1, code = CLIENT_OK;

    text_add(&json, "{\"errors\":[");
    for (int i = 0; i < count; i++) {
        int one = validate_file(c, arguments[i], &json, &first);

        if (one == CLIENT_FAILED || code == CLIENT_OK)
            code = one;
    }
    text_add(&json, "]}\n");
    if (c->json && client_print(&json) != CLIENT_OK)
        code = CLIENT_FAILED;
    text_clear(&json);
    return code;
}
