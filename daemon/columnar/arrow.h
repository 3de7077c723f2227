/*
 * columnar/arrow.h - batches to and from other libraries, through the Arrow C data interface.
 *
 *   bool b   int64 l   float64 g   decimal(p,s) d:p,s   string u   bytes z   timestamp tsu:UTC
 *   date tdD   json u, with the extension name arrow.json
 *
 * A batch goes out as one array of structs, a child per field. Its buffers are shared where they
 * have Arrow's form: the array keeps the batch. Selected rows are copied, bools become bits. Event
 * time, row kinds and key hashes stay behind, unless they are fields.
 *
 * An array comes in by copying: what it says about itself is checked, what its buffers hold is read
 * within the bounds it gives (the interface has no sizes of buffers: a producer is trusted with
 * these). Narrower integers and floats, other units of time and 64-bit offsets are widened.
 *
 * Dataflow thread, release callbacks included: they give references to batches back.
 */
#ifndef COLUMNAR_ARROW_H
#define COLUMNAR_ARROW_H

#include "base/arena.h"
#include "columnar/pool.h"

#include <streamd/arrow.h>
#include <streamd/error.h>

/* Describes a schema; `out` is the caller's, who must call out->release. 0 or STREAMD_E_NOMEM. */
int arrow_export_schema(const struct streamd_schema *schema, struct ArrowSchema *out);

/* A batch as an array of structs; the caller keeps its own reference to the batch, and must call
   out->release. Columns that are not there (pushed-down projection) are all NULL. 0 or
   STREAMD_E_NOMEM. */
int arrow_export_batch(struct streamd_batch *batch, struct ArrowArray *out);

/* Reads a description of structs into a schema that lives in the arena; `in` stays the caller's. 0;
   STREAMD_E_UNSUPPORTED for types that streamd has not, STREAMD_E_DATA for nonsense, with a message
   that names the field; STREAMD_E_NOMEM. */
int arrow_import_schema(struct arena *arena, const struct ArrowSchema *in,
                        struct streamd_schema *out, struct streamd_error *error);

/*
 * Copies `rows` rows of an array from row `from` on into a batch without event time. `types` is the
 * description that `schema` was read from. 0; STREAMD_E_DATA: the array does not fit the
 * description, or a value is none of its type, with a message; STREAMD_E_NOMEM. `array` stays the
 * caller's.
 */
int arrow_import_batch(struct batch_pool *pool, const struct streamd_schema *schema,
                       const struct ArrowSchema *types, const struct ArrowArray *array,
                       int64_t from, uint32_t rows, struct streamd_batch **out,
                       struct streamd_error *error);

#endif
