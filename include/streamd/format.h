/*
 * streamd/format.h - formats: bytes to columns and back.
 *
 * One format serves any source that feeds bytes and any sink that writes bytes. A decoder belongs
 * to one split, an encoder to one task of a sink.
 */
#ifndef STREAMD_FORMAT_H
#define STREAMD_FORMAT_H

#include <streamd/bind.h>
#include <streamd/context.h>
#include <streamd/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How numbers of a timestamp field count, where the user said `unit:`. */
enum streamd_unit {
    STREAMD_UNIT_NONE = 0,
    STREAMD_UNIT_S = 1,
    STREAMD_UNIT_MS = 2,
    STREAMD_UNIT_US = 3,
    STREAMD_UNIT_NS = 4
};

/*
 * A field of the node's schema with what the user said about its text. The host parses time
 * patterns: `parse_time` turns a text into microseconds (days for a date) by the user's `format:`
 * pattern, or is NULL where there is none. It answers 0, or an enum streamd_row_code.
 */
struct streamd_format_field {
    const char *name;
    struct streamd_type type;
    uint8_t needed;   /* 0: nobody reads it; leave its column's pointers NULL or its values unset */
    uint32_t unit;    /* enum streamd_unit */
    const char *path; /* `$.a.b`, or NULL: the field of that name */
    struct streamd_strings nulls; /* texts that mean NULL */
    int (*parse_time)(const void *pattern, const char *text, size_t length, int64_t *value);
    const void *pattern;
};

/* What a decoder or encoder works on. All pointers outlive it. */
struct streamd_format_spec {
    const struct streamd_schema *schema;
    const struct streamd_format_field *fields; /* schema->field_count */
    const void *options;
    size_t record_limit; /* limits.record, bytes */
};

/* A piece of a split. 64 bytes behind data + length are readable. */
struct streamd_chunk {
    const uint8_t *data;
    size_t length;
    uint64_t position; /* the split's position of data[0]; 0 at the beginning of a file */
    int last;          /* nothing comes after these bytes in this file; another may follow */
};

struct streamd_format {
    struct streamd_descriptor descriptor;

    /* The schema that records have where the user gave none (NULL: the user must give one), and a
       check of the one given. Reports diagnostics as in bind.h. Default: the user must give one. */
    const struct streamd_schema *(*schema)(struct streamd_bind *b, const void *options);
    int (*check)(struct streamd_bind *b, const void *options,
                 const struct streamd_format_spec *spec, int encode);

    /* Makes a decoder. 0, or negative after streamd_fail. NULL: the format cannot be read. */
    int (*decoder_open)(struct streamd_context *c, const struct streamd_format_spec *spec,
                        void **decoder);

    /*
     * Appends records of the chunk to the batch (from batch->rows on, up to batch->capacity), and
     * says how many bytes it used. It stops before a record that is not complete, unless `last`,
     * and before one that has no room. Records that fail go to streamd_reject_raw and are left out.
     * A record longer than spec->record_limit is rejected once and skipped to its end, also over
     * several chunks: it may then consume bytes of an incomplete record. Sets rows, not count.
     * 0 or negative.
     */
    int (*decode)(struct streamd_context *c, void *decoder, const struct streamd_chunk *chunk,
                  struct streamd_batch *batch, size_t *consumed);
    void (*decoder_close)(struct streamd_context *c, void *decoder);

    /* Makes an encoder. NULL: the format cannot be written. */
    int (*encoder_open)(struct streamd_context *c, const struct streamd_format_spec *spec,
                        void **encoder);
    /* Appends the selected rows. 0 or negative. */
    int (*encode)(struct streamd_context *c, void *encoder, const struct streamd_batch *batch,
                  struct streamd_buffer *out);
    /* Appends what a file begins with. Default: nothing. */
    int (*encode_begin)(struct streamd_context *c, void *encoder, struct streamd_buffer *out);
    void (*encoder_close)(struct streamd_context *c, void *encoder);
    const char *suffix; /* "json" */

    /*
     * What a decoder knows from bytes behind it: the header of a CSV file, that it is skipping a
     * record that is too long. save appends it to `out`, at the end of a decode; load gives it to
     * a new decoder that goes on behind those bytes, and must check it: STREAMD_E_DATA, after
     * streamd_fail, where it is none of ours. Both or neither; NULL: it knows nothing. 0 or
     * negative.
     */
    int (*decoder_save)(struct streamd_context *c, void *decoder, struct streamd_buffer *out);
    int (*decoder_load)(struct streamd_context *c, void *decoder, const uint8_t *data,
                        size_t length);
};

#ifdef __cplusplus
}
#endif
#endif
