/* One step after the other; a step that finds errors does not keep the next from finding more. */
#include "client/load.h"

#include "plan/role.h"

/* Errors of the file do not keep those of its plugins' options from being found. */
static void bind_plugins(struct loaded *l, const struct client *c)
{
    struct text path = {0};
    int rc = STREAMD_E_NOMEM;

    if (plan_override_parallelism(&l->pipeline, (uint32_t)c->parallelism, &l->diagnostics))
        l->rc = STREAMD_E_REPORTED;
    client_plugin_path(c, &path);
    if (!text_failed(&path))
        rc = plan_build_from(&l->pipeline, text_get(&path), &l->diagnostics, &l->plugins, &l->plan);
    text_clear(&path);
    if (!l->rc || rc == STREAMD_E_NOMEM)
        l->rc = rc;
}

void load_file(struct loaded *l, const struct client *c, const char *file, enum load_depth depth)
{
    struct document_environment environment = document_system_environment();

    diagnostics_init(&l->diagnostics, file);
    l->rc = document_load(&l->document, &environment, &l->diagnostics);
    if (depth < LOAD_PIPELINE || !l->document.root || l->rc == STREAMD_E_NOMEM)
        return;
    if (l->rc == 0 || l->rc == STREAMD_E_REPORTED) {
        int rc = pipeline_read(&l->pipeline, &l->document, &l->diagnostics);

        l->rc = rc ? rc : l->rc;
    }
    if (depth == LOAD_PLAN && l->rc != STREAMD_E_NOMEM && l->pipeline.nodes)
        bind_plugins(l, c);
}

void load_report(struct loaded *l, const struct client *c)
{
    struct text out = {0};

    if (c->json) {
        diagnostics_print_json_document(&l->diagnostics, &out);
        (void)client_print(&out);
    } else {
        diagnostics_print(&l->diagnostics, &out, c->colour);
        (void)client_complain(&out);
    }
}

int load_exit(const struct loaded *l)
{
    if (l->rc == STREAMD_E_NOMEM)
        return client_fail(CLIENT_FAILED, "%s: out of memory", l->diagnostics.file);
    return l->rc ? CLIENT_INVALID : CLIENT_OK;
}

void load_clear(struct loaded *l)
{
    plan_free(l->plan);
    plugin_registry_free(l->plugins);
    pipeline_clear(&l->pipeline);
    document_clear(&l->document);
    diagnostics_clear(&l->diagnostics);
}
