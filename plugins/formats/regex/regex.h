/*
 * The format `regex`: a line that matches is a record, its named groups are the fields.
 *
 * The pattern is searched for anywhere in the line; `^` and `$` tie it to the ends. A group that
 * took no part in the match is NULL; what a group matched is read as its field's type says
 * (streamd/cell.h). A line that does not match is rejected, an empty one too. Written is nothing:
 * this format reads only.
 */
#ifndef REGEX_H
#define REGEX_H

#include <streamd/format.h>

struct regex_options {
    const char *pattern;
};

/* The members of struct streamd_format of these names. */
int regex_decoder_open(struct streamd_context *c, const struct streamd_format_spec *spec,
                       void **decoder);
int regex_decode(struct streamd_context *c, void *decoder, const struct streamd_chunk *chunk,
                 struct streamd_batch *batch, size_t *consumed);
void regex_decoder_close(struct streamd_context *c, void *decoder);
int regex_decoder_save(struct streamd_context *c, void *decoder, struct streamd_buffer *out);
int regex_decoder_load(struct streamd_context *c, void *decoder, const uint8_t *data,
                       size_t length);

#endif
