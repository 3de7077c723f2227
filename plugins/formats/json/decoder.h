/*
 * The decoder: one per split, on its dataflow thread.
 */
#ifndef JSON_DECODER_H
#define JSON_DECODER_H

#include "json.h"
#include "path.h"
#include "shape.h"

#include <streamd/convert.h>
#include <streamd/json_text.h>
#include <streamd/lines.h>

/* What a field came to in the record at hand. */
enum json_field_state { JSON_FIELD_MISSING = 0, JSON_FIELD_STORED = 1, JSON_FIELD_FAULTY = 2 };

/* A field of the schema. */
struct json_field {
    struct streamd_type type;
    uint8_t slot;  /* enum json_slot_kind that the fast path has for it */
    uint8_t state; /* enum json_field_state */
    int code;      /* FAULTY: enum streamd_row_code, and the value */
    struct streamd_json_token value;
    struct streamd_day_read day; /* of a timestamp field */
    uint32_t same_place;         /* another field at the same place, or JSON_NO_FIELD */
};

struct json_decoder {
    struct streamd_context *context;
    const struct streamd_format_spec *spec;
    const struct json_options *options;
    struct streamd_lines lines;
    struct json_field *fields; /* one per field of the schema */
    uint32_t *needed;          /* numbers of the fields that are read */
    uint32_t needed_count;
    struct json_member root;
    uint32_t record; /* counts records, so that a key that comes twice is noticed */

    /* The fast path: returns where it stopped, or NULL with the code in `failed`. */
    const uint8_t *(*run)(struct json_decoder *d, struct streamd_batch *b, const uint8_t *p,
                          const uint8_t *end);
    const uint8_t *failed_at; /* the record that it failed in */
    int failed;
    int refused;                       /* the host said no to a reject, and knows why it fails */
    const struct streamd_chunk *chunk; /* during decode */

    /* What is learned from the record at hand. */
    struct json_shapes shapes;
    int learning;
    uint32_t slot_count;
    struct json_slot *slots; /* JSON_SLOTS_MAX */
    uint32_t *missing;       /* needed_count */

    uint8_t *text; /* an escaped text, resolved; json_decoder_text makes room */
    size_t text_capacity;
};

/* Makes room for so many bytes in d->text. 0 or STREAMD_E_NOMEM. */
int json_decoder_text(struct json_decoder *d, size_t bytes);

/* ---- store.c ------------------------------------------------------------------------------ */

/* Which slot kind the fast path may use for the field, and what it needs for it. */
void json_field_prepare(struct json_field *f, const struct streamd_format_field *spec);

/* Stores a value, NULL included, in row b->rows of a column. 0, an enum streamd_row_code, or a
   negative enum streamd_code. */
int json_store(struct json_decoder *d, struct streamd_batch *b, uint32_t field,
               const struct streamd_json_token *value);

/* Stores NULL. As json_store; STREAMD_ROW_MISSING where the field cannot be NULL. */
int json_store_null(struct json_decoder *d, struct streamd_batch *b, uint32_t field);

/* ---- record.c ----------------------------------------------------------------------------- */

/*
 * Reads the record at p with the general path, and appends it to the batch, or rejects it. *next is
 * set to the following line. 0, or negative.
 */
int json_record(struct json_decoder *d, struct streamd_batch *b, const uint8_t *p,
                const uint8_t *end, const uint8_t **next);

/* Makes row b->rows good for another record: all its values are valid again. */
void json_reset_row(struct json_decoder *d, struct streamd_batch *b);

/* Rejects a record that is too long, of which the first bytes, as many as the limit allows, are at
   `line`. 0 or negative. */
int json_reject_long(struct json_decoder *d, const uint8_t *line);

/* ---- run_base.c, run_avx2.c --------------------------------------------------------------- */

/* Reads records from p until the batch is full or `end` is reached, which must follow a newline. */
const uint8_t *json_run_base(struct json_decoder *d, struct streamd_batch *b, const uint8_t *p,
                             const uint8_t *end);
const uint8_t *json_run_avx2(struct json_decoder *d, struct streamd_batch *b, const uint8_t *p,
                             const uint8_t *end);

/* Scans and stores the value of a field the slow way, for the two above: what follows it, or NULL
   where it is not to be had that way. */
const uint8_t *json_run_value(struct json_decoder *d, struct streamd_batch *b, uint32_t field,
                              const uint8_t *p, const uint8_t *end);

/* The same for a value that nobody reads. */
const uint8_t *json_run_skip(const uint8_t *p, const uint8_t *end);

#endif
