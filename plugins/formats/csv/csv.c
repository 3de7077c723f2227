/*
 * The plugin: its options, its check of them, its descriptor.
 */
#include "csv.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Diagnostics of the formats; `streamctl explain` has a paragraph on each. */
enum { SD_FORMAT_SCHEMA = 3111, SD_FORMAT_DELIMITER = 3114 };

static const struct streamd_option options[] = {
    {.name = "header",
     .type = STREAMD_OPTION_BOOL,
     .offset = offsetof(struct csv_options, header),
     .default_text = "true",
     .doc = "the first record of a file has the names of its columns; without it the fields of "
            "the schema are the columns, in their order"},
    {.name = "delimiter",
     .type = STREAMD_OPTION_STRING,
     .offset = offsetof(struct csv_options, delimiter),
     .default_text = "','",
     .doc = "the one character that stands between columns, as \"\\t\" or ';'"},
    {.name = "null_values",
     .type = STREAMD_OPTION_STRINGS,
     .offset = offsetof(struct csv_options, null_values),
     .default_text = "['']",
     .doc = "texts that mean NULL; the first one is written for NULL"},
    {0},
};

static int check_delimiter(struct streamd_bind *b, const char *delimiter)
{
    unsigned char c = (unsigned char)delimiter[0];

    if (c && !delimiter[1] && c < 0x80 && c != '"' && c != '\n' && c != '\r')
        return 0;
    streamd_bind_error(b, "delimiter", SD_FORMAT_DELIMITER,
                       "a delimiter is one ASCII character, neither a quote nor the end of a line",
                       NULL);
    return STREAMD_E_REPORTED;
}

static int check(struct streamd_bind *b, const void *opts, const struct streamd_format_spec *spec,
                 int encode)
{
    const struct csv_options *o = opts;
    int rc = check_delimiter(b, o->delimiter);

    for (uint32_t i = 0; i < o->null_values.count; i++) {
        if (!strpbrk(o->null_values.items[i], "\"\r\n") &&
            !strchr(o->null_values.items[i], o->delimiter[0] ? o->delimiter[0] : '\n'))
            continue;
        streamd_bind_error(b, "null_values", SD_FORMAT_DELIMITER,
                           "a text that means NULL holds no delimiter, quote or end of a line",
                           NULL);
        rc = STREAMD_E_REPORTED;
    }
    for (uint32_t i = 0; i < spec->schema->field_count && !encode; i++) {
        char option[128];

        if (!spec->fields[i].path)
            continue;
        snprintf(option, sizeof(option), "schema.%.100s", spec->fields[i].name);
        streamd_bind_error(b, option, SD_FORMAT_SCHEMA, "columns of CSV have no path",
                           "name the field like its column");
        rc = STREAMD_E_REPORTED;
    }
    return rc;
}

static const struct streamd_format format = {
    .descriptor = {STREAMD_DESCRIPTOR(struct streamd_format, STREAMD_FORMAT, "csv"),
                   .doc = "comma-separated values (RFC 4180), with or without a header",
                   .options = options, .options_size = sizeof(struct csv_options)},
    .check = check,
    .decoder_open = csv_decoder_open,
    .decode = csv_decode,
    .decoder_close = csv_decoder_close,
    .encoder_open = csv_encoder_open,
    .encode = csv_encode,
    .encode_begin = csv_encode_begin,
    .encoder_close = csv_encoder_close,
    .suffix = "csv",
    .decoder_save = csv_decoder_save,
    .decoder_load = csv_decoder_load,
};

const struct streamd_descriptor *streamd_plugin(uint32_t index)
{
    return index == 0 ? &format.descriptor : NULL;
}
