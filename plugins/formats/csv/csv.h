/*
 * What the parts of the format `csv` share: its options, and its two halves.
 *
 *   chunk --> decoder.c --> run_*.c   the fast path: records whose quotes hold no newline
 *                |             | declines
 *                |             v
 *                |          record.c  the general path: any record, and what is wrong with it
 *                v             v
 *             header        store.c   a text into a column
 *
 * Comma-separated values as RFC 4180 has them, and what it leaves open:
 *  - A record ends with \n or \r\n outside of quotes; the last one needs no end. An empty line is
 *    nothing, but where records have one column it is a record.
 *  - Quotes enclose a whole text; in them "" stands for a quote. A quote inside of a text that does
 *    not begin with one stands for itself.
 *  - All records have as many columns as the header, without a header as many as the schema has
 *    fields. Fields are found by their names in the header, which stands at position 0 of each
 * split, behind a byte order mark if there is one. A field that is not in the header is NULL, or,
 * where it cannot be, an error of the split.
 *  - A text among null_values, those of the format or the field, is NULL: for string and bytes only
 *    if it has no quotes around it and the field can be NULL. The empty text is the default.
 * Written is the first of null_values; texts that would be taken for NULL are written in quotes.
 *  - Texts are read as streamd/cell.h says. Fields that nobody reads are not judged.
 */
#ifndef CSV_H
#define CSV_H

#include <streamd/format.h>

struct csv_options {
    const char *delimiter;
    struct streamd_strings null_values;
    uint8_t header;
};

/* The members of struct streamd_format of these names; decoder.c. */
int csv_decoder_open(struct streamd_context *c, const struct streamd_format_spec *spec,
                     void **decoder);
int csv_decode(struct streamd_context *c, void *decoder, const struct streamd_chunk *chunk,
               struct streamd_batch *batch, size_t *consumed);
void csv_decoder_close(struct streamd_context *c, void *decoder);
int csv_decoder_save(struct streamd_context *c, void *decoder, struct streamd_buffer *out);
int csv_decoder_load(struct streamd_context *c, void *decoder, const uint8_t *data, size_t length);

/* The same for writing; encoder.c. */
int csv_encoder_open(struct streamd_context *c, const struct streamd_format_spec *spec,
                     void **encoder);
int csv_encode(struct streamd_context *c, void *encoder, const struct streamd_batch *batch,
               struct streamd_buffer *out);
int csv_encode_begin(struct streamd_context *c, void *encoder, struct streamd_buffer *out);
void csv_encoder_close(struct streamd_context *c, void *encoder);

#endif
