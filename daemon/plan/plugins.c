/* One registry per plan, whose search path is all that the callers differ in. */
#include "plan/plan.h"

#include <streamd/error.h>

/* Is there not one plugin? That is one problem, and not one for each node. */
static int has_no_plugins(struct plugin_registry *plugins, const char *path, struct diagnostics *d)
{
    const struct plugin_info *infos;
    uint32_t count = 0;

    if (plugin_list(plugins, &infos, &count) || count > 0)
        return 0;
    diagnostics_add(d, 3001, SPAN_NONE,
                    "say where they are with --plugin-path or STREAMD_PLUGIN_PATH",
                    "there are no plugins in %s", path);
    return 1;
}

int plan_build_from(const struct pipeline *pipeline, const char *plugin_path,
                    struct diagnostics *diagnostics, struct plugin_registry **plugins,
                    struct built_plan **built)
{
    *plugins = plugin_registry_new(plugin_path);
    if (!*plugins)
        return STREAMD_E_NOMEM;
    if (has_no_plugins(*plugins, plugin_path, diagnostics))
        return STREAMD_E_REPORTED;
    return plan_build(pipeline, *plugins, diagnostics, built);
}
