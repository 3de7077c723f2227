/*
 * Judging a plugin in three steps, each of which needs the one before it:
 *
 *   judge_file          stat and the first bytes: nothing of the plugin runs
 *   judge_in_child      fork, dlopen, judge_descriptors: constructors run, but not here
 *   judge_descriptors   what streamd_plugin yields
 *
 * The child answers through a pipe: one byte 'y' or 'n', then a report or a message. No answer
 * means that it died or hung; its wait status says how.
 */
#include "plugin/judge.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "plugin/registry.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CHILD_SECONDS = 5, LONGEST_ANSWER = 1 << 16 };

static int refuse(struct streamd_error *error, int problem, const char *path, const char *why)
{
    return error_set_full(error, STREAMD_E_PLUGIN, STREAMD_FAIL_PIPELINE, problem, "plugin %s: %s",
                          path, why);
}

/* Root and we ourselves may own what we load, and nobody else may write it. In a sticky folder
   (/tmp) others cannot replace our files. */
static int judge_owner(const char *path, const char *what, const struct stat *st,
                       struct streamd_error *error)
{
    char why[200];
    int sticky = S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX);

    if (st->st_uid != 0 && st->st_uid != geteuid()) {
        snprintf(why, sizeof(why),
                 "%s belongs to user %u, neither root nor the user streamd runs as", what,
                 (unsigned)st->st_uid);
        return refuse(error, PLUGIN_UNTRUSTED, path, why);
    }
    if ((st->st_mode & (S_IWGRP | S_IWOTH)) && !sticky) {
        snprintf(why, sizeof(why), "%s can be written by others (mode %03o); chmod go-w it", what,
                 (unsigned)(st->st_mode & 0777));
        return refuse(error, PLUGIN_UNTRUSTED, path, why);
    }
    return 0;
}

static int judge_elf(const char *path, int fd, struct streamd_error *error)
{
    Elf64_Ehdr header;

    if (read(fd, &header, sizeof(header)) != (ssize_t)sizeof(header) ||
        memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
        return refuse(error, PLUGIN_NOT_LOADABLE, path, "not a shared library (no ELF header)");
    if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_type != ET_DYN)
        return refuse(error, PLUGIN_NOT_LOADABLE, path, "not a 64-bit shared library");
    return 0;
}

int judge_file(const char *path, struct streamd_error *error)
{
    char folder[PATH_MAX];
    struct stat st;
    int fd, rc = 0;

    if (strlen(path) >= sizeof(folder))
        return refuse(error, PLUGIN_MISSING, "(name too long)", "the path is too long");
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return refuse(error, PLUGIN_NOT_LOADABLE, path, strerror(errno));
    if (fstat(fd, &st))
        rc = refuse(error, PLUGIN_NOT_LOADABLE, path, strerror(errno));
    else if (!S_ISREG(st.st_mode))
        rc = refuse(error, PLUGIN_NOT_LOADABLE, path, "not a regular file");
    if (!rc)
        rc = judge_owner(path, "the file", &st, error);
    if (!rc)
        rc = judge_elf(path, fd, error);
    close(fd);
    if (rc)
        return rc;
    memcpy(folder, path, strlen(path) + 1);
    if (stat(dirname(folder), &st))
        return refuse(error, PLUGIN_NOT_LOADABLE, path, strerror(errno));
    return judge_owner(path, "its folder", &st, error);
}

/* Bytes that a descriptor of this kind must have at least, in this version of the ABI. */
static uint32_t descriptor_size(uint32_t kind)
{
    switch (kind) {
    case STREAMD_SOURCE:
        return sizeof(struct streamd_source);
    case STREAMD_OPERATOR:
    case STREAMD_SINK:
        return sizeof(struct streamd_operator);
    case STREAMD_FORMAT:
        return sizeof(struct streamd_format);
    case STREAMD_STATE:
        return sizeof(struct streamd_backend);
    case STREAMD_FUNCTIONS:
        return sizeof(struct streamd_functions);
    default:
        return UINT32_MAX;
    }
}

static int judge_descriptor(const struct streamd_descriptor *d, const char *path,
                            struct streamd_error *error)
{
    char why[200];

    if (d->magic != STREAMD_PLUGIN_MAGIC)
        return refuse(error, PLUGIN_NOT_A_PLUGIN, path, "its descriptor has a wrong magic number");
    if (d->abi_major != STREAMD_ABI_MAJOR || d->abi_minor != STREAMD_ABI_MINOR) {
        snprintf(why, sizeof(why), "built for plugin ABI %u.%u, this is %d.%d; rebuild the plugin",
                 d->abi_major, d->abi_minor, STREAMD_ABI_MAJOR, STREAMD_ABI_MINOR);
        return refuse(error, PLUGIN_OTHER_ABI, path, why);
    }
    if (d->size < descriptor_size(d->kind) || !d->name || !d->doc) {
        snprintf(why, sizeof(why), "its descriptor of kind %u is incomplete", d->kind);
        return refuse(error, PLUGIN_NOT_A_PLUGIN, path, why);
    }
    return 0;
}

int judge_descriptors(streamd_plugin_fn *enumerate, const char *path, uint32_t kind,
                      const char *name, const struct streamd_descriptor **found,
                      struct streamd_error *error)
{
    const struct streamd_descriptor *d;
    char why[200];

