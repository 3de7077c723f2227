/*
 * Verbs that talk to a run with a state directory, over DIR/control.sock: one question, and its
 * answer when it is done.
 */
#include "client/client.h"

#include "base/error.h"
#include "base/memory.h"
#include "client/summary.h"
#include "config/options.h"
#include "control/message.h"
#include "control/stats.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A connected socket; negative: the exit code. The folder is opened first, since the address of a
   socket is short and a path may be long. */
static int reach(const struct client *c)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int folder = open(c->state_dir, O_PATH | O_DIRECTORY | O_CLOEXEC), fd, rc;

    if (folder < 0)
        return -client_fail(CLIENT_UNREACHABLE, "%s: %s", c->state_dir, strerror(errno));
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/control.sock", folder);
    rc = fd < 0 ? -1 : connect(fd, (const struct sockaddr *)&address, sizeof(address));
    close(folder);
    if (!rc)
        return fd;
    if (fd >= 0)
        close(fd);
    return -client_fail(CLIENT_UNREACHABLE, "no pipeline runs with the state directory %s",
                        c->state_dir);
}

/* The answer is an error. */
static int tell_failure(const struct control_message *m)
{
    struct streamd_error error;

    control_error_read(json_object_get(m->body, "error"), &error);
    if (error.diagnostic)
        return client_fail(CLIENT_FAILED, "SD%04d: %s", error.diagnostic, error.message);
    return client_fail(CLIENT_FAILED, "%s", error.message);
}

/* Asks, and waits for the answer; `body` is taken over. The exit code, with the answer in `m`. */
static int ask(const struct client *c, const char *type, json_t *body, struct control_message *m)
{
    struct streamd_error error = {0};
    struct control *control;
    int socket, rc;

    *m = (struct control_message){0};
    socket = c->state_dir ? reach(c) : -client_fail(CLIENT_USAGE, "--state-dir is needed");
    if (socket < 0) {
        json_decref(body);
        return -socket;
    }
    control = control_new(socket);
    if (!control) {
        close(socket);
        json_decref(body);
        return client_fail(CLIENT_FAILED, "out of memory");
    }
    rc = control_send(control, type, 0, body, NULL, 0, &error);
    if (!rc)
        rc = control_receive(control, m, &error);
    control_free(control);
    if (rc < 0)
        return client_fail(CLIENT_FAILED, "%s", error.message);
    if (rc != CONTROL_MESSAGE)
        return client_fail(CLIENT_FAILED, "the pipeline ended before it answered");
    return strcmp(m->type, "failed") == 0 ? tell_failure(m) : CLIENT_OK;
}

/* The answer for programs: its members, without those that every message has. */
static int print_json(struct control_message *m)
{
    struct text out = {0};
    char *text;

    (void)json_object_del(m->body, "type");
    (void)json_object_del(m->body, "version");
    (void)json_object_del(m->body, "attempt");
    text = json_dumps(m->body, JSON_COMPACT);
    if (!text)
        return client_fail(CLIENT_FAILED, "out of memory");
    text_add(&out, text);
    text_add_char(&out, '\n');
    free(text);
    return client_print(&out);
}

/* --- status ------------------------------------------------------------------------------------
 */

static long long number_of(const json_t *object, const char *name)
{
    return (long long)json_integer_value(json_object_get(object, name));
}

static void add_workers(json_t *workers, struct text *out)
{
    json_t *worker;
    size_t i;

    json_array_foreach(workers, i, worker)
    {
        json_t *stuck = json_object_get(worker, "stuck");
        const char *node = control_text(stuck, "node"), *state = control_text(worker, "state");

        text_printf(out, "worker %lld: %s, process %lld", number_of(worker, "worker"),
                    state ? state : "?", number_of(worker, "pid"));
        if (json_is_object(stuck) && node)
            text_printf(out, ", node %s has not returned for %lld s", node,
                        number_of(stuck, "us") / 1000000);
        else if (json_is_object(stuck))
            text_printf(out, ", has not answered for %lld s", number_of(stuck, "us") / 1000000);
        text_add_char(out, '\n');
    }
}

