/*
 * The same steps as `streamctl validate`, in a process of its own. What is printed is made before
 * anything is written, so that an answer is whole or missing.
 */
#include "plan/role.h"

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "checkpoint/checksum.h"
#include "graph/spread.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_INVALID = 78 };

/* What is judged. Start with {0}. */
struct plan_bound {
    char *text;
    size_t length;
    struct diagnostics diagnostics;
    struct document document;
    struct pipeline pipeline;
    struct plugin_registry *plugins;
    struct built_plan *plan;
};

int plan_hash(const struct plan *plan, char hash[33])
{
    struct text json = {0};
    XXH128_hash_t h;

    plan_json(plan, &json);
    if (text_failed(&json)) {
        text_clear(&json);
        return STREAMD_E_NOMEM;
    }
    h = XXH3_128bits(json.data, json.length);
    text_clear(&json);
    checksum_print(h, hash);
    return 0;
}

int plan_override_parallelism(struct pipeline *pipeline, uint32_t parallelism,
                              struct diagnostics *diagnostics)
{
    if (parallelism == 0)
        return 0;
    if (parallelism > pipeline->key_groups) {
        diagnostics_add(diagnostics, 2012, SPAN_NONE,
                        "key_groups says over how many workers state can be spread at most",
                        "a parallelism of %u is more than the pipeline's %lld key groups",
                        parallelism, (long long)pipeline->key_groups);
        return STREAMD_E_REPORTED;
    }
    pipeline->parallelism = parallelism;
    return 0;
}

/* A step that finds errors does not keep the next from finding more. */
static int judge(struct plan_bound *j, const struct plan_role *role)
{
    struct document_environment environment = document_system_environment();
    int rc = document_load_text(&j->document, j->text, j->length, &environment, &j->diagnostics);
    int next;

    if (rc == STREAMD_E_NOMEM || !j->document.root)
        return rc;
    next = pipeline_read(&j->pipeline, &j->document, &j->diagnostics);
    rc = next ? next : rc;
    if (rc == STREAMD_E_NOMEM || !j->pipeline.nodes)
        return rc;
    next = plan_override_parallelism(&j->pipeline, role->parallelism, &j->diagnostics);
    rc = next ? next : rc;
    next = plan_build_from(&j->pipeline, role->plugin_path, &j->diagnostics, &j->plugins, &j->plan);
    return next == STREAMD_E_NOMEM || !rc ? next : rc;
}

static void bound_clear(struct plan_bound *j)
{
    plan_free(j->plan);
    plugin_registry_free(j->plugins);
    pipeline_clear(&j->pipeline);
    document_clear(&j->document);
    diagnostics_clear(&j->diagnostics);
    memory_free(j->text);
}

/* --- The answer --------------------------------------------------------------------------------
 */

static void add_checkpoint(const struct pipeline_checkpoint *c, struct text *out)
{
    text_add(out, ",\"checkpoint\":{\"every_us\":");
    if (c->every_given)
        text_printf(out, "%lld", (long long)c->every_us);
    else
        text_add(out, "null");
    text_printf(out, ",\"keep\":%u,\"timeout_us\":%lld}", c->keep, (long long)c->timeout_us);
}

static void add_restart(const struct pipeline_restart *r, struct text *out)
{
    static const char *const words[] = {"", "exponential", "fixed", "failure_rate", "none"};

    text_printf(out, ",\"restart\":{\"policy\":\"%s\"", words[r->policy]);
    text_printf(out, ",\"initial_us\":%lld,\"max_us\":%lld,\"reset_after_us\":%lld",
                (long long)r->initial_us, (long long)r->max_us, (long long)r->reset_after_us);
    text_printf(out, ",\"delay_us\":%lld,\"attempts\":%u,\"failures\":%u,\"per_us\":%lld",
                (long long)r->delay_us, r->attempts, r->failures, (long long)r->per_us);
    text_printf(out, ",\"poison\":%u}", r->poison);
}

static void add_answer(const struct plan_bound *j, const char *hash, struct text *out)
{
    const struct plan *plan = plan_of(j->plan);

    text_add(out, "{\"pipeline\":");
    text_add_json(out, plan->name, strlen(plan->name));
    text_add(out, ",\"plan\":");
    plan_json(plan, out);
    text_printf(out, ",\"hash\":\"%s\",\"parallelism\":%u,\"key_groups\":%u,\"rings\":[", hash,
                plan->parallelism, plan->key_groups);
    for (uint32_t w = 0; w < plan->parallelism; w++)
        text_printf(out, "%s%u", w ? "," : "", spread_rings(plan, w));
    text_add_char(out, ']');
    add_checkpoint(&j->pipeline.checkpoint, out);
    add_restart(&j->pipeline.restart, out);
    text_printf(out, ",\"memory_bytes\":%lld}\n", (long long)plan->memory_limit);
}

