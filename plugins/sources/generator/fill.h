/*
 * fill.h - values of a field for a run of rows.
 */
#ifndef GENERATOR_FILL_H
#define GENERATOR_FILL_H

#include "spec.h"

#include <streamd/context.h>

/* Rows first, first + stride, first + 2 x stride, ... `count` of them. */
struct run {
    uint64_t first, stride;
    uint32_t count;
};

/* Fills column `index` of a batch without rows, which has room for the run. `scratch` has room for
   `count` numbers. 0 or STREAMD_E_NOMEM. */
int fill_column(struct streamd_context *c, const struct spec *spec, const struct run *run,
                struct streamd_batch *batch, uint32_t index, int64_t *scratch);

#endif
