/*
 * A namespace's hash table and rows, and the memory of namespaces that are gone.
 *
 * A window that closes is followed by one like it. So the memory of dropped spaces waits for the
 * next ones, as much of it as was in use at once lately, and a space that starts without such
 * memory gets as many slots as the last one needed.
 */
#include "table.h"

#include <string.h>
#include <sys/mman.h>

enum { FIRST_SLOTS = 32, HUGE_PAGE = 2 << 20, LINE = 64, SPARES = 8 };

/* Huge pages for what belongs to a table of some megabytes. Rounded outwards, since segments lie
   side by side and a huge page holds parts of two; a hint, whose failure does no harm. */
static void advise(const struct table *t, const void *memory, size_t bytes)
{
    uintptr_t from = (uintptr_t)memory & ~(uintptr_t)(HUGE_PAGE - 1);
    uintptr_t to = ((uintptr_t)memory + bytes + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1);

    if (bytes >= HUGE_PAGE / 8 && t->live_bytes + bytes >= HUGE_PAGE)
        madvise((void *)from, to - from, MADV_HUGEPAGE);
}

/* An array that begins with a cache line, so that a row of 32 bytes never lies in two; or with a
   huge page, where it has some: else a heap that grew piece by piece has borders inside of it that
   the kernel makes no huge page over. The address that the host gave stands in front of it. */
static void *array_new(struct table *t, size_t bytes)
{
    size_t unit = bytes >= HUGE_PAGE ? HUGE_PAGE : LINE;
    uint8_t *raw = streamd_alloc(t->context, bytes + unit + sizeof(void *)), *array;

    if (!raw)
        return NULL;
    array = (uint8_t *)(((uintptr_t)raw + sizeof(void *) + unit - 1) & ~(uintptr_t)(unit - 1));
    memcpy(array - sizeof(void *), &raw, sizeof(void *));
    advise(t, array, bytes);
    return array;
}

static void array_free(struct table *t, void *array)
{
    void *raw;

    if (!array)
        return;
    memcpy(&raw, (uint8_t *)array - sizeof(void *), sizeof(void *));
    streamd_free(t->context, raw);
}

/* ---- slots ------------------------------------------------------------------------------- */

static uint64_t *slots_new(struct table *t, uint32_t count)
{
    size_t bytes = (size_t)count * sizeof(uint64_t);
    uint64_t *slots = array_new(t, bytes);

    if (slots)
        memset(slots, 0, bytes);
    return slots;
}

/* The least power of two that holds `entries` at 0.6 or less; 0: more than there can be. */
static uint32_t slots_for(uint64_t entries)
{
    uint64_t count = FIRST_SLOTS;

    while (count * 3 / 5 < entries)
        count *= 2;
    return count > UINT32_MAX ? 0 : (uint32_t)count;
}

static void account(struct table *t, struct space *s, int64_t bytes)
{
    s->bytes = (size_t)((int64_t)s->bytes + bytes);
    t->live_bytes = (size_t)((int64_t)t->live_bytes + bytes);
}

static int slots_resize(struct table *t, struct space *s, uint32_t count)
{
    uint64_t *slots = slots_new(t, count);
    uint32_t mask = count - 1;

    if (!slots)
        return STREAMD_E_NOMEM;
    for (uint64_t i = 0; s->slots && i <= s->mask; i++) {
        uint64_t slot = s->slots[i];
        uint32_t at;

        if (!slot)
            continue;
        at = (uint32_t)(slot >> 32) & mask;
        while (slots[at])
            at = (at + 1) & mask;
        slots[at] = slot;
    }
    account(t, s, (int64_t)sizeof(uint64_t) * ((int64_t)count - (s->slots ? s->mask + 1LL : 0)));
    array_free(t, s->slots);
    s->slots = slots;
    s->mask = mask;
    s->limit = (uint32_t)((uint64_t)count * 3 / 5);
    return 0;
}

int space_reserve(struct table *t, struct space *s, uint32_t more)
{
    uint32_t count;

    if ((uint64_t)s->used + more <= s->limit)
        return 0;
    count = slots_for((uint64_t)s->used + more);
    return count ? slots_resize(t, s, count) : STREAMD_E_LIMIT;
}

static uint32_t slot_of(const struct space *s, uint32_t hash, uint32_t number)
{
    uint32_t at = hash & s->mask;

    while ((uint32_t)s->slots[at] != number + 1)
        at = (at + 1) & s->mask;
    return at;
}

