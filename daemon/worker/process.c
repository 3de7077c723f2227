/*
 * A conversation in fixed order up to `start`, on the main thread; then one thread per direction:
 * the control thread turns messages into worker_command, the worker's reports become messages. The
 * end of the coordinator's side of the socket is the end of this process, at once: what it held
 * belongs to a checkpoint or to nobody. A dataflow that ends in good order gives everything back.
 */
#include "worker/process.h"

#include "base/error.h"
#include "base/failpoint.h"
#include "base/memory.h"
#include "control/message.h"
#include "exchange/segment.h"
#include "exchange/wake.h"
#include "graph/spread.h"
#include "state/sealed.h"
#include "worker/worker.h"

#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST_WORKERS = 32768, STUCK_US = 5000000 };
enum { EXIT_TOLD = 0, EXIT_FAILED = 1 };

struct process {
    const struct worker_process *given;
    struct control *control;
    uint64_t attempt;
    uint32_t self, count;
    char lineage[33], parent[33], attempt_text[48]; /* the run of the coordinator, and the number */
    uint64_t parent_checkpoint;
    int accept_duplicates;
    char folder[PATH_MAX]; /* STATE/LINEAGE, or "" */
    const struct plan *plan;
    uint32_t batch_rows, channel_slots;
    struct worker_links links;
    struct worker_restore restore;
    struct worker *worker;
    pthread_mutex_t mutex; /* over; and that the worker lives while a command is handed to it */
    int over;
    char record[256];               /* that is to blame for a failure */
    struct control_message kept[4]; /* whose texts are in use */
    uint32_t kept_count;
};

/* ---- saying ------------------------------------------------------------------------------- */

/* What cannot be said to the coordinator cannot be said to anybody: the process ends. */
static void say(struct process *p, const char *type, json_t *body)
{
    struct streamd_error error;

    if (control_send(p->control, type, p->attempt, body, NULL, 0, &error)) {
        log_write(p->given->log, LOG_LEVEL_ERROR, "worker %u: %s", p->self, error.message);
        _exit(EXIT_FAILED);
    }
}

static json_t *refers_json(const struct worker_ack *ack)
{
    json_t *refers = json_array();

    for (size_t i = 0; i < ack->refer_count; i++) {
        const struct sealed_file *f = ack->refers[i];

        if (json_array_append_new(refers,
                                  json_pack("{s:I,s:s,s:I,s:s}", "checkpoint",
                                            (json_int_t)f->checkpoint, "name", f->name, "bytes",
                                            (json_int_t)f->bytes, "checksum", f->checksum))) {
            json_decref(refers);
            return NULL;
        }
    }
    return refers;
}

static void say_ack(void *self, const struct worker_ack *ack)
{
    say(self, "ack",
        json_pack("{s:I,s:s,s:I,s:s,s:I,s:I,s:o}", "checkpoint", (json_int_t)ack->id, "name",
                  ack->name, "bytes", (json_int_t)ack->bytes, "checksum", ack->checksum,
                  "rows_between", (json_int_t)ack->rows_between, "stall_us",
                  (json_int_t)ack->stall_us, "refers", refers_json(ack)));
    if (FAILPOINT_ERRNO("W10"))
        _exit(EXIT_FAILED);
}

static void say_decline(void *self, uint64_t id, const char *why)
{
    say(self, "decline",
        json_pack("{s:I,s:o}", "checkpoint", (json_int_t)id, "why", control_string(why)));
}

static void say_committed(void *self, uint64_t id)
{
    say(self, "committed", json_pack("{s:I}", "checkpoint", (json_int_t)id));
    if (FAILPOINT_ERRNO("W14"))
        _exit(EXIT_FAILED);
}

static void say_finished(void *self)
{
    say(self, "finished", json_object());
}

static void say_stats(void *self, const struct worker_stats *stats)
{
    say(self, "stats", json_pack("{s:o}", "stats", stats_json(stats)));
}

/* The error that ends the attempt. */
static int say_failed(struct process *p, const struct streamd_error *error)
{
    json_t *body = json_pack("{s:o}", "error", control_error_json(error));

    if (body && p->record[0] && json_object_set_new(body, "record", control_string(p->record))) {
        json_decref(body);
        body = NULL;
    }
    say(p, "failed", body);
    return EXIT_FAILED;
}

/* ---- listening ---------------------------------------------------------------------------- */

/* The next message, which must be of this type. Kept: its texts stay good. */
static const json_t *expect(struct process *p, const char *type, struct control_message **message,
                            struct streamd_error *error)
{
    struct control_message *m = &p->kept[p->kept_count];
    int rc = control_receive(p->control, m, error);

