/* The command line, the conversion, one line. */
#include "checkpoint/savepoint_role.h"

#include "checkpoint/savepoint.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DONE = 0, FAILED = 1, USAGE = 64 };

static int usage(void)
{
    fputs("usage: streamd savepoint create FOLDER FILE\n"
          "       streamd savepoint restore FILE FOLDER LINEAGE ID [PIPELINE]\n",
          stderr);
    return USAGE;
}

static int answer(const struct savepoint_summary *s)
{
    int n = printf("{\"lineage\":\"%s\",\"checkpoint\":%" PRIu64 ",\"parallelism\":%u,"
                   "\"key_groups\":%u,\"tables\":%u,\"rows\":%" PRIu64 ",\"bytes\":%" PRIu64 "}\n",
                   s->lineage, s->checkpoint, s->parallelism, s->key_groups, s->tables, s->rows,
                   s->bytes);

    return n < 0 || fflush(stdout) ? FAILED : DONE;
}

static int answer_error(const struct streamd_error *e)
{
    if (e->diagnostic)
        fprintf(stderr, "SD%d: ", e->diagnostic);
    fprintf(stderr, "%s\n", e->message);
    return FAILED;
}

/* Is this the number of a checkpoint? */
static int is_number(const char *text, uint64_t *number)
{
    char *end = NULL;

    errno = 0;
    *number = strtoull(text, &end, 10);
    return *text >= '1' && *text <= '9' && !*end && !errno;
}

static int restore(int count, char **arguments, struct savepoint_summary *summary,
                   struct streamd_error *error)
{
    struct savepoint_target target = {
        .folder = arguments[1],
        .lineage = arguments[2],
        .pipeline = count > 4 ? arguments[4] : NULL,
    };

    if (strspn(target.lineage, "0123456789abcdef") != 32 || strlen(target.lineage) != 32 ||
        !is_number(arguments[3], &target.checkpoint))
        return STREAMD_E_INVALID;
    return savepoint_restore(file_system_no_links(), arguments[0], &target, summary, error);
}

int savepoint_role(int count, char **arguments)
{
    struct savepoint_summary summary;
    struct streamd_error error = {0};
    int rc = STREAMD_E_INVALID;

    if (count == 3 && !strcmp(arguments[0], "create"))
        rc = savepoint_write(file_system_no_links(), arguments[1], arguments[2], &summary, &error);
    else if ((count == 5 || count == 6) && !strcmp(arguments[0], "restore"))
        rc = restore(count - 1, arguments + 1, &summary, &error);
    if (rc && !error.code)
        return usage();
    return rc ? answer_error(&error) : answer(&summary);
}
