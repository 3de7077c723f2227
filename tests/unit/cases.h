/*
 * Cases from a file of tests/unit: one a line, columns separated by tabs. \xHH stands for a byte,
 * as a backslash or a control byte must be written.
 */
#ifndef TESTS_UNIT_CASES_H
#define TESTS_UNIT_CASES_H

#include <streamd/convert_bytes.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CASES_MAX_COLUMNS 10

struct cases_row {
    const char *line; /* as it stands in the file, for messages */
    int columns;
    char *column[CASES_MAX_COLUMNS]; /* NUL-terminated */
    size_t length[CASES_MAX_COLUMNS];
};

/* Replaces \xHH by the byte; answers the length. */
static inline size_t cases_unescape(char *text)
{
    char *to = text;

    for (char *p = text; *p; p++) {
        if (p[0] == '\\' && p[1] == 'x') {
            *to++ = (char)(streamd_hex_digit(p[2]) << 4 | streamd_hex_digit(p[3]));
            p += 3;
        } else {
            *to++ = *p;
        }
    }
    *to = 0;
    return (size_t)(to - text);
}

/* Calls `check` for each line; answers how many there were. */
static inline unsigned long cases_run(const char *name,
                                      void (*check)(const struct cases_row *, void *), void *self)
{
    static char line[65536], copy[65536];
    char path[4096];
    unsigned long count = 0;

    snprintf(path, sizeof path, "%s/tests/unit/%s", getenv("SRCDIR"), name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        struct cases_row row = {.line = line};
        line[strcspn(line, "\n")] = 0;
        strcpy(copy, line);
        for (char *p = copy; p && row.columns < CASES_MAX_COLUMNS; row.columns++) {
            row.column[row.columns] = p;
            p = strchr(p, '\t');
            if (p)
                *p++ = 0;
        }
        for (int i = 0; i < row.columns; i++)
            row.length[i] = cases_unescape(row.column[i]);
        check(&row, self);
        count++;
    }
    fclose(file);
    return count;
}

#endif
