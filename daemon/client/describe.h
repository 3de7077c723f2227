/*
 * client/describe.h - option tables for people and programs.
 *
 * The same tables that check a user's file, so that what is written here is what is done.
 */
#ifndef CLIENT_DESCRIBE_H
#define CLIENT_DESCRIBE_H

#include "base/text.h"

#include <streamd/option.h>

/* Appends a table of options for a terminal, indented by two; inner tables follow theirs. */
void describe_text(const struct streamd_option *table, struct text *out);

/* Appends a JSON list of options. */
void describe_json(const struct streamd_option *table, struct text *out);

/* Appends rows of a table in Markdown, with its head. `entry`: "key" or "option". */
void describe_markdown(const struct streamd_option *table, const char *entry, struct text *out);

#endif