/* Entries behind the hole move up to where they would have been without the one that goes. */
void slot_remove(struct space *s, uint32_t hash, uint32_t number)
{
    uint32_t hole = slot_of(s, hash, number), at = hole;

    for (;;) {
        uint32_t home;

        at = (at + 1) & s->mask;
        if (!s->slots[at])
            break;
        home = (uint32_t)(s->slots[at] >> 32) & s->mask;
        if (((at - home) & s->mask) >= ((at - hole) & s->mask)) {
            s->slots[hole] = s->slots[at];
            hole = at;
        }
    }
    s->slots[hole] = 0;
    s->used--;
}

void slot_point(struct space *s, uint32_t hash, uint32_t number, uint32_t to)
{
    s->slots[slot_of(s, hash, number)] = (uint64_t)hash << 32 | (to + 1);
}

/* ---- rows -------------------------------------------------------------------------------- */

/* The number behind the last one of the segment that holds `number`. */
static uint32_t segment_end(uint32_t number)
{
    uint32_t bit = 31u - (uint32_t)__builtin_clz(number | ((1u << SEGMENT_FIRST_BITS) - 1));
    uint32_t step = 1u << (bit < SEGMENT_SPLIT_BITS ? bit : bit - 2);

    if (number < 1u << SEGMENT_FIRST_BITS)
        return 1u << SEGMENT_FIRST_BITS;
    number = (number & ~(step - 1)) + step;
    return number ? number : UINT32_MAX;
}

static uint32_t segment_start(uint32_t end)
{
    uint32_t bit;

    if (end <= 1u << SEGMENT_FIRST_BITS)
        return 0;
    bit = 31u - (uint32_t)__builtin_clz(end - 1);
    return end - (1u << (bit < SEGMENT_SPLIT_BITS ? bit : bit - 2));
}

static int add_segment(struct table *t, struct space *s)
{
    uint32_t end = segment_end(s->room), rows = end - s->room;
    size_t bytes = (size_t)rows * t->stride;
    uint8_t *memory = array_new(t, bytes);

    if (!memory)
        return -1;
    for (uint32_t i = segment_of(s->room); i <= segment_of(end - 1); i++)
        s->origin[i] = (uintptr_t)memory + t->head_size - (uintptr_t)s->room * t->stride;
    account(t, s, (int64_t)bytes);
    s->room = end;
    return 0;
}

/* Without a call for the sizes of most rows. */
static inline void clear_row(uint8_t *row, uint32_t bytes)
{
    if (bytes == 32)
        memset(row, 0, 32);
    else if (bytes == 64)
        memset(row, 0, 64);
    else
        memset(row, 0, bytes);
}

uint8_t *space_new_row(struct table *t, struct space *s, uint32_t hash)
{
    uint32_t number = s->free, stamp = 0;
    uint8_t *row;

    if (number) {
        row = row_at(t, s, --number);
        if (number < s->shadow_end)
            shadow_take(t, s, number);
        s->free = head_of(row)->hash;
        if (t->ordered)
            stamp = index_of(t, row)->stamp;
    } else {
        if (s->end == s->room && (s->end >= ROW_LIMIT || add_segment(t, s)))
            return NULL;
        number = s->end++;
        row = row_at(t, s, number);
    }
    clear_row(row - t->head_size, t->stride);
    head_of(row)->number = number;
    head_of(row)->hash = hash;
    if (t->ordered)
        index_of(t, row)->stamp = stamp;
    if (t->home_offset)
        home_of(t, row)->space = s;
    s->rows++;
    return row;
}

void space_free_row(struct table *t, struct space *s, uint8_t *row)
{
    const struct streamd_row_layout *l = t->head.layout;
    struct row_head *head = head_of(row);
    uint32_t number = head->number;

    for (uint32_t i = 0; i < l->value_count; i++) {
        struct streamd_var *v = (struct streamd_var *)(void *)(row + l->offsets[i]);

        if (streamd_type_is_variable(l->fields[i].type.id) && v->capacity)
            slab_free(t->context, &s->slab, v->data, v->capacity);
    }
    head->number = ROW_DEAD;
    head->hash = s->free;
    s->free = number + 1;
    s->rows--;
}

/* ---- spaces ------------------------------------------------------------------------------ */

static void space_free(struct table *t, struct space *s)
{
    for (uint32_t end = s->room; end;) {
        uint32_t start = segment_start(end);

        array_free(t, row_at(t, s, start) - t->head_size);
        end = start;
    }
    slab_clear(t->context, &s->slab);
    array_free(t, s->slots);
    streamd_free(t->context, s);
}

