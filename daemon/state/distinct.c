/*
 * A set of values in one run of bytes: elements in the order of arrival, and before them, once
 * there are more than EIGHT, a hash index over them. No bytes at all are the empty set.
 *
 *   offset  size  format 1; numbers are little-endian
 *   0       1     1, the format's number
 *   1       1     type id of the values (streamd/types.h), 0: tuples
 *   2       1     scale of decimals, else 0
 *   3       1     s: the index has 2^s slots; 0: there is no index
 *   4       4     number of elements
 *   8       4 x   slots: 0 is empty, else 1 + the place of an element, counted in bytes from the
 *                 first. Linear probing from slot XXH3_64(element) mod 2^s, at most 2/3 full.
 *   ...           elements: bool 1 byte, date 4, int64, timestamp, float64 8, decimal 16 (low word
 *                 first); string, bytes, json and tuples a length (4) and so many bytes
 *
 * Floats have one zero (+0) and one NaN (0x7FF8000000000000). A tuple is the arguments one after
 * the other, each a byte 1 for NULL, or a byte 0 and the value as above. The index can be made
 * anew from the elements, so a hand-written set may leave it out if it has at most EIGHT.
 */
#include "state/distinct.h"

#include <endian.h>
#include <streamd/error.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

enum { FORMAT = 1, HEADER = 8, SLOT = 4, LENGTH = 4, EIGHT = 8, FIRST_SLOTS_LOG2 = 5 };
enum { MOST_SLOTS_LOG2 = 28 };

/* A set taken apart. */
struct set {
    uint8_t *slot; /* the index */
    uint32_t slots;
    uint8_t *elements;
    uint32_t bytes; /* of the elements */
    uint32_t count;
};

static inline uint32_t load32(const uint8_t *p)
{
    uint32_t v;

    memcpy(&v, p, sizeof(v));
    return le32toh(v);
}

static inline void store32(uint8_t *p, uint32_t v)
{
    v = htole32(v);
    memcpy(p, &v, sizeof(v));
}

struct distinct_form distinct_form(const struct streamd_type *type)
{
    struct distinct_form form = {0};

    if (type) {
        form.type = type->id;
        form.scale = type->id == STREAMD_DECIMAL ? type->scale : 0;
        form.width = (uint8_t)streamd_type_width(type->id);
    }
    return form;
}

static int set_open(const struct streamd_var *v, const struct distinct_form *form, struct set *s)
{
    const uint8_t *p = v->data;
    uint64_t front;

    memset(s, 0, sizeof(*s));
    if (v->length == 0)
        return 0;
    if (v->length < HEADER || p[0] != FORMAT || p[1] != form->type || p[2] != form->scale ||
        p[3] > MOST_SLOTS_LOG2)
        return STREAMD_E_DATA;
    s->slots = p[3] ? UINT32_C(1) << p[3] : 0;
    front = HEADER + (uint64_t)SLOT * s->slots;
    s->count = load32(p + 4);
    if (front > v->length)
        return STREAMD_E_DATA;
    s->slot = v->data + HEADER;
    s->elements = v->data + front;
    s->bytes = v->length - (uint32_t)front;
    if (form->width ? (uint64_t)s->count * form->width != s->bytes
                    : (uint64_t)s->count * LENGTH > s->bytes)
        return STREAMD_E_DATA;
    return 0;
}

/* Elements of 8 bytes have a copy of the code of their own: they are the most frequent. */
static inline uint64_t hash_of(const uint8_t *element, uint32_t length)
{
    return length == 8 ? XXH3_64bits(element, 8) : XXH3_64bits(element, length);
}

static inline int same(const uint8_t *a, const uint8_t *b, uint32_t length)
{
    uint64_t x, y;

    if (length != 8)
        return memcmp(a, b, length) == 0;
    memcpy(&x, a, 8);
    memcpy(&y, b, 8);
    return x == y;
}

