/*
 * config/excerpt.h - a line of a file with a caret below it, and texts that are safe to print.
 *
 * Internal to config. Lines are cut to what a terminal shows, around the caret; tabs become
 * spaces; wide and combining characters are counted as terminals do; what is secret becomes ***.
 */
#ifndef CONFIG_EXCERPT_H
#define CONFIG_EXCERPT_H

#include "config/diagnostics.h"

/* Escape sequences, or empty texts. */
struct excerpt_style {
    const char *bold, *error, *warning, *help, *caret, *gutter, *reset;
};

/* The escape sequences, or none. Static. */
const struct excerpt_style *excerpt_style(int colour);

/* Appends the two lines: the line that holds the beginning of `at`, and the caret. */
void excerpt_print(const struct document *doc, struct span at, const struct excerpt_style *style,
                   struct text *out);

/* How many characters of its first line `at` covers; at least 1. */
uint32_t excerpt_length(const struct document *doc, struct span at);

/* Replaces in place what could drive a terminal or turn a line around: control characters by a
   space, others by '?'. */
void excerpt_disarm(char *text);

#endif
