/* One line, rewritten in place: records per second in and out, event time, the node that limits. */
#include "client/live.h"

#include "base/text.h"
#include "client/client.h"
#include "client/summary.h"

#include <streamd/plugin.h>

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const char erase[] = "\r\033[K";

/* 1234567 as "1.2 M". */
static void add_rate(struct text *out, double rate)
{
    if (rate >= 1e6)
        text_printf(out, "%.1f M/s", rate / 1e6);
    else if (rate >= 1e3)
        text_printf(out, "%.1f k/s", rate / 1e3);
    else
        text_printf(out, "%.0f/s", rate);
}

/* The least watermark of the sources: how far event time is. */
static int64_t watermark_of(const struct worker_stats *stats)
{
    int64_t least = INT64_MAX;

    for (uint32_t i = 0; i < stats->node_count; i++)
        if (stats->nodes[i].kind == STREAMD_SOURCE && stats->nodes[i].watermark < least)
            least = stats->nodes[i].watermark;
    return least;
}

/* A line that is longer than the terminal is wide would stay when the next one comes. */
static void cut(struct text *line)
{
    struct winsize size = {0};
    size_t width = 80;

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        width = size.ws_col;
    width += sizeof(erase) - 2; /* one column stays free */
    if (!text_failed(line) && line->length > width) {
        line->length = text_utf8_prefix(line->data, width);
        line->data[line->length] = '\0';
    }
}

void live_show(struct live *live, const struct worker_stats *stats)
{
    double seconds = (double)(stats->elapsed_us - live->elapsed_us) / 1e6;
    uint64_t in = 0, sent = 0;
    char watermark[40];
    struct text out = {0};

    for (uint32_t i = 0; i < stats->node_count; i++) {
        in += stats->nodes[i].kind == STREAMD_SOURCE ? stats->nodes[i].rows_out : 0;
        sent += stats->nodes[i].kind == STREAMD_SINK ? stats->nodes[i].rows_in : 0;
    }
    if (seconds <= 0)
        return;
    text_add(&out, erase);
    text_add(&out, "in ");
    add_rate(&out, (double)(in - live->in) / seconds);
    text_add(&out, "  out ");
    add_rate(&out, (double)(sent - live->out) / seconds);
    summary_watermark(watermark_of(stats), watermark);
    text_printf(&out, "  watermark %s", watermark);
    if (stats->limiting)
        text_printf(&out, "  limited by %s", stats->limiting);
    live->in = in;
    live->out = sent;
    live->elapsed_us = stats->elapsed_us;
    live->shown = 1;
    cut(&out);
    (void)client_complain(&out);
}

void live_clear(struct live *live)
{
    struct text out = {0};

    if (!live->shown)
        return;
    live->shown = 0;
    text_add(&out, erase);
    (void)client_complain(&out);
}
