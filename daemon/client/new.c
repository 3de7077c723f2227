/*
 * streamctl new: a pipeline to begin with. It needs no data, runs as it is, and its comments say
 * what to change.
 */
#include "client/client.h"

#include "base/error.h"
#include "base/file.h"
#include "graph/pipeline.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char first_line[] =
    "# A pipeline: records come from sources, go through operators, and end in sinks.\n";

static const char body[] =
    "version: 1\n"
    "\n"
    "sources:\n"
    "  clicks:\n"
    "    # The generator makes records. For real ones:\n"
    "    #   type: file\n"
    "    #   config: {path: \"clicks/*.ndjson\"}\n"
    "    #   format: {type: json}\n"
    "    #   schema: {user: string, at: timestamp, amount: float64, country: string|null}\n"
    "    type: generator\n"
    "    config:\n"
    "      rows: \"${ROWS:-10000}\"             # an environment variable, with a default\n"
    "      fields:\n"
    "        user: {type: string, choice: [ann, bob, cat]}\n"
    "        at: {type: timestamp, sequence: {start: \"2025-01-01T00:00:00Z\", step: 250ms}}\n"
    "        amount: {type: float64, uniform: {min: -1, max: 10}}\n"
    "    # Windows go by the time in this field. Records may come 5 s later than others.\n"
    "    event_time: {field: at, out_of_orderness: 5s}\n"
    "\n"
    "operators:\n"
    "  # Conditions and values are PostgreSQL expressions over the fields of the input.\n"
    "  paid:\n"
    "    type: filter\n"
    "    inputs: [clicks]\n"
    "    config: {where: amount > 0}\n"
    "\n"
    "  # One row per user and ten minutes. The keys come first, then what `select` lists.\n"
    "  sums:\n"
    "    type: window\n"
    "    inputs: [paid]\n"
    "    key_by: [user]\n"
    "    config:\n"
    "      window: {tumbling: 10m}\n"
    "      select:\n"
    "        until: window_end\n"
    "        clicks: count(*)\n"
    "        total: sum(amount)\n"
    "\n"
    "sinks:\n"
    "  # Records that come too late for their window are an output of their own: sums.late.\n"
    "  out: {type: stdout, inputs: [sums], format: {type: json}}\n";

static void write_pipeline(const char *name, struct text *out)
{
    text_add(out, first_line);
    text_printf(out,
                "# Check it with `streamctl validate %s.yaml', run it with `streamctl run "
                "%s.yaml'.\n",
                name, name);
    text_add(out, body);
}

/* Makes a file that was not there before. */
static int write_new_file(const char *path, const struct text *content)
{
    struct streamd_error error;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    int rc;

    if (fd < 0)
        return client_fail(CLIENT_FAILED, "cannot make %s: %s", path,
                           errno == EEXIST ? "there is such a file" : strerror(errno));
    rc = file_write_all(file_system(), fd, path, text_get(content), content->length, &error);
    if (close(fd) && !rc)
        rc = error_set_errno(&error, errno, "cannot close %s", path);
    return rc ? client_fail(CLIENT_FAILED, "%s", error.message) : CLIENT_OK;
}

int client_new(struct client *c, int count, char **arguments)
{
    struct text out = {0};
    char path[PIPELINE_NAME_MAX + sizeof(".yaml")];
    int code;

    if (count == 0) {
        write_pipeline("FILE", &out);
        return client_print(&out);
    }
    if (!pipeline_name_is_valid(arguments[0]))
        return client_fail(CLIENT_USAGE,
                           "'%s' cannot be the name of a pipeline: a-z, 0-9, _ and -, at most 63, "
                           "a letter first",
                           arguments[0]);
    snprintf(path, sizeof(path), "%s.yaml", arguments[0]);
    write_pipeline(arguments[0], &out);
    code = text_failed(&out) ? client_fail(CLIENT_FAILED, "out of memory")
                             : write_new_file(path, &out);
    text_clear(&out);
    if (code || c->quiet)
        return code;
    text_printf(&out, "%s: made; try  streamctl run %s\n", path, path);
    return client_print(&out);
}
