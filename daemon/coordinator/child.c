/*
 * Errands: children that do one thing and print what they found. Their input and output are memory
 * files, so that there is no pipe to serve while they run: the text is read when they have ended.
 */
#include "coordinator/inside.h"

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MOST_OUTPUT = 16 << 20,
    PLAN_SECONDS = 60, /* of CPU, and twice of the clock */
    MOST_ARGUMENTS = 32,
    EXIT_INVALID = 78
};

/* Of address space; sanitizers map more than any limit would allow. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PLAN_BYTES 0ULL
#else
#define PLAN_BYTES (8ULL << 30)
#endif

struct errand {
    struct coordinator *c;
    struct process *process;
    int output, complaints; /* memory files; complaints -1: not gathered */
    int late;               /* it was killed for taking too long */
    uv_timer_t limit;
    errand_done *done;
    void *self;
};

/* A memory file with a text, to be read from its beginning. -1: errno. */
static int memory_file(const char *text, size_t length)
{
    int fd = memfd_create("streamd", MFD_CLOEXEC);
    struct streamd_error error;

    if (fd >= 0 && length > 0 &&
        (file_write_all(file_system(), fd, "memory", text, length, &error) ||
         lseek(fd, 0, SEEK_SET) < 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* What is in a memory file, with a NUL behind it; NULL: no memory, or too much. */
static char *contents(int fd, size_t *length)
{
    struct stat s;
    char *text;
    ssize_t n;

    *length = 0;
    if (fd < 0 || fstat(fd, &s) || s.st_size > MOST_OUTPUT)
        return NULL;
    text = memory_alloc((size_t)s.st_size + 1);
    if (!text)
        return NULL;
    while (*length < (size_t)s.st_size) {
        n = pread(fd, text + *length, (size_t)s.st_size - *length, (off_t)*length);
        if (n <= 0)
            break;
        *length += (size_t)n;
    }
    text[*length] = '\0';
    return text;
}

/* Why it did not do what it was to do. */
static void judge(const struct errand *e, const struct process_end *end,
                  struct streamd_error *error)
{
    char how[128], *said;
    size_t length;

    if (e->late) {
        (void)error_set_full(error, STREAMD_E_LIMIT, STREAMD_FAIL_PIPELINE, 5503,
                             "a child of the coordinator took too long and was killed");
        return;
    }
    if (end->exit_code == 0)
        return;
    process_describe(end, how, sizeof(how));
    said = contents(e->complaints, &length);
    if (said && length > 0)
        said[strcspn(said, "\n")] = '\0';
    if (end->signal)
        (void)error_set_full(error, STREAMD_E_PLUGIN, STREAMD_FAIL_PIPELINE, 5503,
                             "a child of the coordinator %s", how);
    else if (said && length > 0)
        (void)error_set_full(error, STREAMD_E_INVALID, STREAMD_FAIL_PIPELINE, 0, "%.450s", said);
    else
        (void)error_set_full(error,
                             end->exit_code == EXIT_INVALID ? STREAMD_E_REPORTED : STREAMD_E_IO,
                             STREAMD_FAIL_PIPELINE, 5503, "a child of the coordinator %s", how);
    memory_free(said);
}

static void timer_closed(uv_handle_t *handle)
{
    memory_free(handle->data);
}

static void errand_close(struct errand *e)
{
    if (e->output >= 0)
        close(e->output);
    if (e->complaints >= 0)
        close(e->complaints);
    uv_close((uv_handle_t *)&e->limit, timer_closed);
}

static void errand_ended(void *self, struct process *p, const struct process_end *end)
{
    struct errand *e = self;
    struct errand_answer answer = {.end = end};
    char *text = contents(e->output, &answer.length);

    process_free(p);
    e->process = NULL;
    judge(e, end, &answer.error);
    if (!text && !answer.error.code)
        (void)error_set(&answer.error, STREAMD_E_LIMIT,
                        "a child of the coordinator printed more than %d bytes", MOST_OUTPUT);
    answer.text = text ? text : "";
    e->done(e->self, &answer);
    memory_free(text);
    errand_close(e);
}

static void took_too_long(uv_timer_t *timer)
{
    struct errand *e = timer->data;

    e->late = 1;
    process_kill(e->process);
}

static int start(struct errand *e, const char *const *argv, int input, int limited,
                 struct streamd_error *error)
{
    const char *arguments[MOST_ARGUMENTS + 2] = {"streamd"};
    struct process_spec spec = {
        .path = e->c->options->program,
        .argv = arguments,
        .input = input,
        .output = e->output,
        .complaints = e->complaints,
        .cpu_seconds = limited ? PLAN_SECONDS : 0,
        .address_bytes = limited ? PLAN_BYTES : 0,
        .file_bytes = limited ? MOST_OUTPUT + 1 : 0,
        .expendable = 1,
        .ended = errand_ended,
        .self = e,
    };

    for (int i = 0; argv[i]; i++) {
        if (i == MOST_ARGUMENTS)
            return error_set(error, STREAMD_E_LIMIT, "too many arguments for a child process");
        arguments[i + 1] = argv[i];
    }
    if (e->output < 0)
        return error_set_errno(error, errno, "cannot make a memory file");
    return process_start(&e->c->loop, &spec, &e->process, error);
}

struct errand *errand_start(struct coordinator *c, const char *const *argv, const char *input,
                            size_t length, int limited, int quiet, errand_done *done, void *self,
                            struct streamd_error *error)
{
    struct errand *e = memory_zalloc(1, sizeof(*e));
    int in = length > 0 ? memory_file(input, length) : -1, rc;

    if (!e || (length > 0 && in < 0)) {
        (void)error_set_nomem(error);
        memory_free(e);
        if (in >= 0)
            close(in);
        return NULL;
    }
    *e = (struct errand){.c = c, .done = done, .self = self};
    e->output = memory_file(NULL, 0);
    e->complaints = quiet ? memory_file(NULL, 0) : -1;
    (void)uv_timer_init(&c->loop, &e->limit);
    e->limit.data = e;
    rc = start(e, argv, in, limited, error);
    if (in >= 0)
        close(in);
    if (rc) {
        errand_close(e);
        return NULL;
    }
    if (limited)
        (void)uv_timer_start(&e->limit, took_too_long, 2000 * PLAN_SECONDS, 0);
    return e;
}

struct errand *errand_plan(struct coordinator *c, uint32_t parallelism, int quiet,
                           errand_done *done, void *self, struct streamd_error *error)
{
    const struct coordinator_options *o = c->options;
    const char *argv[MOST_ARGUMENTS] = {"plan", "--plugin-path", o->plugin_path};
    char number[16];
    int n = 3;

    snprintf(number, sizeof(number), "%u", parallelism);
    if (parallelism) {
        argv[n++] = "--parallelism";
        argv[n++] = number;
    }
    if (o->json && !quiet)
        argv[n++] = "--json";
    if (o->colour && !quiet)
        argv[n++] = "--colour";
    argv[n++] = "--";
    argv[n] = o->file;
    return errand_start(c, argv, o->text, o->length, 1, quiet, done, self, error);
}

void errand_kill(struct errand *e)
{
    if (e && e->process)
        process_kill(e->process);
}
