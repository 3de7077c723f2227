/*
 * faults.h - how this source reports what goes wrong with files.
 */
#ifndef SOURCE_FILE_FAULTS_H
#define SOURCE_FILE_FAULTS_H

#include <streamd/context.h>

/* Stable numbers (`streamctl explain`). */
enum {
    DIAGNOSTIC_READ = 5210,       /* a file cannot be opened or read */
    DIAGNOSTIC_NO_INPUT = 5211,   /* no file matches */
    DIAGNOSTIC_COMPRESSED = 5212, /* compressed data is damaged or ends too early */
    DIAGNOSTIC_NOT_BUILT = 5213,  /* built without that compression */
    DIAGNOSTIC_POSITION = 5214    /* a file is not the one that was read before */
};

/* Reports "cannot WHAT 'PATH': reason", with the class that fits errno value `error`. Negative. */
int fault_errno(struct streamd_context *c, const char *what, const char *path, int error);

/* Reports "'PATH': MESSAGE" as something that a restart cannot mend. Negative. */
int fault_file(struct streamd_context *c, int diagnostic, const char *path, const char *message);

/* Reports a lack of memory. Negative. */
int fault_memory(struct streamd_context *c);

#endif
