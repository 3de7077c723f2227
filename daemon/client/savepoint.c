/* streamctl savepoint: takes one of a running pipeline, or looks into one that is there. */
#include "client/savepoint.h"

#include <inttypes.h>
#include <string.h>

int savepoint_complain(const struct streamd_error *error)
{
    if (error->diagnostic)
        return client_fail(CLIENT_FAILED, "error[SD%d]: %s", error->diagnostic, error->message);
    return client_fail(CLIENT_FAILED, "%s", error->message);
}

static int seal(struct client *c, int count, char **arguments)
{
    struct savepoint_summary summary;
    struct streamd_error error;
    struct text out = {0};
    int changed;

    if (count != 1)
        return client_fail(CLIENT_USAGE, "usage: streamctl savepoint seal FILE");
    if (savepoint_seal(arguments[0], &changed, &summary, &error))
        return savepoint_complain(&error);
    if (c->json)
        text_printf(&out, "{\"changed\":%s,\"tables\":%u,\"rows\":%" PRIu64 "}\n",
                    changed ? "true" : "false", summary.tables, summary.rows);
    else if (!c->quiet)
        text_printf(&out, "%s: %s; %u tables, %" PRIu64 " rows\n", arguments[0],
                    changed ? "sealed" : "nothing had changed", summary.tables, summary.rows);
    return client_print(&out);
}

int client_savepoint(struct client *c, int count, char **arguments)
{
    static const struct {
        const char *name;
        int (*run)(struct client *c, int count, char **arguments);
    } verbs[] = {
        {"inspect", savepoint_verb_inspect},
        {"seal", seal},
        {"diff", savepoint_verb_diff},
        {"export", savepoint_verb_export},
    };

    if (c->state_dir && count == 1)
        return client_savepoint_take(c, arguments[0]);
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]) && !c->state_dir; i++)
        if (strcmp(arguments[0], verbs[i].name) == 0)
            return verbs[i].run(c, count - 1, arguments + 1);
    return client_fail(CLIENT_USAGE,
                       "usage: streamctl savepoint --state-dir FOLDER FILE, or streamctl savepoint "
                       "inspect FILE | seal FILE | diff FILE FILE | export FILE TABLE");
}