    if (rc == CONTROL_CLOSED)
        _exit(EXIT_FAILED);
    if (rc < 0)
        return NULL;
    p->kept_count++;
    if (strcmp(m->type, type) != 0) {
        error_set(error, STREAMD_E_DATA, "the coordinator said '%s' where '%s' was expected",
                  m->type, type);
        return NULL;
    }
    p->attempt = m->attempt;
    if (message)
        *message = m;
    return m->body;
}

static int number(const json_t *body, const char *name, uint32_t most, uint32_t *value,
                  struct streamd_error *error)
{
    int64_t n;
    int rc = control_number(body, name, 0, most, &n, error);

    *value = rc ? 0 : (uint32_t)n;
    return rc;
}

/* The savepoint that the lineage began with, if it did. */
static int hear_parent(struct process *p, const json_t *body, struct streamd_error *error)
{
    const json_t *parent = json_object_get(body, "parent");
    const char *lineage = parent ? control_text(parent, "lineage") : NULL;
    int64_t id;

    if (!lineage)
        return 0;
    if (strlen(lineage) >= sizeof(p->parent))
        return error_set(error, STREAMD_E_DATA, "the parent's lineage is too long");
    if (control_number(parent, "checkpoint", 0, INT64_MAX, &id, error))
        return error->code;
    snprintf(p->parent, sizeof(p->parent), "%s", lineage);
    p->parent_checkpoint = (uint64_t)id;
    return 0;
}

static int hear_hello(struct process *p, struct streamd_error *error)
{
    const json_t *body = expect(p, "hello", NULL, error);
    const char *lineage = body ? control_text(body, "lineage") : NULL;
    const char *run = body ? control_text(body, "run") : NULL;

    if (!body || number(body, "worker", MOST_WORKERS, &p->self, error) ||
        number(body, "workers", MOST_WORKERS, &p->count, error))
        return error->code;
    if (p->self >= p->count || (lineage && strlen(lineage) >= sizeof(p->lineage)) ||
        (run && strlen(run) > 16))
        return error_set(error, STREAMD_E_DATA, "the coordinator's hello makes no sense");
    FAILPOINT_WORKER(p->self);
    snprintf(p->lineage, sizeof(p->lineage), "%s", lineage ? lineage : "");
    snprintf(p->attempt_text, sizeof(p->attempt_text), "%sa%" PRIu64, run ? run : "", p->attempt);
    p->accept_duplicates = json_is_true(json_object_get(body, "accept_duplicates"));
    return hear_parent(p, body, error);
}

static int hear_plan(struct process *p, struct streamd_error *error)
{
    const json_t *body = expect(p, "plan", NULL, error);
    struct worker_binding binding = {0};
    const char *wanted, *state;
    char hash[33];
    int rc;

    if (!body || number(body, "parallelism", MOST_WORKERS, &binding.parallelism, error) ||
        number(body, "batch_rows", UINT32_MAX, &p->batch_rows, error) ||
        number(body, "channel_slots", UINT32_MAX, &p->channel_slots, error))
        return error->code;
    binding.path = control_text(body, "path");
    binding.text = control_text(body, "text");
    binding.plugin_path = control_text(body, "plugin_path");
    wanted = control_text(body, "hash");
    state = control_text(body, "state_dir");
    if (!binding.path || !binding.text || !binding.plugin_path || !wanted)
        return error_set(error, STREAMD_E_DATA, "the coordinator's plan lacks a member");
    if (state && (size_t)snprintf(p->folder, sizeof(p->folder), "%s/%s", state, p->lineage) >=
                     sizeof(p->folder))
        return error_set(error, STREAMD_E_LIMIT, "the state directory's name is too long");
    rc = p->given->bind(p->given->self, &binding, &p->plan, hash, error);
    if (!rc && strcmp(hash, wanted) != 0)
        rc = error_set_full(error, STREAMD_E_STATE, STREAMD_FAIL_PIPELINE, 5531,
                            "this worker makes another plan of the file than the coordinator did: "
                            "a plugin or a variable changed meanwhile");
    if (!rc)
        say(p, "ready", json_pack("{s:s}", "hash", hash));
    return rc;
}

/* The rings' memory and the eventfds, of all workers: first all the one, then all the other. */
static int hear_channels(struct process *p, struct streamd_error *error)
{
    struct control_message *m;
    const json_t *body = expect(p, "channels", &m, error);
    uint32_t ring_bytes;
    int rc = 0;

    if (!body || number(body, "ring_bytes", INT_MAX, &ring_bytes, error))
        return error->code;
    if (m->descriptor_count != (size_t)p->count * 2)
        return p->count == 1 && m->descriptor_count == 0
                   ? 0
                   : error_set(error, STREAMD_E_DATA, "channels came with %zu descriptors",
                               m->descriptor_count);
    p->links = (struct worker_links){.self = p->self, .count = p->count, .wake_fd = -1};
    p->links.segments = memory_zalloc(p->count, sizeof(*p->links.segments));
    p->links.wakes = memory_zalloc(p->count, sizeof(*p->links.wakes));
    if (!p->links.segments || !p->links.wakes)
        return error_set_nomem(error);
    for (uint32_t i = 0; i < p->count && !rc; i++) {
        int wake = control_take_descriptor(m, p->count + i);
        int memory = control_take_descriptor(m, i);

        rc =
            segment_map(memory, spread_rings(p->plan, i), ring_bytes, &p->links.segments[i], error);
        close(memory);
        if (!rc)
            p->links.wakes[i] =
                (struct wake){.asleep = segment_asleep(p->links.segments[i]), .fd = wake};
        else
            close(wake);
        if (i == p->self)
            p->links.wake_fd = wake;
    }
    return rc;
}

