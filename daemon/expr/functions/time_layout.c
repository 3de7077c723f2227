/*
 * Reading a text of the pattern's own layout: every field and every character at its fixed place.
 * The text is compared with the layout eight bytes at a time, which also turns its digits into
 * numbers from 0 to 9; then the fields are picked up. About 20 ns for an access log's stamp.
 * Whatever is unusual is left to the nodes.
 */
#include "expr/functions/time_template.h"

#include <streamd/convert_time.h>

/* ---- making ------------------------------------------------------------------------------- */

/* Bytes that a node has in every text that has the pattern's layout; 0: they differ. */
static unsigned fixed_width(const struct time_node *n)
{
    if (n->flags & (TIME_FILL | TIME_ORDINAL))
        return 0;
    switch (n->part) {
    case TIME_SPACE:
    case TIME_SEPARATOR:
    case TIME_LITERAL:
        return n->length == 1;
    case TIME_YEAR:
        return n->digits == 4 ? 4 : 0;
    case TIME_MONTH:
    case TIME_DAY:
    case TIME_HOUR24:
    case TIME_MINUTE:
    case TIME_SECOND:
    case TIME_ZONE_MINUTE:
        return 2;
    case TIME_MONTH_SHORT:
    case TIME_MILLISECOND:
    case TIME_ZONE_HOUR:
        return 3;
    case TIME_MICROSECOND:
        return 6;
    default:
        return 0;
    }
}

/* Where the layout keeps the place of a part. */
static uint8_t *place_of(struct time_layout *l, uint8_t part)
{
    switch (part) {
    case TIME_YEAR:
        return &l->year;
    case TIME_MONTH:
        return &l->month;
    case TIME_MONTH_SHORT:
        return &l->month_name;
    case TIME_DAY:
        return &l->day;
    case TIME_HOUR24:
        return &l->hour;
    case TIME_MINUTE:
        return &l->minute;
    case TIME_SECOND:
        return &l->second;
    case TIME_MILLISECOND:
        return &l->millisecond;
    case TIME_MICROSECOND:
        return &l->microsecond;
    case TIME_ZONE_HOUR:
        return &l->zone_hour;
    default:
        return &l->zone_minute;
    }
}

/* How each byte must look, while the layout is made. */
struct bytes {
    char shape[TIME_LAYOUT_MAX];
    uint8_t limit[TIME_LAYOUT_MAX], care[TIME_LAYOUT_MAX];
};

/* Notes a node of `width` bytes at `at`. 0: it cannot be in a layout. */
static int add_node(struct time_layout *l, struct bytes *b, const struct time_node *n, unsigned at,
                    unsigned width)
{
    int digits = n->part > TIME_LITERAL && n->part != TIME_MONTH_SHORT;
    unsigned sign = n->part == TIME_ZONE_HOUR;

    if (n->part > TIME_LITERAL) {
        uint8_t *place = place_of(l, n->part);
        if (*place != TIME_NOWHERE)
            return 0; /* a field that stands twice must agree with itself: the nodes check */
        *place = (uint8_t)at;
    }
    for (unsigned i = 0; i < width; i++) {
        b->care[at + i] = (digits && i >= sign) || n->part <= TIME_LITERAL ? 0xff : 0;
        b->limit[at + i] = digits && i >= sign ? 0x76 : n->part <= TIME_LITERAL ? 0x7f : 0;
        b->shape[at + i] = digits ? '0' : n->character[0];
    }
    return 1;
}

void time_layout_make(struct time_pattern *p)
{
    struct time_layout l = {.length = 0};
    struct bytes b = {.shape = {0}};
    unsigned at = 0;

    for (uint8_t part = TIME_YEAR + 1; part-- > TIME_LITERAL + 1;)
        *place_of(&l, part) = TIME_NOWHERE;
    for (uint32_t i = 0; i < p->count; i++) {
        unsigned width = fixed_width(&p->nodes[i]);
        if (!width || at + width > TIME_LAYOUT_MAX || !add_node(&l, &b, &p->nodes[i], at, width))
            return;
        at += width;
    }
    /* What a missing field means is the nodes' affair. */
    if (l.year == TIME_NOWHERE || l.day == TIME_NOWHERE ||
        (l.month == TIME_NOWHERE) == (l.month_name == TIME_NOWHERE))
        return;
    l.length = (uint8_t)at;
    l.words = (uint8_t)((at + 7) / 8);
    for (unsigned i = 0; i < l.words; i++) {
        unsigned from = i + 1 < l.words ? 8 * i : at - 8u;
        l.shape[i] = streamd_load8(b.shape + from);
        l.limit[i] = streamd_load8((const char *)b.limit + from);
        l.care[i] = streamd_load8((const char *)b.care + from);
    }
    p->layout = l;
}

