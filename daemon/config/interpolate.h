/*
 * config/interpolate.h - ${...} in a parsed scalar.
 *
 * Internal to config; document.h says what a user can write.
 */
#ifndef CONFIG_INTERPOLATE_H
#define CONFIG_INTERPOLATE_H

#include "config/document.h"

/* One replacement: bytes [raw_start, raw_end) of the raw text became [start, end) of the value. */
struct interpolation_piece {
    uint32_t raw_start, raw_end;
    uint32_t start, end;
};

struct interpolation {
    const char *raw;
    uint32_t raw_length;
    uint32_t count;
    struct interpolation_piece pieces[];
};

/* All replaced text of a file together may be so long. */
enum { INTERPOLATE_MAX_TOTAL = 4 << 20 };

struct interpolator {
    struct document *document;
    struct diagnostics *diagnostics;
    const struct document_environment *environment;
    size_t total; /* bytes replaced so far */
};

/* Replaces what there is in the node's text. 0 (also after reporting: the node is then marked bad)
   or STREAMD_E_NOMEM. */
int interpolate_scalar(struct interpolator *ip, struct node *node) STREAMD_MUST_CHECK;

/* 1 where a text holds ${. */
int interpolate_is_wanted(const char *text);

#endif
