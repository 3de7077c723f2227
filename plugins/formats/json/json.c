/*
 * The plugin: its options, its check of a schema, its descriptor.
 */
#include "json.h"

#include "path.h"

#include <stddef.h>
#include <stdio.h>

static const char *const decimals_choices[] = {"number", "string", NULL};

static const struct streamd_option options[] = {
    {.name = "decimals",
     .type = STREAMD_OPTION_ENUM,
     .offset = offsetof(struct json_options, decimals),
     .default_text = "number",
     .choices = decimals_choices,
     .doc = "how decimals are written; with `string`, a reader takes both numbers and strings"},
    {.name = "omit_nulls",
     .type = STREAMD_OPTION_BOOL,
     .offset = offsetof(struct json_options, omit_nulls),
     .default_text = "false",
     .doc = "writes no key for a NULL instead of null"},
    {0},
};

/* Diagnostics of the formats; `streamctl explain` has a paragraph on each. */
enum { SD_FORMAT_PATH = 3110 };

static int check(struct streamd_bind *b, const void *opts, const struct streamd_format_spec *spec,
                 int encode)
{
    int rc = 0;

    (void)opts;
    for (uint32_t i = 0; i < spec->schema->field_count && !encode; i++) {
        const char *path = spec->fields[i].path, *fault = path ? json_path_fault(path) : NULL;
        char option[128], message[256];

        if (!fault)
            continue;
        snprintf(option, sizeof(option), "schema.%.100s", spec->fields[i].name);
        snprintf(message, sizeof(message), "'%.100s' is no path: %s", path, fault);
        streamd_bind_error(b, option, SD_FORMAT_PATH, message, "write it like $.address.city");
        rc = STREAMD_E_REPORTED;
    }
    return rc;
}

static const struct streamd_format format = {
    .descriptor = {STREAMD_DESCRIPTOR(struct streamd_format, STREAMD_FORMAT, "json"),
                   .doc = "one JSON object per line (NDJSON)", .options = options,
                   .options_size = sizeof(struct json_options)},
    .check = check,
    .decoder_open = json_decoder_open,
    .decode = json_decode,
    .decoder_close = json_decoder_close,
    .encoder_open = json_encoder_open,
    .encode = json_encode,
    .encoder_close = json_encoder_close,
    .suffix = "json",
    .decoder_save = json_decoder_save,
    .decoder_load = json_decoder_load,
};

const struct streamd_descriptor *streamd_plugin(uint32_t index)
{
    return index == 0 ? &format.descriptor : NULL;
}