/* Is this the element at a place? 1, 0, or STREAMD_E_DATA: there is none at that place. */
static inline int equals(const struct set *s, uint32_t width, uint32_t place,
                         const uint8_t *element, uint32_t length)
{
    uint32_t left = place < s->bytes ? s->bytes - place : 0, own;
    const uint8_t *p = left ? s->elements + place : NULL;

    if (width)
        return left < width ? STREAMD_E_DATA : same(p, element, width);
    if (left < LENGTH || (own = load32(p)) > left - LENGTH)
        return STREAMD_E_DATA;
    return own == length && (length == 0 || same(p + LENGTH, element, length));
}

/* Looks for an element. 1: found; 0: not, and *slot is where it belongs in the index. */
static int find_indexed(const struct set *s, uint32_t width, const uint8_t *element,
                        uint32_t length, uint64_t hash, uint32_t *slot)
{
    uint32_t mask = s->slots - 1, i = (uint32_t)hash & mask;

    for (uint32_t probes = 0; probes < s->slots; probes++, i = (i + 1) & mask) {
        uint32_t place = load32(s->slot + (size_t)SLOT * i);
        int rc;

        *slot = i;
        if (place == 0)
            return 0;
        rc = equals(s, width, place - 1, element, length);
        if (rc)
            return rc;
    }
    return STREAMD_E_DATA;
}

static int find_small(const struct set *s, uint32_t width, const uint8_t *element, uint32_t length)
{
    uint32_t place = 0;

    if (s->count > EIGHT)
        return STREAMD_E_DATA;
    for (uint32_t k = 0; k < s->count; k++) {
        int rc = equals(s, width, place, element, length);

        if (rc)
            return rc;
        place += width ? width : LENGTH + load32(s->elements + place);
    }
    return 0;
}

/* Writes an index over all elements. 0, or STREAMD_E_DATA. */
static int make_index(struct set *s, uint32_t width)
{
    struct distinct_cursor walk = {s->elements, s->elements + s->bytes, width};
    const uint8_t *element;
    uint32_t length, mask = s->slots - 1, left = s->count;
    int rc;

    memset(s->slot, 0, (size_t)SLOT * s->slots);
    while ((rc = distinct_next(&walk, &element, &length)) > 0) {
        uint32_t i = (uint32_t)hash_of(element, length) & mask;
        const uint8_t *start = width ? element : element - LENGTH;

        if (left-- == 0)
            return STREAMD_E_DATA;
        while (load32(s->slot + (size_t)SLOT * i))
            i = (i + 1) & mask;
        store32(s->slot + (size_t)SLOT * i, (uint32_t)(start - s->elements) + 1);
    }
    return rc < 0 || left ? STREAMD_E_DATA : 0;
}

/* Slots that an index needs for so many elements, as log2; 0: none. */
static uint8_t slots_for(const struct set *s, uint32_t count)
{
    uint8_t log2 = s->slots ? (uint8_t)__builtin_ctz(s->slots) : 0;

    if (count <= EIGHT)
        return log2;
    if (log2 < FIRST_SLOTS_LOG2)
        log2 = FIRST_SLOTS_LOG2;
    while ((uint64_t)count * 3 > UINT64_C(2) << log2)
        log2++;
    return log2;
}

/* Makes room for one more element, and an index where one is due; s is as before but elsewhere. */
static int make_room(struct streamd_table *t, void *row, uint32_t index,
                     const struct distinct_form *form, struct set *s, uint32_t need)
{
    struct streamd_var *v = streamd_row_value(t->layout, row, index);
    uint8_t log2 = slots_for(s, s->count + 1), *base = v->data;
    uint64_t slots = log2 ? UINT64_C(1) << log2 : 0;
    uint64_t front = HEADER + SLOT * slots, old = HEADER + SLOT * (uint64_t)s->slots;
    uint64_t total = front + s->bytes + need;

    if (log2 > MOST_SLOTS_LOG2 || total > INT32_MAX)
        return STREAMD_E_LIMIT;
    if (total > v->capacity) {
        base = streamd_table_reserve(t, row, index, (uint32_t)total);
        if (!base)
            return STREAMD_E_NOMEM;
    }
    s->slot = base + HEADER;
    s->elements = base + front;
    if (slots != s->slots) {
        memmove(s->elements, base + old, s->bytes);
        s->slots = (uint32_t)slots;
        v->length = (uint32_t)(front + s->bytes);
        base[3] = log2;
        return make_index(s, form->width);
    }
    return 0;
}

