/*
 * client/savepoint.h - what the verbs that look into savepoints share. Main thread.
 */
#ifndef CLIENT_SAVEPOINT_H
#define CLIENT_SAVEPOINT_H

#include "checkpoint/savepoint.h"
#include "client/client.h"

/* `streamctl savepoint inspect`, `diff`, `export`, with the arguments behind them. */
int savepoint_verb_inspect(struct client *c, int count, char **arguments);
int savepoint_verb_diff(struct client *c, int count, char **arguments);
int savepoint_verb_export(struct client *c, int count, char **arguments);

/* "streamctl: error[SD4431]: ..." on standard error; CLIENT_FAILED. */
int savepoint_complain(const struct streamd_error *error);

/* client_print for people: whatever control bytes a database had, a terminal obeys none. */
int savepoint_print_plain(struct text *text);

/* Appends a value as JSON, as the format json writes it; or as text, of NULL nothing. */
void savepoint_cell_json(struct streamd_type type, const struct rowcode_value *v, struct text *out);
void savepoint_cell_text(struct streamd_type type, const struct rowcode_value *v, struct text *out);

/* Appends "name":"value" with JSON's quotes; NULL is null. */
void savepoint_json_member(struct text *out, const char *name, const char *value);

/* Is it a table of this name, of whatever node? */
int savepoint_is_named(const struct savepoint_table *t, const char *name);

#endif
