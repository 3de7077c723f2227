/*
 * One place for the wording and the class of failures: what only the user can mend fails the
 * pipeline; what may pass fails the task, which the restart policy may try again.
 */
#include "faults.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int can_pass(int error)
{
    switch (error) {
    case ENOENT:
    case EACCES:
    case EPERM:
    case ENOTDIR:
    case EISDIR:
    case ELOOP:
    case ENAMETOOLONG:
        return 0;
    default:
        return 1;
    }
}

int fault_errno(struct streamd_context *c, const char *what, const char *path, int error)
{
    char message[480];

    snprintf(message, sizeof(message), "cannot %s '%.380s': %s", what, path, strerror(error));
    (void)streamd_fail(c, can_pass(error) ? STREAMD_FAIL_TASK : STREAMD_FAIL_PIPELINE,
                       DIAGNOSTIC_READ, message);
    return STREAMD_E_IO;
}

int fault_file(struct streamd_context *c, int diagnostic, const char *path, const char *message)
{
    char text[480];

    snprintf(text, sizeof(text), "'%.280s' %s", path, message);
    (void)streamd_fail(c, STREAMD_FAIL_PIPELINE, diagnostic, text);
    return STREAMD_E_DATA;
}

int fault_memory(struct streamd_context *c)
{
    (void)streamd_fail(c, STREAMD_FAIL_TASK, 0, "no memory to read files");
    return STREAMD_E_NOMEM;
}
