/*
 * One function per way of making values; each checks that the way fits the type and turns the
 * user's texts into numbers. Problems are reported at the option they stand in, all of them.
 */
#include "spec.h"

#include "literal.h"
#include "random.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { DIAGNOSTIC_FIELD = 2151, TEXT_BYTES = 4096 };

/* What the functions below pass on. */
struct binding {
    struct streamd_bind *b;
    const struct field_options *o;
    struct spec *spec;
    int64_t rows;
    int failed;
};

static void report(struct binding *w, const char *option, const char *message, const char *help)
{
    char path[200], text[256];

    snprintf(path, sizeof(path), "fields.%.100s%s%s", w->spec->name, *option ? "." : "", option);
    snprintf(text, sizeof(text), "field '%.60s' %s", w->spec->name, message);
    streamd_bind_error(w->b, path, DIAGNOSTIC_FIELD, text, help);
    w->failed = 1;
}

/* ---- values ------------------------------------------------------------------------------ */

/* The type that numbers of this field are written in: a text's number is an int64. */
static uint8_t number_type(const struct spec *s)
{
    return s->type.id == STREAMD_STRING ? STREAMD_INT64 : s->type.id;
}

static int number_of(const struct spec *s, const char *text, int64_t *value)
{
    switch (number_type(s)) {
    case STREAMD_INT64:
        return literal_int(text, value);
    case STREAMD_DECIMAL:
        return literal_decimal(text, s->type.scale, value);
    case STREAMD_TIMESTAMP:
        return literal_time(text, value);
    case STREAMD_DATE:
        return literal_date(text, value);
    case STREAMD_BOOL:
        *value = strcmp(text, "true") == 0;
        return *value || strcmp(text, "false") == 0;
    default:
        return 0;
    }
}

/* An option's value as a number; `unset` where the user gave none. */
static int64_t number_option(struct binding *w, const char *option, const char *json, int64_t unset)
{
    struct streamd_str value = {json, json ? strlen(json) : 0};
    char text[TEXT_BYTES];
    size_t length;
    int64_t number = unset;

    if (json &&
        (!literal_text(value, text, sizeof(text), &length) || !number_of(w->spec, text, &number)))
        report(w, option, "has a value here that its type does not have", NULL);
    return number;
}

static double float_option(struct binding *w, const char *option, const char *json, double unset)
{
    struct streamd_str value = {json, json ? strlen(json) : 0};
    char text[TEXT_BYTES];
    size_t length;
    double number = unset;

    if (json &&
        (!literal_text(value, text, sizeof(text), &length) || !literal_float(text, &number)))
        report(w, option, "needs a number here", NULL);
    return number;
}

static int64_t step_option(struct binding *w, const char *json)
{
    struct streamd_str value = {json, json ? strlen(json) : 0};
    uint8_t type = number_type(w->spec);
    char text[TEXT_BYTES];
    size_t length;
    int64_t step;

    if (type != STREAMD_TIMESTAMP && type != STREAMD_DATE)
        return number_option(w, "sequence.step", json,
                             type == STREAMD_DECIMAL ? (int64_t)pow(10, w->spec->type.scale) : 1);
    step = type == STREAMD_DATE ? INT64_C(86400000000) : 1000000;
    if (json &&
        (!literal_text(value, text, sizeof(text), &length) || !literal_duration(text, &step)))
        report(w, "sequence.step", "needs a duration here", "write it with a unit: 100ms, 2s, 1d");
    if (type == STREAMD_TIMESTAMP)
        return step;
    if (step % INT64_C(86400000000) != 0)
        report(w, "sequence.step", "needs whole days here", "write 1d, 7d, ...");
    return step / INT64_C(86400000000);
}

/* ---- ways of making values ---------------------------------------------------------------- */

static int is_number(const struct spec *s)
{
    switch (s->type.id) {
    case STREAMD_INT64:
    case STREAMD_FLOAT64:
    case STREAMD_DECIMAL:
    case STREAMD_TIMESTAMP:
    case STREAMD_DATE:
    case STREAMD_STRING:
        return 1;
    default:
        return 0;
    }
}

/* Least and largest number that the type holds. */
static void limits_of(const struct spec *s, int64_t *least, int64_t *largest)
{
    *least = INT64_MIN;
    *largest = INT64_MAX;
    if (s->type.id == STREAMD_DATE) {
        *least = INT32_MIN;
        *largest = INT32_MAX;
    } else if (s->type.id == STREAMD_DECIMAL && s->type.precision < 19) {
        *largest = (int64_t)pow(10, s->type.precision) - 1;
        *least = -*largest;
    }
}