static void add_checkpoints(const json_t *c, struct text *out)
{
    const json_t *failure = json_object_get(c, "last_failure");
    const char *why = control_text(failure, "why");

    if (number_of(c, "last"))
        text_printf(out, "checkpoint %lld", number_of(c, "last"));
    else
        text_add(out, "no checkpoint yet");
    if (number_of(c, "age_us") >= 0)
        text_printf(out, ", %.1f s ago, took %.0f ms", (double)number_of(c, "age_us") / 1e6,
                    (double)number_of(c, "duration_us") / 1e3);
    text_printf(out, "; %lld completed, %lld failed\n", number_of(c, "completed"),
                number_of(c, "failed"));
    if (why && number_of(failure, "checkpoint"))
        text_printf(out, "checkpoint %lld failed %.1f s ago: %s\n",
                    number_of(failure, "checkpoint"), (double)number_of(failure, "age_us") / 1e6,
                    why);
    else if (why)
        text_printf(out, "%.1f s ago %s\n", (double)number_of(failure, "age_us") / 1e6, why);
}

static void add_restarts(const json_t *r, struct text *out)
{
    const json_t *last = json_object_get(r, "last_failure"), *poison = json_object_get(r, "poison");
    const char *message = control_text(last, "message"), *record = control_text(poison, "record");

    if (number_of(r, "total"))
        text_printf(out, "%lld restarts; the last because %s\n", number_of(r, "total"),
                    message ? message : "?");
    if (record)
        text_printf(out,
                    "failed %lld times in a row at %s; on_error says what else to do with it\n",
                    number_of(poison, "times"), record);
}

static int print_status(const struct control_message *m)
{
    const char *pipeline = control_text(m->body, "pipeline");
    const char *state = control_text(m->body, "state");
    struct text out = {0};
    struct arena arena = {0};
    struct worker_stats stats;

    text_printf(&out, "%s: %s, attempt %lld over %lld workers\n", pipeline ? pipeline : "?",
                state ? state : "?", number_of(m->body, "attempts"),
                number_of(m->body, "parallelism"));
    add_checkpoints(json_object_get(m->body, "checkpoints"), &out);
    add_restarts(json_object_get(m->body, "restarts"), &out);
    add_workers(json_object_get(m->body, "workers"), &out);
    if (!stats_read(json_object_get(m->body, "stats"), &arena, &stats, NULL) && stats.node_count)
        summary_table(&stats, &out);
    arena_clear(&arena);
    return client_print(&out);
}

int client_status(struct client *c, int count, char **arguments)
{
    struct control_message m;
    int code = ask(c, "status", json_object(), &m);

    (void)count;
    (void)arguments;
    if (code == CLIENT_OK)
        code = c->json ? print_json(&m) : print_status(&m);
    control_message_clear(&m);
    return code;
}

/* --- The others --------------------------------------------------------------------------------
 */

/* Asks, and says in one line what was done. */
static int ask_and_tell(const struct client *c, const char *type, json_t *body, const char *told)
{
    struct control_message m;
    struct text out = {0};
    int code = ask(c, type, body, &m);

    if (code == CLIENT_OK && c->json) {
        code = print_json(&m);
    } else if (code == CLIENT_OK && !c->quiet) {
        text_printf(&out, "%s", told);
        if (number_of(m.body, "checkpoint"))
            text_printf(&out, " at checkpoint %lld", number_of(m.body, "checkpoint"));
        text_add_char(&out, '\n');
        code = client_print(&out);
    }
    control_message_clear(&m);
    return code;
}

/* The other process may run in another folder. */
static int absolute(const char *file, char path[PATH_MAX])
{
    char folder[PATH_MAX];
    int n;

    if (file[0] == '/')
        n = snprintf(path, PATH_MAX, "%s", file);
    else
        n = getcwd(folder, sizeof(folder)) ? snprintf(path, PATH_MAX, "%s/%s", folder, file) : -1;
    return n > 0 && n < PATH_MAX ? 0 : -1;
}

int client_savepoint_take(struct client *c, const char *file)
{
    char path[PATH_MAX];

    if (absolute(file, path))
        return client_fail(CLIENT_FAILED, "%s: the path is too long", file);
    return ask_and_tell(c, "savepoint", json_pack("{s:o}", "path", control_string(path)),
                        "savepoint taken");
}

int client_rescale(struct client *c, int count, char **arguments)
{
    struct streamd_error error;
    char told[64];
    int64_t n;

    (void)count;
    if (options_parse_int(arguments[0], &n, &error) || n < 1 || n > 1 << 15)
        return client_fail(CLIENT_USAGE, "'%s' is no number of workers", arguments[0]);
    snprintf(told, sizeof(told), "runs over %lld workers", (long long)n);
    return ask_and_tell(c, "rescale", json_pack("{s:I}", "parallelism", (json_int_t)n), told);
}

int client_stop(struct client *c, int count, char **arguments)
{
    (void)count;
    (void)arguments;
    return ask_and_tell(c, "stop", json_object(), "stopped");
}