/* Writes an element behind the others, for which there is room. */
static void append(struct streamd_var *v, const struct distinct_form *form, const struct set *s,
                   const void *element, uint32_t length)
{
    uint8_t *at = s->elements + s->bytes;

    v->data[0] = FORMAT;
    v->data[1] = form->type;
    v->data[2] = form->scale;
    if (s->slots == 0)
        v->data[3] = 0;
    store32(v->data + 4, s->count + 1);
    if (!form->width) {
        store32(at, length);
        at += LENGTH;
    }
    if (length)
        memcpy(at, element, length);
    v->length = (uint32_t)(at + length - v->data);
}

int distinct_add(struct streamd_table *t, void *row, uint32_t index,
                 const struct distinct_form *form, const void *element, uint32_t length,
                 uint64_t hash)
{
    struct streamd_var *v = streamd_row_value(t->layout, row, index);
    uint32_t slots, slot = 0;
    struct set s;
    int rc = set_open(v, form, &s);

    if (rc)
        return rc;
    if (length > INT32_MAX || (form->width && length != form->width))
        return length > INT32_MAX ? STREAMD_E_LIMIT : STREAMD_E_STATE;
    slots = s.slots;
    rc = slots ? find_indexed(&s, form->width, element, length, hash, &slot)
               : find_small(&s, form->width, element, length);
    if (rc)
        return rc > 0 ? 0 : rc;
    rc = make_room(t, row, index, form, &s, length + (form->width ? 0 : LENGTH));
    if (rc)
        return rc;
    if (s.slots != slots) {
        rc = find_indexed(&s, form->width, element, length, hash, &slot);
        if (rc)
            return STREAMD_E_DATA;
    }
    if (s.slots)
        store32(s.slot + (size_t)SLOT * slot, s.bytes + 1);
    append(v, form, &s, element, length);
    return 1;
}

uint64_t distinct_hash(const void *element, uint32_t length)
{
    return hash_of(element, length);
}

/* Where the search for a hash begins, or NULL: there is no index. */
static const uint8_t *first_slot(const struct streamd_var *v, uint64_t hash)
{
    uint64_t slots;

    if (v->length < HEADER || v->data[3] == 0 || v->data[3] > MOST_SLOTS_LOG2)
        return NULL;
    slots = UINT64_C(1) << v->data[3];
    return v->length < HEADER + SLOT * slots ? NULL
                                             : v->data + HEADER + SLOT * (hash & (slots - 1));
}

void distinct_fetch_index(const struct streamd_var *v, uint64_t hash)
{
    const uint8_t *slot = first_slot(v, hash);

    if (slot)
        __builtin_prefetch(slot);
}

void distinct_fetch_element(const struct streamd_var *v, uint64_t hash)
{
    const uint8_t *slot = first_slot(v, hash);
    uint64_t at = slot ? HEADER + ((uint64_t)SLOT << v->data[3]) + load32(slot) : v->length;

    if (at < v->length)
        __builtin_prefetch(v->data + at);
}

int distinct_walk(const struct streamd_var *set, const struct distinct_form *form,
                  struct distinct_cursor *cursor)
{
    struct set s;
    int rc = set_open(set, form, &s);

    cursor->at = s.elements;
    cursor->end = s.elements ? s.elements + s.bytes : NULL;
    cursor->width = form->width;
    return rc;
}

int distinct_next(struct distinct_cursor *cursor, const uint8_t **element, uint32_t *length)
{
    size_t left;

    if (cursor->at == cursor->end)
        return 0;
    left = (size_t)(cursor->end - cursor->at);
    *length = cursor->width;
    if (!cursor->width) {
        if (left < LENGTH)
            return STREAMD_E_DATA;
        *length = load32(cursor->at);
        cursor->at += LENGTH;
        left -= LENGTH;
    }
    if (*length > left)
        return STREAMD_E_DATA;
    *element = cursor->at;
    cursor->at += *length;
    return 1;
}
