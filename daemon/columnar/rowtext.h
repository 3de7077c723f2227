/*
 * columnar/rowtext.h - one row of a batch as JSON text, for messages and error outputs. Not for the
 * hot path. Any thread that owns the batch.
 */
#ifndef COLUMNAR_ROWTEXT_H
#define COLUMNAR_ROWTEXT_H

#include "base/text.h"

#include <streamd/batch.h>

/* Appends {"field":value,...} of a physical row, encoded as the json format does it. Columns that
   are not there (pushed-down projection) are left out. */
void rowtext_json(const struct streamd_batch *batch, uint32_t row, struct text *out);

#endif
