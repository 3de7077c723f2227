/*
 * config/values.h - what a scalar's text means: numbers, durations, sizes.
 *
 * Internal to config. Every refusal says what to write instead where that can be guessed.
 */
#ifndef CONFIG_VALUES_H
#define CONFIG_VALUES_H

#include <stdint.h>

/* Why a text was refused. */
struct value_error {
    int code;          /* a diagnostic code */
    char message[200]; /* "must be a whole number": goes behind the option's name */
    char help[200];    /* or "" */
};

/* 0, or -1 with *error filled in. */
int value_parse_int(const char *text, int64_t *value, struct value_error *error);
int value_parse_float(const char *text, double *value, struct value_error *error);
int value_parse_bool(const char *text, uint8_t *value, struct value_error *error);
int value_parse_duration(const char *text, int64_t *us, struct value_error *error);
int value_parse_size(const char *text, int64_t *bytes, struct value_error *error);

#endif
