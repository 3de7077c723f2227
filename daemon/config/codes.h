/*
 * config/codes.h - what each diagnostic code means, for `streamctl explain` and the manual.
 *
 * One table in several files, by family. Every code that is used anywhere has an entry;
 * tests/meta/codes.py sees to it. Numbers are never used again for something else.
 */
#ifndef CONFIG_CODES_H
#define CONFIG_CODES_H

#include <stddef.h>

struct code {
    int number;          /* 2104 is printed as SD2104 */
    const char *title;   /* what is wrong, without a final stop */
    const char *text;    /* a paragraph */
    const char *example; /* lines of YAML or a command, or NULL */
};

/* A code's entry, or NULL. */
const struct code *codes_find(int number);

/* All entries by number; the i-th, or NULL past the last. */
const struct code *codes_at(size_t index);

/* The parts, each ended by number 0. */
extern const struct code codes_of_files[];      /* SD1xxx */
extern const struct code codes_of_graphs[];     /* SD2xxx */
extern const struct code codes_of_plugins[];    /* SD3xxx */
extern const struct code codes_of_state[];      /* SD4xxx */
extern const struct code codes_of_savepoints[]; /* SD4430 to SD4449 */
extern const struct code codes_of_runs[];       /* SD5xxx */

#endif
