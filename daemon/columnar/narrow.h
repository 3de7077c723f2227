/*
 * columnar/narrow.h - 64-bit numbers that lie close together, in fewer bytes: the least of them,
 * and how far each is above it in 0 (all are equal), 1, 2, 4 or 8 bytes, unsigned. Little-endian.
 */
#ifndef COLUMNAR_NARROW_H
#define COLUMNAR_NARROW_H

#include "columnar/wire.h"

struct narrow {
    uint64_t base;
    uint32_t width; /* 0, 1, 2, 4; 8: they lie far apart */
};

/* What these rows' numbers fit into. Rows next to each other are looked at four times as fast as a
   list of rows. */
struct narrow narrow_of(const void *numbers, const struct wire_rows *rows);

/* Writes rows' distances, width x count bytes; the width is below 8. */
void narrow_put(void *to, struct narrow narrow, const void *numbers, const struct wire_rows *rows);

/* The numbers of `count` distances; any bytes are distances. The width is below 8. */
void narrow_take(void *numbers, struct narrow narrow, const void *from, uint32_t count);

/* The least and the largest of `count` numbers; INT64_MAX and INT64_MIN of none. */
void narrow_bounds(const int64_t *numbers, uint32_t count, int64_t *least, int64_t *largest);

#endif
