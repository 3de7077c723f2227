/*
 * plan/role.h - `streamd plan`: judges one pipeline file with its plugins and prints what a
 * coordinator must know, so that the coordinator itself never loads a plugin.
 *
 * The file's text comes on standard input. Standard output gets one JSON object:
 *
 *   {"pipeline", "plan" (plan_json), "hash", "parallelism", "key_groups",
 *    "rings": [number of rings in the memory of each worker],
 *    "checkpoint": {"every_us" (null: not said), "keep", "timeout_us"},
 *    "restart": {"policy", "initial_us", "max_us", "reset_after_us", "delay_us", "attempts",
 *                "failures", "per_us", "poison"}, "memory_bytes"}
 *
 * or, with --json, {"errors":[...]} where the file is not valid. Problems for people go to standard
 * error. Exits with 0, 78 (the file is not valid), 1 (no memory, or nothing could be read).
 */
#ifndef PLAN_ROLE_H
#define PLAN_ROLE_H

#include "plan/plan.h"

struct plan_role {
    const char *file;        /* as the user wrote it: for messages, and its stem is the name */
    const char *plugin_path; /* folders, separated by ':' */
    uint32_t parallelism;    /* instead of the file's; 0: the file's */
    int json;                /* problems as JSON to standard output */
    int colour;
};

/* Plays the role. The exit code. Main thread. */
int plan_role_main(const struct plan_role *role);

/* The hash of a plan that coordinator and workers compare: XXH3_128 of plan_json, 32 hex digits. 0
   or STREAMD_E_NOMEM. */
int plan_hash(const struct plan *plan, char hash[33]);

/* A file with its plan, and the plugins that are loaded for it. */
struct plan_bound;

/*
 * What a worker does with the file that its coordinator hands it: the same plan, or an error with
 * the first problem. 0 or negative.
 */
int plan_role_bind(const char *file, const char *text, const char *plugin_path,
                   uint32_t parallelism, struct plan_bound **bound, char hash[33],
                   struct streamd_error *error);

/* The plan; it lives as long as `bound`. */
const struct plan *plan_bound_plan(const struct plan_bound *bound);

/* Releases all of it. NULL is fine. */
void plan_bound_free(struct plan_bound *bound);

/*
 * Another number of workers than the file's. 0, or STREAMD_E_REPORTED after a diagnostic: more
 * than there are key groups.
 */
int plan_override_parallelism(struct pipeline *pipeline, uint32_t parallelism,
                              struct diagnostics *diagnostics);

#endif
