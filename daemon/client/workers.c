/*
 * The coordinator loads no plugin, so this process must not either: the file is read here only as
 * far as it goes without them.
 */
#include "client/workers.h"

#include "base/file.h"
#include "base/memory.h"
#include "client/live.h"
#include "client/load.h"
#include "client/summary.h"
#include "coordinator/coordinator.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { LIVE_EVERY_US = 250000, CLOSED_PIPE = 5290 };

struct run {
    const struct client *c;
    struct live live;
};

static void show(void *self, const struct worker_stats *stats)
{
    struct run *r = self;

    live_show(&r->live, stats);
}

static void stopping(void *self, int signal)
{
    struct run *r = self;

    live_clear(&r->live);
    log_write(&r->c->log, LOG_LEVEL_INFO, "%s: %s; once more ends at once",
              signal == SIGINT ? "interrupted" : "told to end",
              r->c->state_dir ? "stopping at a checkpoint"
                              : "reading has stopped, what was read flows out");
}

/* Would the live line stand in the middle of what a sink writes to the same terminal? */
static int writes_to_terminal(const struct client *c, const char *file)
{
    struct loaded l = {0};
    int writes = 0;

    if (!isatty(STDOUT_FILENO))
        return 0;
    load_file(&l, c, file, LOAD_PIPELINE);
    for (uint32_t i = 0; i < l.pipeline.node_count; i++) {
        const struct pipeline_node *n = &l.pipeline.nodes[i];

        writes |= n->kind == STREAMD_SINK && n->type && strcmp(n->type, "stdout") == 0;
    }
    load_clear(&l);
    return writes;
}

/* The exit code of a run, with its last words. */
static int conclude(struct run *r, struct coordinator_result *result)
{
    const struct streamd_error *error = &result->error;
    int broken_pipe = error->diagnostic == CLOSED_PIPE;
    int failed = result->end == COORDINATOR_FAILED && !broken_pipe, code = CLIENT_OK;

    live_clear(&r->live);
    if (result->end == COORDINATOR_DONE || result->end == COORDINATOR_FAILED)
        code = summary_print(r->c, result->pipeline ? result->pipeline : "", &result->stats,
                             failed ? error->message : NULL);
    if (result->problems.length)
        code = client_print(&result->problems);
    if (result->end == COORDINATOR_DONE || broken_pipe)
        return code;
    if (error->code != STREAMD_E_REPORTED && error->diagnostic)
        (void)client_fail(0, "SD%04d: %s", error->diagnostic, error->message);
    else if (error->code != STREAMD_E_REPORTED)
        (void)client_fail(0, "%s", error->message);
    return result->end == COORDINATOR_LOCKED    ? CLIENT_TRY_AGAIN
           : result->end == COORDINATOR_INVALID ? CLIENT_INVALID
                                                : CLIENT_FAILED;
}

static int run_text(struct run *r, const char *file, const char *text, size_t length,
                    const char *plugin_path)
{
    const struct client *c = r->c;
    struct coordinator_options options = {
        .program = c->program,
        .file = file,
        .text = text,
        .length = length,
        .plugin_path = plugin_path,
        .parallelism = (uint32_t)c->parallelism,
        .state_dir = c->state_dir,
        .restore = c->restore,
        .drop_state = c->drop_state,
        .drop_count = c->drop_count,
        .accept_duplicates = c->accept_duplicates,
        .batch_rows = (uint32_t)c->batch_rows,
        .channel_slots = (uint32_t)c->channel_slots,
        .json = c->json,
        .colour = c->colour,
        .log = &c->log,
        .stopping = stopping,
        .self = r,
    };
    struct coordinator_result result;
    int code;

    if (c->terminal && !c->quiet && !c->json && !writes_to_terminal(c, file)) {
        options.show_every_us = LIVE_EVERY_US;
        options.show = show;
    }
    coordinator_run(&options, &result);
    code = conclude(r, &result);
    coordinator_result_clear(&result);
    return code;
}

int workers_run(struct client *c, const char *file)
{
    struct run r = {.c = c};
    struct streamd_error error;
    struct text path = {0};
    char *text = NULL;
    size_t length = 0;
    int code;

    if (c->restore && !c->state_dir)
        return client_fail(CLIENT_USAGE, "--restore needs --state-dir");
    if (c->drop_count && !c->state_dir)
        return client_fail(CLIENT_USAGE, "--drop-state needs --state-dir");
    if (file_read_all(file_system(), file, DOCUMENT_MAX_BYTES, &text, &length, &error))
        return client_fail(CLIENT_INVALID, "%s", error.message);
    client_plugin_path(c, &path);
    code = text_failed(&path) ? client_fail(CLIENT_FAILED, "out of memory")
                              : run_text(&r, file, text, length, text_get(&path));
    text_clear(&path);
    memory_free(text);
    return code;
}
