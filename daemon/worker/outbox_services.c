/* Finds the task's outbox and passes the call on. A plugin that has none made a mistake: it did not
   look at context.durable, or did not call streamd_bind_outbox. */
#include "worker/outbox_services.h"

#include "base/error.h"
#include "checkpoint/store.h"
#include "worker/outbox.h"

#include <limits.h>
#include <stdio.h>

int outbox_services_open(struct task *n, struct streamd_error *error)
{
    const char *state = n->worker->options.state_folder;
    struct outbox_site site = {
        .context = &n->context, .pool = n->worker->pool, .ops = store_file_ops()};
    char folder[PATH_MAX];
    int rc;

    if (n->plan->outbox < 0 || !n->context.durable || !state)
        return 0;
    if (snprintf(folder, sizeof(folder), "%s/outbox", state) >= (int)sizeof(folder))
        return error_set(error, STREAMD_E_LIMIT, "the name %s is too long", state);
    site.folder = folder;
    site.table = n->tables[n->plan->outbox].table;
    rc = outbox_new(&site, &n->outbox, error);
    return rc ? error_add_context(error, "%s", n->plan->name) : 0;
}

void outbox_services_close(struct task *n)
{
    outbox_free(n->outbox);
    n->outbox = NULL;
}

/* NULL after streamd_fail. */
static struct outbox *outbox_of(struct streamd_context *c)
{
    struct task *n = task_of(c);

    if (!n->outbox)
        task_fail(n, STREAMD_BUG, 0, "it uses an outbox that it has not");
    return n->outbox;
}

int outbox_service_append(struct streamd_context *c, const void *data, size_t length)
{
    struct outbox *o = outbox_of(c);

    return o ? outbox_add(o, data, length) : STREAMD_E_STATE;
}

int outbox_service_append_batch(struct streamd_context *c, const struct streamd_batch *batch)
{
    struct outbox *o = outbox_of(c);

    return o ? outbox_add_batch(o, batch) : STREAMD_E_STATE;
}

int outbox_service_seal(struct streamd_context *c, uint64_t checkpoint)
{
    struct outbox *o = outbox_of(c);

    return o ? outbox_seal(o, checkpoint) : STREAMD_E_STATE;
}

int outbox_service_list(struct streamd_context *c, uint64_t up_to, uint32_t index,
                        struct streamd_outbox_segment *segment)
{
    struct outbox *o = outbox_of(c);

    return o ? outbox_list(o, up_to, index, segment) : STREAMD_E_STATE;
}

int outbox_service_read(struct streamd_context *c, const struct streamd_outbox_segment *segment,
                        uint64_t *position, struct streamd_outbox_record *record)
{
    struct outbox *o = outbox_of(c);

    return o ? outbox_read(o, segment, position, record) : STREAMD_E_STATE;
}

int outbox_service_erase(struct streamd_context *c, uint64_t up_to)
{
    struct outbox *o = outbox_of(c);

    return o ? outbox_erase(o, up_to) : STREAMD_E_STATE;
}