static int hear_files(struct process *p, const json_t *restore, struct streamd_error *error)
{
    const json_t *files = json_object_get(restore, "files");
    const char *folder = control_text(restore, "folder");
    uint32_t count = (uint32_t)json_array_size(files);
    uint32_t *tasks = memory_zalloc(count, sizeof(*tasks));
    char **names = memory_zalloc(count, sizeof(*names));
    int rc = !folder || count == 0 ? error_set(error, STREAMD_E_DATA, "restore names no files") : 0;

    if (!tasks || !names)
        rc = error_set_nomem(error);
    for (uint32_t i = 0; i < count && !rc; i++) {
        const json_t *file = json_array_get(files, i);
        const char *name = control_text(file, "name");
        char path[PATH_MAX];

        rc = number(file, "task", MOST_WORKERS, &tasks[i], error);
        if (!rc &&
            (!name || (size_t)snprintf(path, sizeof(path), "%s/%s", folder, name) >= sizeof(path)))
            rc = error_set(error, STREAMD_E_DATA, "a file of the checkpoint has no proper name");
        names[i] = rc ? NULL : memory_strdup(path);
        if (!rc && !names[i])
            rc = error_set_nomem(error);
    }
    p->restore.file_count = count;
    p->restore.files = (const char *const *)names;
    p->restore.file_tasks = tasks;
    return rc;
}

static int hear_start(struct process *p, struct streamd_error *error)
{
    const json_t *body = expect(p, "start", NULL, error);
    const json_t *restore = body ? json_object_get(body, "restore") : NULL;
    int64_t id;

    if (!body)
        return error->code;
    if (!json_is_object(restore))
        return 0;
    if (control_number(restore, "checkpoint", 1, INT64_MAX, &id, error) ||
        number(restore, "parallelism", MOST_WORKERS, &p->restore.parallelism, error))
        return error->code;
    p->restore.id = (uint64_t)id;
    return hear_files(p, restore, error);
}

/* ---- the control thread --------------------------------------------------------------------- */

static void hear_stats(struct process *p)
{
    struct worker_command command = {.kind = WORKER_STATS};
    struct clock_ops clock = clock_system();
    int64_t since, now = clock_steady_us(&clock);
    const char *node = worker_busy_with(p->worker, &since);

    if (node && now - since > STUCK_US)
        say(p, "stuck", json_pack("{s:s,s:I}", "node", node, "us", (json_int_t)(now - since)));
    else
        (void)worker_command(p->worker, &command); /* without memory there is no answer this time */
}

static int obey(struct process *p, const struct control_message *m)
{
    struct worker_command command = {0};
    const char *kind = control_text(m->body, "kind"), *folder;
    struct streamd_error error;
    int64_t id = 0;

    if (strcmp(m->type, "stats") == 0) {
        hear_stats(p);
        return 0;
    }
    if (strcmp(m->type, "stop") == 0)
        command.kind = WORKER_EXIT;
    else if (strcmp(m->type, "drain") == 0)
        command.kind = WORKER_DRAIN;
    else if (strcmp(m->type, "trigger") == 0)
        command.kind = WORKER_TRIGGER;
    else if (strcmp(m->type, "complete") == 0)
        command.kind = WORKER_COMPLETE;
    else if (strcmp(m->type, "abort") == 0)
        command.kind = WORKER_ABORT;
    else
        return STREAMD_E_DATA;
    if (command.kind <= WORKER_ABORT &&
        control_number(m->body, "checkpoint", 1, INT64_MAX, &id, &error))
        return STREAMD_E_DATA;
    command.id = (uint64_t)id;
    if (command.kind == WORKER_COMPLETE && FAILPOINT_ERRNO("W11"))
        return STREAMD_E_IO;
    if (command.kind == WORKER_TRIGGER) {
        folder = control_text(m->body, "folder");
        command.stops = kind && strcmp(kind, "checkpoint") != 0;
        command.folder = memory_strdup(folder ? folder : "");
        if (!command.folder)
            return STREAMD_E_NOMEM;
    }
    return worker_command(p->worker, &command);
}

