/*
 * Look-ups in the tables of unicode_table.c, by halving.
 */
#include "expr/functions/unicode.h"

static uint32_t map(const struct unicode_mapping *ranges, size_t count, uint32_t c)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct unicode_mapping *r = &ranges[middle];
        if (c < r->first)
            high = middle;
        else if (c > r->last)
            low = middle + 1;
        else
            return (c - r->first) % r->step ? c : (uint32_t)((int32_t)c + r->difference);
    }
    return c;
}

uint32_t unicode_lower(uint32_t c)
{
    return map(unicode_lower_ranges, unicode_lower_ranges_count, c);
}

uint32_t unicode_upper(uint32_t c)
{
    return map(unicode_upper_ranges, unicode_upper_ranges_count, c);
}

int unicode_is_alnum(uint32_t c)
{
    size_t low = 0, high = unicode_alnum_spans_count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (c < unicode_alnum_spans[middle].first)
            high = middle;
        else if (c > unicode_alnum_spans[middle].last)
            low = middle + 1;
        else
            return 1;
    }
    return 0;
}
