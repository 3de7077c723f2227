/* The command line, the conversion, one line of JSON. */
#include "checkpoint/savepoint_role.h"

#include "checkpoint/savepoint.h"

#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DONE = 0, FAILED = 1, USAGE = 64 };

struct options {
    const char *folder, *lineage, *checkpoint, *pipeline, *file;
};

static int usage(void)
{
    fputs("usage: streamd savepoint write --checkpoint FOLDER FILE\n"
          "       streamd savepoint restore --folder FOLDER --lineage HEX --checkpoint ID "
          "[--pipeline NAME] FILE\n",
          stderr);
    return USAGE;
}

/* Every option takes a value. 0 or USAGE. */
static int parse(int count, char **arguments, struct options *o)
{
    struct {
        const char *name;
        const char **value;
    } known[] = {{"--folder", &o->folder},
                 {"--lineage", &o->lineage},
                 {"--checkpoint", &o->checkpoint},
                 {"--pipeline", &o->pipeline}};

    for (int i = 1; i < count; i++) {
        const char **value = NULL;

        for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++)
            if (!strcmp(arguments[i], known[k].name))
                value = known[k].value;
        if (value && ++i == count)
            return usage();
        if (!value && o->file)
            return usage();
        *(value ? value : &o->file) = arguments[i];
    }
    return o->file ? 0 : usage();
}

static int print(struct text *out)
{
    int bad = text_failed(out) || fputs(text_get(out), stdout) == EOF || fflush(stdout);

    text_clear(out);
    return bad ? FAILED : DONE;
}

static int answer_error(const struct streamd_error *e)
{
    struct text out = {0};

    text_add(&out, "{\"error\":{\"code\":");
    if (e->diagnostic)
        text_printf(&out, "\"SD%d\"", e->diagnostic);
    else
        text_add(&out, "null");
    text_add(&out, ",\"message\":");
    text_add_json(&out, e->message, strlen(e->message));
    text_add(&out, "}}\n");
    print(&out);
    return FAILED;
}

static int answer(const struct savepoint_summary *s)
{
    struct text out = {0};

    text_printf(&out,
                "{\"lineage\":\"%s\",\"checkpoint\":%" PRIu64 ",\"parallelism\":%u,"
                "\"key_groups\":%u,\"tables\":%u,\"rows\":%" PRIu64 ",\"bytes\":%" PRIu64 "}\n",
                s->lineage, s->checkpoint, s->parallelism, s->key_groups, s->tables, s->rows,
                s->bytes);
    return print(&out);
}

static int restore(const struct options *o, struct savepoint_summary *summary,
                   struct streamd_error *error)
{
    const struct savepoint_target target = {
        .folder = o->folder,
        .lineage = o->lineage,
        .checkpoint = strtoull(o->checkpoint, NULL, 10),
        .pipeline = o->pipeline,
    };

    return savepoint_restore(file_system_no_links(), o->file, &target, summary, error);
}

/* Are these the options of a restore? */
static int is_restore(const struct options *o)
{
    char *end = NULL;

    errno = 0;
    return o->folder && o->lineage && o->checkpoint &&
           strspn(o->lineage, "0123456789abcdef") == 32 && strlen(o->lineage) == 32 &&
           strtoull(o->checkpoint, &end, 10) && !*end && !errno;
}

int savepoint_role(int count, char **arguments)
{
    struct savepoint_summary summary;
    struct streamd_error error = {0};
    struct options o = {0};
    int rc;

    if (count < 2 || parse(count, arguments, &o))
        return count < 2 ? usage() : USAGE;
    if (!strcmp(arguments[0], "write") && o.checkpoint && !o.folder && !o.lineage && !o.pipeline)
        rc = savepoint_write(file_system_no_links(), o.checkpoint, o.file, &summary, &error);
    else if (!strcmp(arguments[0], "restore") && is_restore(&o))
        rc = restore(&o, &summary, &error);
    else
        return usage();
    return rc ? answer_error(&error) : answer(&summary);
}