static int write_text(int fd, struct text *text)
{
    struct streamd_error error;
    int rc = text_failed(text) ? STREAMD_E_NOMEM
                               : file_write_all(file_system(), fd, "the answer", text_get(text),
                                                text->length, &error);

    text_clear(text);
    return rc;
}

/* Problems, warnings among them, where the user looks for them. */
static int report(struct plan_bound *j, const struct plan_role *role, int failed)
{
    struct text out = {0};

    if (role->json && !failed)
        return 0;
    if (role->json)
        diagnostics_print_json_document(&j->diagnostics, &out);
    else
        diagnostics_print(&j->diagnostics, &out, role->colour);
    return write_text(role->json ? STDOUT_FILENO : STDERR_FILENO, &out);
}

static int answer(struct plan_bound *j)
{
    struct text out = {0};
    char hash[33];

    if (plan_hash(plan_of(j->plan), hash))
        return STREAMD_E_NOMEM;
    add_answer(j, hash, &out);
    return write_text(STDOUT_FILENO, &out);
}

/* Standard input, to its end. */
static int read_input(struct plan_bound *j)
{
    size_t room = DOCUMENT_MAX_BYTES + 1;
    ssize_t n = 1;

    j->text = memory_alloc(room + 1);
    if (!j->text)
        return STREAMD_E_NOMEM;
    while (j->length < room && n != 0) {
        n = read(STDIN_FILENO, j->text + j->length, room - j->length);
        if (n < 0 && errno != EINTR)
            return STREAMD_E_IO;
        j->length += n > 0 ? (size_t)n : 0;
    }
    j->text[j->length] = '\0';
    return 0;
}

/* The first line of what is wrong: whoever started the pipeline has seen all of it before. */
static int first_problem(struct plan_bound *j, struct streamd_error *error)
{
    struct text out = {0};

    diagnostics_print(&j->diagnostics, &out, 0);
    (void)error_set_full(error, STREAMD_E_INVALID, STREAMD_FAIL_PIPELINE, 0, "%.*s",
                         (int)strcspn(text_get(&out), "\n"), text_get(&out));
    text_clear(&out);
    return STREAMD_E_INVALID;
}

int plan_role_bind(const char *file, const char *text, const char *plugin_path,
                   uint32_t parallelism, struct plan_bound **bound, char hash[33],
                   struct streamd_error *error)
{
    struct plan_role role = {.file = file, .plugin_path = plugin_path, .parallelism = parallelism};
    struct plan_bound *j = memory_zalloc(1, sizeof(*j));
    int rc;

    if (!j)
        return error_set_nomem(error);
    diagnostics_init(&j->diagnostics, file);
    j->length = strlen(text);
    j->text = memory_strndup(text, j->length);
    rc = j->text ? judge(j, &role) : STREAMD_E_NOMEM;
    if (!rc)
        rc = plan_hash(plan_of(j->plan), hash);
    if (!rc) {
        *bound = j;
        return 0;
    }
    rc = rc == STREAMD_E_NOMEM ? error_set_nomem(error) : first_problem(j, error);
    plan_bound_free(j);
    return rc;
}

const struct plan *plan_bound_plan(const struct plan_bound *bound)
{
    return plan_of(bound->plan);
}

void plan_bound_free(struct plan_bound *bound)
{
    if (bound)
        bound_clear(bound);
    memory_free(bound);
}

int plan_role_main(const struct plan_role *role)
{
    struct plan_bound j = {0};
    int rc, told;

    diagnostics_init(&j.diagnostics, role->file);
    rc = read_input(&j);
    if (!rc)
        rc = judge(&j, role);
    told = rc == 0 || rc == STREAMD_E_REPORTED ? report(&j, role, rc != 0) : 0;
    if (!rc)
        told = told ? told : answer(&j);
    bound_clear(&j);
    if (rc && rc != STREAMD_E_REPORTED)
        return EXIT_FAILED;
    if (told)
        return EXIT_FAILED;
    return rc ? EXIT_INVALID : EXIT_OK;
}