/* ---- reading ------------------------------------------------------------------------------ */

/* 1 .. 12 of three letters in any case, 0: no month. */
static uint32_t month_of(const char *p)
{
    uint32_t v = (uint32_t)(unsigned char)(p[0] | 0x20) << 16 |
                 (uint32_t)(unsigned char)(p[1] | 0x20) << 8 | (unsigned char)(p[2] | 0x20);
    switch (v) {
    case 0x6a616e:
        return 1;
    case 0x666562:
        return 2;
    case 0x6d6172:
        return 3;
    case 0x617072:
        return 4;
    case 0x6d6179:
        return 5;
    case 0x6a756e:
        return 6;
    case 0x6a756c:
        return 7;
    case 0x617567:
        return 8;
    case 0x736570:
        return 9;
    case 0x6f6374:
        return 10;
    case 0x6e6f76:
        return 11;
    case 0x646563:
        return 12;
    default:
        return 0;
    }
}

static void store8(uint8_t *p, uint64_t v)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    v = __builtin_bswap64(v);
#endif
    memcpy(p, &v, 8);
}

static uint32_t two(const uint8_t *digit, unsigned at)
{
    return digit[at] * 10u + digit[at + 1];
}

int time_layout_read(const struct time_layout *l, int is_date, const char *p, int64_t *value)
{
    uint8_t digit[TIME_LAYOUT_MAX + 8] = {0};
    uint64_t wrong = 0;

    for (unsigned i = 0; i < l->words; i++) {
        unsigned from = i + 1u < l->words ? 8 * i : l->length - 8u;
        uint64_t x = (streamd_load8(p + from) ^ l->shape[i]) & l->care[i];
        wrong |= (x + l->limit[i]) | x;
        store8(digit + from, x);
    }
    if (wrong & 0x8080808080808080u)
        return 0;
    uint32_t year = two(digit, l->year) * 100 + two(digit, l->year + 2u);
    uint32_t day = two(digit, l->day);
    uint32_t month = l->month != TIME_NOWHERE ? two(digit, l->month) : month_of(p + l->month_name);
    /* A year 0 means that there is none. */
    if (year == 0 || month - 1 > 11 || day - 1 > 30 ||
        (day > 28 && day > streamd_days_in_month(year, month)))
        return 0;
    int64_t days = streamd_days_from_civil(year, month, day);
    uint32_t hour = two(digit, l->hour), minute = two(digit, l->minute),
             second = two(digit, l->second);
    uint32_t us = (two(digit, l->millisecond) * 10u + digit[l->millisecond + 2]) * 1000u;
    us += two(digit, l->microsecond) * 10000u + two(digit, l->microsecond + 2u) * 100u +
          two(digit, l->microsecond + 4u);
    int64_t zone = 0;
    if (l->zone_hour != TIME_NOWHERE) {
        char sign = p[l->zone_hour];
        zone = (int64_t)two(digit, l->zone_hour + 1u) * 60 + two(digit, l->zone_minute);
        if ((sign != '+' && sign != '-') || zone >= 16 * 60 || two(digit, l->zone_minute) > 59)
            return 0;
        zone = sign == '-' ? -zone : zone;
    } else if (l->zone_minute != TIME_NOWHERE) {
        return 0;
    }
    if (hour > 23 || minute > 59 || second > 59 || us >= STREAMD_US_PER_SECOND)
        return 0;
    int64_t seconds = (int64_t)(hour * 3600 + minute * 60 + second) - zone * 60;
    *value = is_date ? days : days * STREAMD_US_PER_DAY + seconds * STREAMD_US_PER_SECOND + us;
    return 1;
}
