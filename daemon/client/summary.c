/* The table is as wide as its numbers; the eye finds what is wrong because only that has a column.
 */
#include "client/summary.h"

#include "plugin/registry.h"

#include <streamd/convert.h>

#include <stdio.h>
#include <string.h>

enum { COLUMNS = 7 };

struct column {
    const char *title;
    uint64_t (*value)(const struct worker_node_stats *n);
    int always;
};

static uint64_t rows_in(const struct worker_node_stats *n)
{
    return n->rows_in;
}

static uint64_t rows_out(const struct worker_node_stats *n)
{
    return n->rows_out;
}

static uint64_t late(const struct worker_node_stats *n)
{
    return n->late;
}

static uint64_t rejected(const struct worker_node_stats *n)
{
    return n->rejected;
}

static uint64_t skipped(const struct worker_node_stats *n)
{
    return n->skipped;
}

static uint64_t discarded(const struct worker_node_stats *n)
{
    return n->discarded;
}

static uint64_t busy(const struct worker_node_stats *n)
{
    return (uint64_t)n->busy_us / 1000;
}

static const struct column columns[COLUMNS] = {
    {"rows in", rows_in, 1},   {"rows out", rows_out, 1}, {"late", late, 0},
    {"rejected", rejected, 0}, {"skipped", skipped, 0},   {"discarded", discarded, 0},
    {"busy ms", busy, 1},
};

void summary_number(uint64_t value, char out[32])
{
    char digits[24];
    int n = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value);
    size_t at = 0;

    for (int i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0)
            out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = '\0';
}

void summary_watermark(int64_t watermark, char out[40])
{
    if (watermark == INT64_MIN)
        memcpy(out, "-", 2);
    else if (watermark == INT64_MAX)
        memcpy(out, "end", 4);
    else
        out[streamd_timestamp_print(watermark, out)] = '\0';
}

/* Has any node a value there? */
static int is_used(const struct column *column, const struct worker_stats *stats)
{
    for (uint32_t i = 0; i < stats->node_count; i++)
        if (column->value(&stats->nodes[i]) > 0)
            return 1;
    return column->always;
}

static size_t name_width(const struct worker_stats *stats)
{
    size_t width = 4;

    for (uint32_t i = 0; i < stats->node_count; i++)
        if (strlen(stats->nodes[i].name) > width)
            width = strlen(stats->nodes[i].name);
    return width;
}

static int column_width(const struct column *column, const struct worker_stats *stats)
{
    size_t width = strlen(column->title);
    char text[32];

    for (uint32_t i = 0; i < stats->node_count; i++) {
        summary_number(column->value(&stats->nodes[i]), text);
        if (strlen(text) > width)
            width = strlen(text);
    }
    return (int)width;
}

/* A source takes no rows in, a sink gives none out. */
static int is_meaningless(const struct worker_node_stats *n, int column)
{
    return (column == 0 && n->kind == STREAMD_SOURCE) || (column == 1 && n->kind == STREAMD_SINK);
}

static void add_row(const struct worker_stats *stats, const struct worker_node_stats *n,
                    const int widths[COLUMNS], struct text *out)
{
    char text[32];

    text_printf(out, "%-*s", (int)name_width(stats), n->name);
    for (int c = 0; c < COLUMNS; c++) {
        if (widths[c] == 0)
            continue;
        summary_number(columns[c].value(n), text);
        text_printf(out, "  %*s", widths[c], is_meaningless(n, c) ? "" : text);
    }
    text_add_char(out, '\n');
}

void summary_table(const struct worker_stats *stats, struct text *out)
{
    int widths[COLUMNS];

    text_printf(out, "%-*s", (int)name_width(stats), "node");
    for (int c = 0; c < COLUMNS; c++) {
        widths[c] = is_used(&columns[c], stats) ? column_width(&columns[c], stats) : 0;
        if (widths[c])
            text_printf(out, "  %*s", widths[c], columns[c].title);
    }
    text_add_char(out, '\n');
    for (uint32_t i = 0; i < stats->node_count; i++)
        add_row(stats, &stats->nodes[i], widths, out);
    text_printf(out, "%.3f s", (double)stats->elapsed_us / 1e6);
    if (stats->limiting)
        text_printf(out, ", most of the work in %s", stats->limiting);
    text_add_char(out, '\n');
}

static void add_string(struct text *out, const char *string)
{
    text_add_json(out, string, strlen(string));
}

static void add_node(const struct worker_node_stats *n, struct text *out)
{
    char watermark[40];

    text_add(out, "{\"name\":");
    add_string(out, n->name);
    text_printf(out, ",\"kind\":\"%s\"", plugin_kind_word(n->kind));
    text_printf(out, ",\"rows_in\":%llu,\"rows_out\":%llu,\"batches_in\":%llu,\"batches_out\":%llu",
                (unsigned long long)n->rows_in, (unsigned long long)n->rows_out,
                (unsigned long long)n->batches_in, (unsigned long long)n->batches_out);
    text_printf(out, ",\"late\":%llu,\"rejected\":%llu,\"skipped\":%llu,\"discarded\":%llu",
                (unsigned long long)n->late, (unsigned long long)n->rejected,
                (unsigned long long)n->skipped, (unsigned long long)n->discarded);
    text_printf(out, ",\"busy_us\":%lld,\"backpressured_us\":%lld,\"idle_us\":%lld",
                (long long)n->busy_us, (long long)n->backpressured_us, (long long)n->idle_us);
    summary_watermark(n->watermark, watermark);
    text_printf(out, n->watermark == INT64_MIN ? ",\"watermark\":null" : ",\"watermark\":\"%s\"",
                watermark);
    text_add(out, ",\"counters\":{");
    for (int i = 0; i < WORKER_COUNTERS && n->counters[i].name; i++) {
        text_add(out, i ? "," : "");
        add_string(out, n->counters[i].name);
        text_printf(out, ":%llu", (unsigned long long)n->counters[i].value);
    }
    text_add(out, "}}");
}

void summary_json(const char *pipeline, const struct worker_stats *stats, const char *failed,
                  struct text *out)
{
    text_add(out, "{\"pipeline\":");
    add_string(out, pipeline);
    text_printf(out,
                ",\"elapsed_us\":%lld,\"stopped\":%s,\"failed\":", (long long)stats->elapsed_us,
                stats->stopped ? "true" : "false");
    if (failed)
        add_string(out, failed);
    else
        text_add(out, "null");
    text_add(out, ",\"nodes\":[");
    for (uint32_t i = 0; i < stats->node_count; i++) {
        text_add(out, i ? "," : "");
        add_node(&stats->nodes[i], out);
    }
    text_add(out, "]}\n");
}

int summary_print(const struct client *c, const char *pipeline, const struct worker_stats *stats,
                  const char *failed)
{
    struct text out = {0};

    if (c->json) {
        summary_json(pipeline, stats, failed, &out);
        return client_print(&out);
    }
    if (c->quiet)
        return CLIENT_OK;
    summary_table(stats, &out);
    if (stats->stopped && c->state_dir)
        text_add(&out, "stopped at a checkpoint: started again, it goes on from there\n");
    else if (stats->stopped)
        text_add(&out, "stopped by a signal: windows that were open have no result\n");
    return client_complain(&out);
}
