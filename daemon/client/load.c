/* One step after the other; a step that finds errors does not keep the next from finding more. */
#include "client/load.h"

void load_file(struct loaded *l, const char *file, enum load_depth depth)
{
    struct document_environment environment = document_system_environment();

    diagnostics_init(&l->diagnostics, file);
    l->rc = document_load(&l->document, &environment, &l->diagnostics);
    if (depth < LOAD_PIPELINE || !l->document.root || l->rc == STREAMD_E_NOMEM)
        return;
    l->rc = pipeline_read(&l->pipeline, &l->document, &l->diagnostics);
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
    pipeline_clear(&l->pipeline);
    document_clear(&l->document);
    diagnostics_clear(&l->diagnostics);
}
