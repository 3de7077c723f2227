/*
 * options.h - what the user says about the rows and their fields.
 */
#ifndef GENERATOR_OPTIONS_H
#define GENERATOR_OPTIONS_H

#include <streamd/option.h>

struct sequence_options {
    const char *start, *step;
};

struct uniform_options {
    const char *min, *max;
};

struct zipf_options {
    int64_t values;
    double exponent;
};

struct letters_options {
    int64_t min, max;
};

struct field_options {
    const char *type;
    struct sequence_options sequence;
    struct uniform_options uniform;
    struct zipf_options zipf;
    struct letters_options letters;
    const char *choice;
    double probability;
    double nulls;
    const char *prefix;
    int64_t out_of_orderness;
    uint8_t has_sequence, has_uniform, has_zipf, has_letters, has_choice, has_probability;
};

struct generator_options {
    int64_t rows;
    int64_t rate;
    int64_t seed;
    int64_t splits;
    struct streamd_map fields; /* of struct field_options */
};

/* The table of the plugin; ended by an entry without a name. */
extern const struct streamd_option generator_option_table[];

#endif
