/*
 * streamd/backend.h - state backends. This part of the ABI is unstable: it will change before
 * major version 1 without a deprecation.
 *
 * A backend makes tables with the operations of state.h. Memory comes from the node's context, so
 * that limits.memory counts it.
 */
#ifndef STREAMD_BACKEND_H
#define STREAMD_BACKEND_H

#include <streamd/context.h>
#include <streamd/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * open: makes an empty table; `decl` and `layout` outlive it. 0 or negative, with the error filled.
 * close: releases a table and all its rows. NULL is fine.
 */
struct streamd_backend {
    struct streamd_descriptor descriptor;
    int (*open)(struct streamd_context *c, const struct streamd_table_decl *decl,
                const struct streamd_row_layout *layout, struct streamd_table **table,
                struct streamd_error *error);
    void (*close)(struct streamd_context *c, struct streamd_table *table);
};

#ifdef __cplusplus
}
#endif
#endif
