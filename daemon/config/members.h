/*
 * config/members.h - one option's value into its member.
 *
 * Internal to config: options.c walks tables, members.c knows the types.
 */
#ifndef CONFIG_MEMBERS_H
#define CONFIG_MEMBERS_H

#include "config/options.h"

/* Fills one member from a value that is there. 0, STREAMD_E_REPORTED or STREAMD_E_NOMEM. */
int members_bind(const struct options_context *c, const struct streamd_option *o, struct node *node,
                 void *member);

/* A table inside of a table. `complain_missing`: report required options that are not given. */
int options_bind_table(const struct options_context *c, const struct streamd_option *table,
                       struct node *map, struct span at, int complain_missing, void *target);

/* The result that matters more: no memory before reported before fine. */
static inline int members_worse(int a, int b)
{
    if (a == STREAMD_E_NOMEM || b == STREAMD_E_NOMEM)
        return STREAMD_E_NOMEM;
    return a ? a : b;
}

#endif
