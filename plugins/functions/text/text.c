/*
 * The plugin functions-text: the tables of what it adds to expressions. How a function is written
 * is told in the README.
 */
#include "text.h"

#include <stddef.h>

#define STRING STREAMD_STRING

static const struct streamd_function functions[] = {
    {.name = "levenshtein",
     .argc = 2,
     .args = {STRING, STRING},
     .result = {.id = STREAMD_INT64},
     .kernel = levenshtein_kernel,
     .doc = "how many letters must be put in, taken out or changed to make one text of the other"},
    {.name = "jaro_winkler",
     .argc = 2,
     .args = {STRING, STRING},
     .result = {.id = STREAMD_FLOAT64},
     .kernel = jaro_winkler_kernel,
     .doc = "how much two texts are alike, from 0 to 1 (equal); made for names"},
    {.name = "slugify",
     .argc = 1,
     .args = {STRING},
     .result = {.id = STREAMD_STRING},
     .kernel = slugify_kernel,
     .doc = "a text as part of an address: small ASCII letters, digits and hyphens"},
    {.name = NULL}};

static const struct streamd_functions text = {
    .descriptor = {STREAMD_DESCRIPTOR(struct streamd_functions, STREAMD_FUNCTIONS, "text"),
                   "Text functions: levenshtein, jaro_winkler, slugify, and the aggregate longest.",
                   NULL, 0},
    .functions = functions,
    .aggregates = text_aggregates,
};

const struct streamd_descriptor *streamd_plugin(uint32_t index)
{
    return index == 0 ? &text.descriptor : NULL;
}
