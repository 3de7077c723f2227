/*
 * plan/plan.h - from a checked pipeline file to a plan: every node bound with its plugin.
 *
 * Node by node, producers first: the plugin is found, its options are filled in from the user's
 * YAML (expressions parsed and typed against the input), and bind says what comes out. Then the
 * edges are checked (schemas, changelog modes), and what nobody reads is marked, so that formats
 * need not decode it. All problems of a file are reported in one run; a node whose input could not
 * be bound is passed over, so that one mistake gives one message.
 *
 * Main thread, with a full stack (expressions are parsed here).
 */
#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H

#include "base/text.h"
#include "config/diagnostics.h"
#include "graph/pipeline.h"
#include "graph/plan.h"
#include "plugin/registry.h"

/* A plan with all that it refers to: expressions, function tables, options. */
struct built_plan;

/*
 * Binds a pipeline. `plugins` must outlive the result; `pipeline` and its document as well. 0, or
 * STREAMD_E_REPORTED after diagnostics, or STREAMD_E_NOMEM. A pipeline that was read with errors
 * may be bound too, to find more of them.
 */
int plan_build(const struct pipeline *pipeline, struct plugin_registry *plugins,
               struct diagnostics *diagnostics, struct built_plan **built);

/*
 * The same with the plugins of a search path (folders separated by ':'). `*plugins` becomes the
 * caller's, also where it fails, and must be freed after the plan. A path without a single plugin
 * is one diagnostic.
 */
int plan_build_from(const struct pipeline *pipeline, const char *plugin_path,
                    struct diagnostics *diagnostics, struct plugin_registry **plugins,
                    struct built_plan **built);

/* The plan itself; lives as long as `built`. */
const struct plan *plan_of(const struct built_plan *built);

/* NULL is fine. */
void plan_free(struct built_plan *built);

/* Appends the plan as canonical JSON: what a worker must find again when it binds the file. */
void plan_json(const struct plan *plan, struct text *out);

#endif
