/*
 * A queue under a mutex, and a flag that the loop reads before it takes the lock. worker_stop sets
 * another flag and nothing else, since it may be called from a signal handler.
 */
#include "worker/commands.h"

#include "base/error.h"
#include "worker/checkpoint.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct commands {
    pthread_mutex_t mutex;
    struct {
        struct worker_command *items;
        size_t count, capacity;
    } queue;
    _Atomic int waiting, stop;
};

int commands_open(struct worker *w, struct streamd_error *error)
{
    w->commands = memory_zalloc(1, sizeof(*w->commands));
    if (!w->commands)
        return error_set_nomem(error);
    pthread_mutex_init(&w->commands->mutex, NULL);
    w->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return w->stop_fd < 0 ? error_set_errno(error, errno, "cannot make an eventfd") : 0;
}

void commands_clear(struct worker *w)
{
    struct commands *c = w->commands;

    if (!c)
        return;
    for (size_t i = 0; i < c->queue.count; i++)
        memory_free(c->queue.items[i].folder);
    array_clear(&c->queue);
    pthread_mutex_destroy(&c->mutex);
    memory_free(c);
    w->commands = NULL;
    if (w->stop_fd >= 0)
        close(w->stop_fd);
}

static void wake(struct worker *w)
{
    uint64_t one = 1;
    ssize_t n = write(w->stop_fd, &one, sizeof(one));

    (void)n; /* the counter cannot overflow; there is nothing to do about it in a signal handler */
}

void commands_woke(struct worker *w)
{
    uint64_t count;
    ssize_t n = read(w->stop_fd, &count, sizeof(count));

    (void)n; /* empty already is fine */
}

void worker_stop(struct worker *w)
{
    atomic_store(&w->commands->stop, 1);
    wake(w);
}

int worker_command(struct worker *w, const struct worker_command *command)
{
    struct commands *c = w->commands;
    int rc;

    pthread_mutex_lock(&c->mutex);
    rc = array_push(&c->queue, *command) ? STREAMD_E_NOMEM : 0;
    pthread_mutex_unlock(&c->mutex);
    if (rc) {
        memory_free(command->folder);
        return rc;
    }
    atomic_store(&c->waiting, 1);
    wake(w);
    return 0;
}

static void obey(struct worker *w, const struct worker_command *command)
{
    switch (command->kind) {
    case WORKER_TRIGGER:
        checkpoint_trigger(w, command);
        break;
    case WORKER_COMPLETE:
        checkpoint_complete(w, command->id);
        break;
    case WORKER_ABORT:
        checkpoint_abort(w, command->id);
        break;
    case WORKER_STATS:
        w->options.reports->stats(w->options.self, worker_stats(w));
        break;
    case WORKER_DRAIN:
        w->stopping = 1;
        break;
    case WORKER_EXIT:
        w->exiting = 1;
        break;
    }
}

void commands_take(struct worker *w)
{
    struct commands *c = w->commands;

    if (atomic_load_explicit(&c->stop, memory_order_relaxed))
        w->stopping = 1;
    while (atomic_load_explicit(&c->waiting, memory_order_acquire)) {
        struct worker_command command;
        int any;

        pthread_mutex_lock(&c->mutex);
        any = c->queue.count > 0;
        if (any) {
            command = c->queue.items[0];
            c->queue.count--;
            memmove(c->queue.items, c->queue.items + 1, c->queue.count * sizeof(*c->queue.items));
        }
        if (c->queue.count == 0)
            atomic_store(&c->waiting, 0);
        pthread_mutex_unlock(&c->mutex);
        if (!any)
            return;
        obey(w, &command);
        memory_free(command.folder);
    }
}
