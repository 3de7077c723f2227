/*
 * Failpoints (base/failpoint.h). The entries are read from the environment at the first passing and
 * never change after that; what changes is how often each was passed, an atomic counter. Claiming
 * is one open with O_EXCL, which is what makes "once among all processes" true. This is the one
 * place with state of the whole process: a fault has no owner, and no normal build has this file.
 */
#include "base/failpoint.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ENTRIES_MAX 16
#define POINT_MAX 16
#define PATH_LENGTH 4096

enum failpoint_action {
    FAILPOINT_KILL,
    FAILPOINT_STOP,
    FAILPOINT_DELAY,
    FAILPOINT_EIO,
    FAILPOINT_ENOSPC
};

struct failpoint_entry {
    char point[POINT_MAX];
    long worker; /* -1: any process */
    enum failpoint_action action;
    long delay_ms;
    unsigned nth;
    int after; /* counts only once the entry before it has fired */
    atomic_uint passed;
    char token[PATH_LENGTH]; /* the file that claims it */
};

static struct failpoint_entry entries[ENTRIES_MAX];
static size_t entry_count;
static pthread_once_t entries_once = PTHREAD_ONCE_INIT;
static atomic_long worker_number = -1;

void failpoint_set_worker(uint32_t worker)
{
    atomic_store(&worker_number, (long)worker);
}

/* A malformed setting must not look like a fault that did not happen: say so and die. */
static void refuse(const char *text)
{
    fprintf(stderr, "STREAMD_FAILPOINTS: cannot read \"%s\"\n", text);
    _exit(70);
}

static void parse_action(const char *text, struct failpoint_entry *e)
{
    static const char *const words[] = {"kill", "stop", "delay", "eio", "enospc"};
    size_t length = strcspn(text, ":@");
    size_t i = 0;
    while (i < 5 && (strlen(words[i]) != length || strncmp(words[i], text, length) != 0))
        i++;
    if (i == 5)
        refuse(text);
    e->action = (enum failpoint_action)i;
    const char *rest = text + length;
    char *end;
    if (e->action == FAILPOINT_DELAY) {
        if (*rest != ':')
            refuse(text);
        e->delay_ms = strtol(rest + 1, &end, 10);
        rest = end;
    }
    e->nth = 1;
    if (*rest == '@') {
        e->nth = (unsigned)strtoul(rest + 1, &end, 10);
        rest = end;
    }
    if (*rest || e->nth == 0 || e->delay_ms < 0)
        refuse(text);
}

static void parse_entry(const char *text, const char *folder, struct failpoint_entry *e)
{
    const char *equals = strchr(text, '=');
    if (!equals)
        refuse(text);
    const char *name = text;
    if (*name == '>') {
        e->after = 1;
        name++;
    }
    size_t length = strcspn(name, ":=");
    if (length == 0 || length >= POINT_MAX || (e->after && entry_count == 0))
        refuse(text);
    memcpy(e->point, name, length);
    e->worker = -1;
    if (name[length] == ':') {
        char *end;
        e->worker = strtol(name + length + 1, &end, 10);
        if (end != equals)
            refuse(text);
    }
    parse_action(equals + 1, e);
    int n = snprintf(e->token, sizeof e->token, "%s/%zu-%.*s-%.*s", folder, entry_count + 1,
                     (int)length, name, (int)strcspn(equals + 1, ":@"), equals + 1);
    if (n < 0 || (size_t)n >= sizeof e->token)
        refuse(text);
}

static void parse_entries(void)
{
    const char *setting = getenv("STREAMD_FAILPOINTS");
    const char *folder = getenv("STREAMD_FAILPOINTS_FOLDER");
    if (!setting || !*setting)
        return;
    char *copy = strdup(setting);
    if (!copy || !folder)
        refuse("(no memory, or STREAMD_FAILPOINTS_FOLDER is not set)");
    char *rest = copy;
    for (char *text; (text = strsep(&rest, ";"));) {
        if (!*text)
            continue;
        if (entry_count == ENTRIES_MAX)
            refuse(text);
        parse_entry(text, folder, &entries[entry_count]);
        entry_count++;
    }
    free(copy);
}

/* 1 where this process is the one in which the entry fires. */
static int claim(const struct failpoint_entry *e)
{
    int fd = open(e->token, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return 0;
    long worker = atomic_load(&worker_number);
    char line[64];
    int n = worker < 0 ? snprintf(line, sizeof line, "%ld -\n", (long)getpid())
                       : snprintf(line, sizeof line, "%ld %ld\n", (long)getpid(), worker);
    ssize_t written = write(fd, line, (size_t)n);
    close(fd);
    if (written != n)
        refuse(e->token);
    return 1;
}

/* Whether this passing is the one that `e` waits for, and nobody else was first. */
static int fires(struct failpoint_entry *e, const char *point)
{
    if (strcmp(e->point, point) != 0)
        return 0;
    if (e->worker >= 0 && e->worker != atomic_load(&worker_number))
        return 0;
    if (e->after && access((e - 1)->token, F_OK) != 0)
        return 0;
    return atomic_fetch_add(&e->passed, 1) + 1 == e->nth && claim(e);
}

static int act(const struct failpoint_entry *e)
{
    switch (e->action) {
    case FAILPOINT_KILL:
        kill(getpid(), SIGKILL);
        break;
    case FAILPOINT_STOP:
        kill(getpid(), SIGSTOP);
        break;
    case FAILPOINT_DELAY: {
        struct timespec t = {.tv_sec = e->delay_ms / 1000,
                             .tv_nsec = (e->delay_ms % 1000) * 1000000};
        while (nanosleep(&t, &t) != 0 && errno == EINTR)
            continue;
        break;
    }
    case FAILPOINT_EIO:
        return EIO;
    case FAILPOINT_ENOSPC:
        return ENOSPC;
    }
    return 0;
}

static int pass(const char *point, int can_fail)
{
    int saved = errno;
    int result = 0;
    pthread_once(&entries_once, parse_entries);
    for (size_t i = 0; i < entry_count; i++) {
        struct failpoint_entry *e = &entries[i];
        if ((can_fail || e->action < FAILPOINT_EIO) && fires(e, point)) {
            int r = act(e);
            result = r ? r : result;
        }
    }
    errno = saved;
    return result;
}

void failpoint_pass(const char *point)
{
    pass(point, 0);
}

int failpoint_errno(const char *point)
{
    return pass(point, 1);
}

int failpoint_fail(const char *point, struct streamd_error *error)
{
    int number = pass(point, 1);
    return number ? error_set_errno(error, number, "failpoint %s", point) : 0;
}