static void bind_sequence(struct binding *w)
{
    const struct field_options *o = w->o;
    struct spec *s = w->spec;
    int64_t last, least, largest;

    s->kind = SPEC_SEQUENCE;
    if (!is_number(s)) {
        report(w, "sequence", "is of a type that has no sequence", NULL);
        return;
    }
    if (s->type.id == STREAMD_FLOAT64) {
        s->first = float_option(w, "sequence.start", o->sequence.start, 0);
        s->delta = float_option(w, "sequence.step", o->sequence.step, 1);
        return;
    }
    s->start = number_option(w, "sequence.start", o->sequence.start, 0);
    s->step = step_option(w, o->sequence.step);
    limits_of(s, &least, &largest);
    if (__builtin_mul_overflow(w->rows > 0 ? w->rows - 1 : 0, s->step, &last) ||
        __builtin_add_overflow(last, s->start, &last) || s->start < least || s->start > largest ||
        last < least || last > largest)
        report(w, "sequence", "runs out of its type before the last row", NULL);
}

static void bind_uniform(struct binding *w)
{
    const struct field_options *o = w->o;
    struct spec *s = w->spec;
    int64_t max, least, largest;

    s->kind = SPEC_UNIFORM;
    if (!is_number(s)) {
        report(w, "uniform", "is of a type that has no range", NULL);
        return;
    }
    if (s->type.id == STREAMD_FLOAT64) {
        s->first = float_option(w, "uniform.min", o->uniform.min, 0);
        s->delta = float_option(w, "uniform.max", o->uniform.max, 1) - s->first;
        if (s->delta < 0)
            report(w, "uniform", "has a `max` below its `min`", NULL);
        return;
    }
    s->min = number_option(w, "uniform.min", o->uniform.min, 0);
    max = number_option(w, "uniform.max", o->uniform.max, 0);
    limits_of(s, &least, &largest);
    if (s->min < least || max > largest)
        report(w, "uniform", "has values that its type does not hold", NULL);
    if (max < s->min)
        report(w, "uniform", "has a `max` below its `min`", NULL);
    s->range = (uint64_t)max - (uint64_t)s->min + 1;
}

static void bind_zipf(struct binding *w)
{
    struct spec *s = w->spec;

    s->kind = SPEC_ZIPF;
    if (s->type.id != STREAMD_INT64 && s->type.id != STREAMD_STRING)
        report(w, "zipf", "must be int64 or string for `zipf`", NULL);
    else if (!(w->o->zipf.exponent > 0) || w->o->zipf.exponent > 20)
        report(w, "zipf.exponent", "needs an exponent above 0 and at most 20", NULL);
    else
        zipf_init(&s->zipf, (double)w->o->zipf.values, w->o->zipf.exponent);
}

static void bind_letters(struct binding *w)
{
    struct spec *s = w->spec;

    s->kind = SPEC_LETTERS;
    if (s->type.id != STREAMD_STRING && s->type.id != STREAMD_BYTES)
        report(w, "letters", "must be string or bytes for `letters`", NULL);
    if (w->o->letters.max < w->o->letters.min) {
        report(w, "letters", "has a `max` below its `min`", NULL);
        return;
    }
    s->letters_min = (uint32_t)w->o->letters.min;
    s->letters_range = (uint32_t)(w->o->letters.max - w->o->letters.min + 1);
}

/* 2^64 x p. */
static uint64_t threshold_of(struct binding *w, const char *option, double p)
{
    if (!(p >= 0 && p <= 1)) {
        report(w, option, "needs a probability here, from 0 to 1", NULL);
        return 0;
    }
    return p >= 1 ? UINT64_MAX : (uint64_t)(p * 0x1p64);
}

static void bind_probability(struct binding *w)
{
    w->spec->kind = SPEC_PROBABILITY;
    if (w->spec->type.id != STREAMD_BOOL)
        report(w, "probability", "must be bool for `probability`", NULL);
    w->spec->threshold = threshold_of(w, "probability", w->o->probability);
}

/* ---- choice ------------------------------------------------------------------------------ */

static int keep_text(struct binding *w, struct streamd_str *kept, const char *text, size_t length)
{
    char *copy = streamd_bind_alloc(w->b, length + 1);

    if (!copy)
        return STREAMD_E_NOMEM;
    memcpy(copy, text, length);
    *kept = (struct streamd_str){copy, length};
    return 0;
}

/* One value of the list. 1, 0 where it does not fit the type, negative without memory. */
static int keep_choice(struct binding *w, struct streamd_str json, uint32_t i)
{
    struct spec *s = w->spec;
    char text[TEXT_BYTES];
    size_t length;

    if (s->type.id == STREAMD_JSON)
        return keep_text(w, &s->texts[i], json.data, json.length) ? -1 : 1;
    if (!literal_text(json, text, sizeof(text), &length))
        return 0;
    if (streamd_type_is_variable(s->type.id))
        return keep_text(w, &s->texts[i], text, length) ? -1 : 1;
    if (s->type.id == STREAMD_FLOAT64)
        return literal_float(text, &s->floats[i]);
    return number_of(s, text, &s->numbers[i]);
}

