/*
 * tests/unit/io_host.h - a host for one source or sink in a test: it reads with lines as its
 * format, writes column 0 as lines, has a clock that the test sets, and keeps what the plugin says.
 *
 *     struct io_host *io = io_new("source-file");
 *     io_set_text(io, "path", "/tmp/x/a.log");
 *     io_bind(io);
 *     io_open(io);
 *     struct io_split *s = io_open_split(io, "files", NULL);
 *     while (io_next(io, s) == STREAMD_OK) ...
 *     assert_string_equal(io_lines(io), "one\ntwo\n");
 *     io_free(io);
 *
 * One at a time. Batches, memory and tables are the harness's; what is not given back ends the
 * test.
 */
#ifndef TESTS_IO_HOST_H
#define TESTS_IO_HOST_H

#include "harness.h"

#include <streamd/source.h>

struct io_host;

struct io_split {
    void *self;
    char id[512];
};

/* The plugin of that file name, not yet bound. Its options are those of its table without a word
   from the user. */
struct io_host *io_new(const char *plugin);

/* Closes what is open and checks that all was given back. */
void io_free(struct io_host *io);

/* Options by their path in the table ("roll.size"): STRING; whole numbers (BOOL, INT, DURATION,
   SIZE, ENUM); FLOAT. Sets present members, too, of groups as well. Before io_bind. */
void io_set_text(struct io_host *io, const char *path, const char *value);
void io_set_number(struct io_host *io, const char *path, int64_t value);

/* The plugin's options struct itself, for a test that knows it. */
void *io_options(struct io_host *io);

/* Rows of a batch that is full. Default: 2048. Before io_open. */
void io_batch_rows(struct io_host *io, uint32_t rows);

/* Schema and changelog mode of the input of a sink. Before io_bind. */
void io_input(struct io_host *io, const char *schema, uint32_t changelog);

/* Binds and opens the plugin, with the tables that it declared, and with its outbox in the folder
   "outbox" where context.durable is 1. Answers what the plugin answers. */
int io_bind(struct io_host *io);
int io_open(struct io_host *io);

/* Closes the plugin and opens it again over the same tables, as after a crash that a checkpoint
   survived. */
int io_reopen(struct io_host *io);

/* What the plugin said last to bind_error, fail or log; "" after io_forget. And the class of fail.
 */
const char *io_message(const struct io_host *io);
enum streamd_class io_class(const struct io_host *io);
void io_forget(struct io_host *io);

/* The clock, in microseconds; what block_on and wake_at asked for last. */
void io_clock(struct io_host *io, int64_t now);
int64_t io_until(const struct io_host *io);

/* A counter of streamd_count. */
uint64_t io_counter(const struct io_host *io, const char *name);

struct harness *io_harness(struct io_host *io);

/* ---- sources ------------------------------------------------------------------------------ */

/* Calls list; the ids of all splits so far, each ended by a newline. NULL after a failure. */
const char *io_list(struct io_host *io);

/* Opens a split; NULL after a failure. To be closed with io_close_split. */
struct io_split *io_open_split(struct io_host *io, const char *id, const char *position);
void io_close_split(struct io_host *io, struct io_split *s);

/* So many lines are taken per call of feed, then the output is full; 0: no end. */
void io_room(struct io_host *io, uint32_t lines);

/* Calls next once; or until it answers neither OK nor HAS_MORE. */
enum streamd_flow io_next(struct io_host *io, struct io_split *s);
enum streamd_flow io_run(struct io_host *io, struct io_split *s);

/* The lines so far, each ended by a newline, and forgets them. Valid until the next call. */
const char *io_lines(struct io_host *io);

/* The split's position, in memory of the split's that the next call overwrites. */
const char *io_position(struct io_host *io, struct io_split *s);

/* Batches that the source emitted itself, as lines (harness.h), with the event time where the
   source has one of its own. As io_lines. */
const char *io_rows(struct io_host *io);

/* ---- sinks -------------------------------------------------------------------------------- */

/* Sends rows as lines (harness.h) in one batch. */
enum streamd_flow io_send(struct io_host *io, const char *rows);

/* The events; prepare and commit go on until they are neither blocked nor unfinished. */
enum streamd_flow io_timer(struct io_host *io);
enum streamd_flow io_prepare(struct io_host *io, uint64_t id);
enum streamd_flow io_commit(struct io_host *io, uint64_t id);

/* A folder of the test's own, which becomes the working directory; removed with all in it. For
   cmocka_unit_test_setup_teardown. */
int io_folder_begin(void **state);
int io_folder_end(void **state);

/* What a shell command prints; until the next call. */
const char *io_shell(const char *command);

/* Where the pipeline stands, before io_open: node `out` of lineage IO_LINEAGE in an attempt,
   restored from a checkpoint (0: begun empty); the savepoint that the lineage began with. */
#define IO_LINEAGE "0123456789abcdef0123456789abcdef"
void io_set_attempt(struct io_host *io, const char *attempt, uint64_t checkpoint);
void io_set_parent(struct io_host *io, const char *lineage, uint64_t checkpoint);

#endif
