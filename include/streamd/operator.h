/*
 * streamd/operator.h - the contract of operators and sinks. A sink is an operator without outputs.
 *
 * One task of a node is one `self`, made by open and used by one thread. The descriptor itself is
 * immutable. Every event except commit, abort and close is delivered only when every output has
 * room, and no event is delivered while another has not ended (answered HAS_MORE or BLOCKED and not
 * yet been resumed to its end), except commit and abort. Checkpoint barriers wait for the end of an
 * event too. The host forwards watermarks and barriers after the handler is done: an operator only
 * reacts.
 *
 * A NULL member stands for the default given with it.
 */
#ifndef STREAMD_OPERATOR_H
#define STREAMD_OPERATOR_H

#include <streamd/bind.h>
#include <streamd/context.h>
#include <streamd/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

struct streamd_operator {
    struct streamd_descriptor descriptor;

    /* See bind.h. Required. 0, or STREAMD_E_REPORTED after diagnostics, or another code. */
    int (*bind)(struct streamd_bind *b, const void *options);

    /* Makes a task. Keep `c`; it lives until close. *self may stay NULL. 0, or negative after
       streamd_fail. Default: nothing. */
    int (*open)(struct streamd_context *c, void **self);

    /* A batch of input `input`, with count > 0. Required. */
    enum streamd_flow (*batch)(struct streamd_context *c, void *self, uint32_t input,
                               struct streamd_batch *batch);

    /* The combined watermark has risen to `watermark` (microseconds; INT64_MAX at the end of the
       input): no more rows with event_time <= watermark, except late ones. Default: OK. */
    enum streamd_flow (*watermark)(struct streamd_context *c, void *self, int64_t watermark);

    /* Time has come: `table` is the number of a table with timers of which rows are due at `now`
       (a watermark or a processing time, as its flags say), or -1 after streamd_wake_at. Take all
       that is due. Default: OK. */
    enum streamd_flow (*timer)(struct streamd_context *c, void *self, int32_t table, int64_t now);

    /* Goes on after HAS_MORE or BLOCKED with the event at hand. Required where those are
       answered. */
    enum streamd_flow (*resume)(struct streamd_context *c, void *self);

    /* Input `input` has ended; nothing comes from it any more. For a bounded pipeline comes after
       the watermark INT64_MAX. Default: OK. */
    enum streamd_flow (*end)(struct streamd_context *c, void *self, uint32_t input);

    /* Checkpoints. prepare is called before the state of the task is copied for checkpoint `id`.
       Operators seal what will not change any more (streamd_table_seal). Sinks, two-phase commit:
       prepare makes all that was written before durable and notes in a state table what commit
       will need. commit: everything prepared up to `id`
       becomes visible; idempotent. abort: checkpoint `id` failed; its interval joins the next one
       - nothing is undone. Without a state directory the host calls prepare and commit once, at
       the end of the input. Default: OK. */
    enum streamd_flow (*prepare)(struct streamd_context *c, void *self, uint64_t id);
    enum streamd_flow (*commit)(struct streamd_context *c, void *self, uint64_t id);
    enum streamd_flow (*abort)(struct streamd_context *c, void *self, uint64_t id);

    /* Releases the task. Also after failures; never fails. Default: nothing. */
    void (*close)(struct streamd_context *c, void *self);
};

#ifdef __cplusplus
}
#endif
#endif