    *found = NULL;
    for (uint32_t i = 0; (d = enumerate(i)) != NULL; i++) {
        int rc = judge_descriptor(d, path, error);

        if (rc)
            return rc;
        if (d->kind == kind && strcmp(d->name, name) == 0)
            *found = d;
    }
    if (kind && !*found) {
        snprintf(why, sizeof(why), "holds no %s named '%s'", plugin_kind_word(kind), name);
        return refuse(error, PLUGIN_NOT_A_PLUGIN, path, why);
    }
    return 0;
}

/* ---- the child --------------------------------------------------------------------------- */

static void describe(streamd_plugin_fn *enumerate, struct text *answer)
{
    const struct streamd_descriptor *d;

    for (uint32_t i = 0; (d = enumerate(i)) != NULL; i++)
        text_printf(answer, "%s %s: %.*s\n", plugin_kind_word(d->kind), d->name,
                    (int)strcspn(d->doc, "\n"), d->doc);
}

static void answer_in_child(int out, const char *path, uint32_t kind, const char *name)
{
    struct rlimit no_core = {0, 0}, cpu = {CHILD_SECONDS, CHILD_SECONDS};
    const struct streamd_descriptor *found;
    streamd_plugin_fn *enumerate;
    struct streamd_error error;
    struct text answer = {0};
    size_t sent = 0;
    char real[PATH_MAX];
    void *image;

    (void)setrlimit(RLIMIT_CORE, &no_core);
    (void)setrlimit(RLIMIT_CPU, &cpu);
    /* A name without a slash would be looked for among the system's libraries. */
    image = dlopen(realpath(path, real) ? real : path, RTLD_NOW | RTLD_LOCAL);
    *(void **)&enumerate = image ? dlsym(image, "streamd_plugin") : NULL;
    if (!image)
        text_printf(&answer, "n%04d%s", PLUGIN_NOT_LOADABLE, dlerror());
    else if (!enumerate)
        text_printf(&answer, "n%04dplugin %s: does not export streamd_plugin", PLUGIN_NOT_A_PLUGIN,
                    path);
    else if (judge_descriptors(enumerate, path, kind, name, &found, &error))
        text_printf(&answer, "n%04d%s", error.diagnostic, error.message);
    else {
        text_add_char(&answer, 'y');
        describe(enumerate, &answer);
    }
    while (sent < answer.length) {
        ssize_t n = write(out, answer.data + sent, answer.length - sent);

        if (n <= 0)
            break;
        sent += (size_t)n;
    }
    _exit(0);
}

static int64_t steady_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Collects the child's answer until it closes the pipe or the time is over. 1: in time. */
static int collect(int in, struct text *answer)
{
    int64_t deadline = steady_ms() + (int64_t)CHILD_SECONDS * 1000;

    while (answer->length < LONGEST_ANSWER) {
        struct pollfd fd = {.fd = in, .events = POLLIN};
        int64_t left = deadline - steady_ms();
        char piece[4096];
        ssize_t n;

        if (left <= 0)
            return 0;
        if (poll(&fd, 1, (int)left) <= 0)
            continue;
        n = read(in, piece, sizeof(piece));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        text_append(answer, piece, (size_t)n);
    }
    return 1;
}

static int verdict(const char *path, const struct text *answer, int in_time, int status,
                   char **report, struct streamd_error *error)
{
    const char *said = text_get(answer);
    char why[200];

    if (in_time && said[0] == 'y') {
        if (report && !(*report = memory_strdup(said + 1)))
            return error_set_nomem(error);
        return 0;
    }
    if (in_time && said[0] == 'n' && answer->length > 5) {
        int problem =
            (said[1] - '0') * 1000 + (said[2] - '0') * 100 + (said[3] - '0') * 10 + (said[4] - '0');

        return error_set_full(error, STREAMD_E_PLUGIN, STREAMD_FAIL_PIPELINE, problem, "%s",
                              said + 5);
    }
    if (!in_time)
        snprintf(why, sizeof(why), "loading it did not end within %d s", CHILD_SECONDS);
    else if (WIFSIGNALED(status))
        snprintf(why, sizeof(why), "loading it ends in signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else
        snprintf(why, sizeof(why), "loading it ends the process with exit code %d",
                 WEXITSTATUS(status));
    return refuse(error, PLUGIN_CRASHES, path, why);
}

int judge_in_child(const char *path, uint32_t kind, const char *name, char **report,
                   struct streamd_error *error)
{
    struct text answer = {0};
    int pipes[2], status = 0, in_time, rc;
    pid_t child;

    if (pipe2(pipes, O_CLOEXEC))
        return error_set_errno(error, errno, "plugin %s: cannot make a pipe", path);
    child = fork();
    if (child == 0) {
        close(pipes[0]);
        answer_in_child(pipes[1], path, kind, name);
    }
    close(pipes[1]);
    if (child < 0) {
        close(pipes[0]);
        return error_set_errno(error, errno, "plugin %s: cannot start a child to probe it", path);
    }
    in_time = collect(pipes[0], &answer);
    close(pipes[0]);
    if (!in_time)
        kill(child, SIGKILL);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    rc = text_failed(&answer) ? error_set_nomem(error)
                              : verdict(path, &answer, in_time, status, report, error);
    text_clear(&answer);
    return rc;
}