/* After the end of the dataflow nothing is obeyed any more. */
static int hear_command(struct process *p, const struct control_message *m)
{
    int rc;

    pthread_mutex_lock(&p->mutex);
    rc = p->over ? 0 : obey(p, m);
    pthread_mutex_unlock(&p->mutex);
    return rc;
}

static int is_over(struct process *p)
{
    int over;

    pthread_mutex_lock(&p->mutex);
    over = p->over;
    pthread_mutex_unlock(&p->mutex);
    return over;
}

static void *listen_to_coordinator(void *self)
{
    struct process *p = self;
    struct streamd_error error;

    for (;;) {
        struct control_message m = {0};
        int rc = control_receive(p->control, &m, &error);

        if (rc != CONTROL_MESSAGE && is_over(p))
            return NULL;
        if (rc != CONTROL_MESSAGE || hear_command(p, &m)) {
            if (rc != CONTROL_CLOSED)
                log_write(p->given->log, LOG_LEVEL_ERROR,
                          "worker %u cannot follow its coordinator: %s", p->self,
                          rc < 0 ? error.message : m.type);
            _exit(EXIT_FAILED);
        }
        control_message_clear(&m);
    }
    return NULL;
}

/* ---- the role ----------------------------------------------------------------------------- */

static int run(struct process *p, struct streamd_error *error)
{
    const struct worker_reports reports = {.ack = say_ack,
                                           .decline = say_decline,
                                           .committed = say_committed,
                                           .finished = say_finished,
                                           .stats = say_stats};
    const struct worker_options options = {.batch_rows = p->batch_rows,
                                           .channel_slots = p->channel_slots,
                                           .links = p->links,
                                           .restore = p->restore.id ? &p->restore : NULL,
                                           .reports = &reports,
                                           .lineage = p->folder[0] ? p->lineage : NULL,
                                           .state_folder = p->folder[0] ? p->folder : NULL,
                                           .attempt = p->folder[0] ? p->attempt_text : NULL,
                                           .parent_lineage = p->parent,
                                           .parent_checkpoint = p->parent_checkpoint,
                                           .accept_duplicates = p->accept_duplicates,
                                           .clock = clock_system(),
                                           .log = p->given->log,
                                           .stop_descriptor = -1,
                                           .self = p};
    pthread_t thread;
    int rc = worker_new(p->plan, &options, &p->worker, error);

    if (rc)
        return rc;
    say(p, "running", json_object());
    if (pthread_create(&thread, NULL, listen_to_coordinator, p))
        return error_set(error, STREAMD_E_IO, "cannot start the control thread");
    rc = worker_run(p->worker, error);
    pthread_mutex_lock(&p->mutex);
    p->over = 1;
    pthread_mutex_unlock(&p->mutex);
    say_stats(p, worker_stats(p->worker));
    snprintf(p->record, sizeof(p->record), "%s", worker_failed_record(p->worker));
    worker_free(p->worker);
    if (!rc)
        say(p, "stopped", json_object());
    /* The control thread reads the end of the socket now, whatever the coordinator does. */
    (void)shutdown(p->given->control, SHUT_RD);
    pthread_join(thread, NULL);
    return rc;
}

static void clear(struct process *p)
{
    for (uint32_t i = 0; p->links.segments && i < p->count; i++)
        segment_free(p->links.segments[i]);
    for (uint32_t i = 0; p->links.wakes && i < p->count; i++)
        if (p->links.wakes[i].asleep)
            close(p->links.wakes[i].fd);
    memory_free(p->links.segments);
    memory_free(p->links.wakes);
    for (uint32_t i = 0; i < p->restore.file_count; i++)
        memory_free((void *)(uintptr_t)p->restore.files[i]);
    memory_free((void *)(uintptr_t)p->restore.files);
    memory_free((void *)(uintptr_t)p->restore.file_tasks);
    for (uint32_t i = 0; i < p->kept_count; i++)
        control_message_clear(&p->kept[i]);
    control_free(p->control);
    pthread_mutex_destroy(&p->mutex);
}

int worker_process_main(const struct worker_process *given)
{
    struct process p = {.given = given, .control = control_new(given->control)};
    struct streamd_error error = {0};
    int rc;

    pthread_mutex_init(&p.mutex, NULL);
    if (!p.control || getppid() != given->parent)
        return EXIT_FAILED;
    say(&p, "hello", json_pack("{s:I}", "pid", (json_int_t)getpid()));
    rc = hear_hello(&p, &error);
    if (!rc)
        rc = hear_plan(&p, &error);
    if (!rc)
        rc = hear_channels(&p, &error);
    if (!rc)
        rc = hear_start(&p, &error);
    if (!rc)
        rc = run(&p, &error);
    rc = rc ? say_failed(&p, &error) : EXIT_TOLD;
    clear(&p);
    return rc;
}