static int bind_choice(struct binding *w)
{
    struct spec *s = w->spec;
    struct streamd_str element;
    uint32_t count = 0;
    size_t at = 0;
    int rc;

    s->kind = SPEC_CHOICE;
    while ((rc = literal_element(w->o->choice, &at, &element)) > 0)
        count++;
    if (rc < 0 || count == 0) {
        report(w, "choice", "needs a list of values here", "write [a, b, c]");
        return 0;
    }
    s->choices = count;
    s->texts = streamd_bind_alloc(w->b, count * sizeof(*s->texts));
    s->floats = streamd_bind_alloc(w->b, count * sizeof(*s->floats));
    s->numbers = streamd_bind_alloc(w->b, count * sizeof(*s->numbers));
    if (!s->texts || !s->floats || !s->numbers)
        return STREAMD_E_NOMEM;
    at = 0;
    for (uint32_t i = 0; literal_element(w->o->choice, &at, &element) > 0; i++) {
        rc = keep_choice(w, element, i);
        if (rc < 0)
            return STREAMD_E_NOMEM;
        if (rc == 0)
            report(w, "choice", "has a choice that its type does not have", NULL);
    }
    return 0;
}

/* ---- the field --------------------------------------------------------------------------- */

static void bind_type(struct binding *w, const struct streamd_type *declared)
{
    struct streamd_type given = {0};

    if (w->o->type && !literal_type(w->o->type, &given))
        report(
            w, "type", "has a type that does not exist",
            "types are bool, int64, float64, decimal(p,s), string, bytes, timestamp, date, json; "
            "`|null` may stand behind");
    else if (!w->o->type && !declared)
        report(w, "", "has no type", "write `type:`, or give the node a `schema:`");
    else if (w->o->type && declared && memcmp(&given, declared, sizeof(given)) != 0)
        report(w, "type", "has another type in the node's `schema:`", "leave one of them out");
    w->spec->type = declared ? *declared : given;
}

static int bind_values(struct binding *w)
{
    const struct field_options *o = w->o;
    int ways = o->has_sequence + o->has_uniform + o->has_zipf + o->has_letters + o->has_choice +
               o->has_probability;

    if (ways != 1) {
        report(w, "",
               ways ? "says more than one way to make its values"
                    : "does not say how to make its values",
               "give one of sequence, uniform, zipf, choice, probability, letters");
        return 0;
    }
    if (o->has_sequence)
        bind_sequence(w);
    if (o->has_uniform)
        bind_uniform(w);
    if (o->has_zipf)
        bind_zipf(w);
    if (o->has_letters)
        bind_letters(w);
    if (o->has_probability)
        bind_probability(w);
    return o->has_choice ? bind_choice(w) : 0;
}

static void bind_rest(struct binding *w)
{
    const struct field_options *o = w->o;
    struct spec *s = w->spec;

    if (o->prefix &&
        (s->type.id != STREAMD_STRING || o->has_letters || o->has_choice || o->has_probability))
        report(w, "prefix", "can have no `prefix`",
               "it is for strings that are made by sequence, uniform or zipf");
    if (o->prefix)
        s->prefix = (struct streamd_str){o->prefix, strlen(o->prefix)};
    if (o->out_of_orderness && (s->type.id != STREAMD_TIMESTAMP || !o->has_sequence))
        report(w, "out_of_orderness", "can have no `out_of_orderness`",
               "it is for timestamps that are made by sequence");
    if (o->out_of_orderness)
        s->jitter = (uint64_t)o->out_of_orderness + 1;
    s->null_threshold = threshold_of(w, "nulls", o->nulls);
    if (o->nulls > 0 && !s->type.nullable)
        report(w, "nulls", "has a type without NULL", "write |null behind the type");
}

static uint64_t seed_of(int64_t seed, const char *name)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);

    for (; *name; name++)
        h = (h ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
    return random_bits((uint64_t)seed, h);
}

int spec_bind(struct streamd_bind *b, const char *name, const struct field_options *o,
              const struct streamd_type *declared, int64_t rows, int64_t seed, struct spec *spec)
{
    struct binding w = {.b = b, .o = o, .spec = spec, .rows = rows};
    int rc;

    *spec = (struct spec){.name = name, .seed = seed_of(seed, name)};
    bind_type(&w, declared);
    if (w.failed)
        return STREAMD_E_REPORTED;
    rc = bind_values(&w);
    if (rc)
        return rc;
    bind_rest(&w);
    return w.failed ? STREAMD_E_REPORTED : 0;
}
