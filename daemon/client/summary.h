/*
 * client/summary.h - what a run did, node by node: a table for people, or JSON.
 */
#ifndef CLIENT_SUMMARY_H
#define CLIENT_SUMMARY_H

#include "base/text.h"
#include "client/client.h"
#include "control/stats.h"

/* Appends a table. Columns of late, rejected, skipped and discarded rows stand there only where a
   node has some. */
void summary_table(const struct worker_stats *stats, struct text *out);

/*
 * Appends one JSON object and a newline: {"pipeline", "elapsed_us", "stopped", "failed" (a message,
 * or null), "nodes": [{"name", "kind", "rows_in", "rows_out", "batches_in", "batches_out", "late",
 * "rejected", "skipped", "discarded", "busy_us", "backpressured_us", "idle_us", "watermark" (as in
 * results, or null), "counters": {...}}]}.
 */
void summary_json(const char *pipeline, const struct worker_stats *stats, const char *failed,
                  struct text *out);

/* Prints the end of a run as the command line asks for: JSON on standard output, a table on
   standard error, or nothing. The exit code of that. */
int summary_print(const struct client *c, const char *pipeline, const struct worker_stats *stats,
                  const char *failed);

/* 1234567 as "1,234,567"; at most 27 bytes with the NUL. */
void summary_number(uint64_t value, char out[32]);

/* A watermark as time, "-" where there is none yet, "end" at the end of the input; at most 40 bytes
   with the NUL. */
void summary_watermark(int64_t watermark, char out[40]);

#endif