void space_free_all(struct table *t)
{
    shadow_end(&t->head);
    for (uint32_t i = 0; i < t->space_count; i++)
        space_free(t, t->spaces[i]);
    for (uint32_t i = 0; i < t->spare_count; i++)
        space_free(t, t->spare[i]);
    streamd_free(t->context, t->spaces);
}

/* The first space with an id >= id. */
uint32_t space_position(const struct table *t, int64_t id)
{
    uint32_t low = 0, high = t->space_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (t->spaces[middle]->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct space *space_find(struct table *t, int64_t id)
{
    uint32_t at;

    if (t->last && t->last->id == id)
        return t->last;
    at = space_position(t, id);
    if (at == t->space_count || t->spaces[at]->id != id)
        return NULL;
    t->last = t->spaces[at];
    return t->last;
}

/* A space from the memory of one that was dropped, or a new one. */
static struct space *space_new(struct table *t)
{
    struct space *s;
    uint32_t count = slots_for(t->expected);

    if (t->spare_count) {
        s = t->spare[--t->spare_count];
        t->spare_bytes -= s->bytes + s->slab.bytes;
        memset(s->slots, 0, ((size_t)s->mask + 1) * sizeof(uint64_t));
        t->live_bytes += s->bytes + s->slab.bytes;
        return s;
    }
    s = streamd_alloc(t->context, sizeof(*s));
    if (!s)
        return NULL;
    memset(s, 0, sizeof(*s));
    s->slab.total = &t->live_bytes;
    if (slots_resize(t, s, count ? count : FIRST_SLOTS)) {
        streamd_free(t->context, s);
        return NULL;
    }
    return s;
}

struct space *space_make(struct table *t, int64_t id)
{
    struct space *s = space_find(t, id);
    uint32_t at;

    if (s)
        return s;
    if (t->space_count == t->space_capacity) {
        uint32_t capacity = t->space_capacity ? t->space_capacity * 2 : 8;
        struct space **spaces =
            streamd_realloc(t->context, t->spaces, capacity * sizeof(*t->spaces));

        if (!spaces)
            return NULL;
        t->spaces = spaces;
        t->space_capacity = capacity;
    }
    s = space_new(t);
    if (!s)
        return NULL;
    s->id = id;
    at = space_position(t, id);
    memmove(t->spaces + at + 1, t->spaces + at, (t->space_count - at) * sizeof(*t->spaces));
    t->spaces[at] = s;
    t->space_count++;
    t->last = s;
    return s;
}

/* Worth keeping: as long as all spares together hold no more than was needed lately, and the next
   space is likely to use this one's size. */
static int worth_keeping(const struct table *t, const struct space *s)
{
    return t->spare_count < SPARES && t->spare_bytes + s->bytes + s->slab.bytes <= t->high_bytes &&
           (s->mask < 1024 || s->end >= s->mask / 16);
}

static void index_forget_all(struct table *t, struct space *s)
{
    for (uint32_t i = 0; i < s->end; i++) {
        uint8_t *row = row_at(t, s, i);

        if (head_of(row)->number != ROW_DEAD)
            index_forget(t, row);
    }
    index_purge(t);
}

void space_drop(struct table *t, int64_t id)
{
    struct space *s = space_find(t, id);
    uint32_t at;

    if (!s)
        return;
    if (t->ordered)
        index_forget_all(t, s);
    at = space_position(t, id);
    t->space_count--;
    memmove(t->spaces + at, t->spaces + at + 1, (t->space_count - at) * sizeof(*t->spaces));
    t->last = NULL;
    t->expected = s->end;
    if (s->shadow_end) {
        s->next = t->leaving;
        t->leaving = s;
        return;
    }
    space_release(t, s);
}

void space_release(struct table *t, struct space *s)
{
    t->high_bytes -= t->high_bytes / 16;
    if (t->high_bytes < t->live_bytes)
        t->high_bytes = t->live_bytes;
    slab_reset(t->context, &s->slab);
    t->live_bytes -= s->bytes;
    if (!worth_keeping(t, s)) {
        space_free(t, s); /* the slab counts itself */
        return;
    }
    t->live_bytes -= s->slab.bytes;
    s->used = s->end = s->free = 0;
    s->rows = s->seal = 0;
    t->spare[t->spare_count++] = s;
    t->spare_bytes += s->bytes + s->slab.bytes;
}
