/*
 * The tree of shapes. Shapes lie in blocks that are never moved, so that the fast path can hold
 * pointers to them.
 */
#include "shape.h"

#include <streamd/error.h>

#include <string.h>

struct json_shape_block {
    struct json_shape_block *next;
};

/* A zeroed piece of memory, 32-byte aligned, that lives as long as the shapes. */
static void *block_new(struct streamd_context *c, struct json_shapes *shapes, size_t bytes)
{
    struct json_shape_block *block = streamd_alloc(c, sizeof(*block) + 32 + bytes);
    uintptr_t start = (uintptr_t)(block + 1);

    if (!block)
        return NULL;
    block->next = shapes->blocks;
    shapes->blocks = block;
    start = (start + 31) & ~(uintptr_t)31;
    memset((void *)start, 0, bytes);
    return (void *)start;
}

void json_shapes_clear(struct streamd_context *c, struct json_shapes *shapes)
{
    while (shapes->blocks) {
        struct json_shape_block *next = shapes->blocks->next;

        streamd_free(c, shapes->blocks);
        shapes->blocks = next;
    }
    shapes->root = NULL;
    shapes->count = 0;
}

/* Is this the shape for that literal and slot? */
static int is_same(const struct json_shape *s, const uint8_t *literal, size_t length, uint32_t kind,
                   uint32_t field)
{
    size_t head = length < JSON_HEAD ? length : JSON_HEAD;

    return s->length == length && s->kind == kind && s->field == field &&
           memcmp(s->head, literal, head) == 0 &&
           (length == head || memcmp(s->rest, literal + head, length - head) == 0);
}

static struct json_shape *shape_new(struct streamd_context *c, struct json_shapes *shapes,
                                    const uint8_t *literal, size_t length, uint32_t kind,
                                    uint32_t field)
{
    size_t head = length < JSON_HEAD ? length : JSON_HEAD;
    struct json_shape *s = block_new(c, shapes, sizeof(*s) + length - head);
    uint8_t *rest;

    if (!s)
        return NULL;
    memcpy(s->head, literal, head);
    s->mask = head == 32 ? UINT32_MAX : (UINT32_C(1) << head) - 1;
    s->length = (uint32_t)length;
    s->kind = kind;
    s->field = field;
    rest = (uint8_t *)(s + 1);
    memcpy(rest, literal + head, length - head);
    s->rest = rest;
    shapes->count++;
    return s;
}

/* The shape in the list that begins at *link, made and appended where it is not there; NULL where
   there is no room for it. */
static struct json_shape *shape_at(struct streamd_context *c, struct json_shapes *shapes,
                                   const struct json_shape **link, const uint8_t *literal,
                                   const uint8_t *end, uint32_t kind, uint32_t field)
{
    size_t length = (size_t)(end - literal);
    struct json_shape *s;
    int others = 0;

    for (; *link; link = &((struct json_shape *)(uintptr_t)*link)->other) {
        if (is_same(*link, literal, length, kind, field))
            return (struct json_shape *)(uintptr_t)*link;
        others++;
    }
    if (others >= JSON_OTHERS_MAX)
        return NULL;
    s = shape_new(c, shapes, literal, length, kind, field);
    *link = s;
    return s;
}

/* Can the record be learned, as far as its size goes? */
static int is_learnable(const struct json_shapes *shapes, const uint8_t *begin, const uint8_t *end,
                        const struct json_slot *slots, uint32_t count)
{
    const uint8_t *at = begin;

    if (shapes->count + count + 1 > JSON_SHAPES_MAX)
        return 0;
    for (uint32_t i = 0; i < count; i++) {
        if (slots[i].begin - at > JSON_LITERAL_MAX)
            return 0;
        at = slots[i].end;
    }
    return end - at <= JSON_LITERAL_MAX;
}

void json_shapes_learn(struct streamd_context *c, struct json_shapes *shapes, const uint8_t *begin,
                       const uint8_t *end, const struct json_slot *slots, uint32_t count,
                       const uint32_t *missing, uint32_t missing_count)
{
    const struct json_shape **link = &shapes->root;
    const uint8_t *at = begin;
    struct json_shape *s;
    uint32_t *copy = NULL;

    if (!is_learnable(shapes, begin, end, slots, count))
        return;
    for (uint32_t i = 0; i < count; i++) {
        s = shape_at(c, shapes, link, at, slots[i].begin, slots[i].kind, slots[i].field);
        if (!s)
            return;
        link = &s->next;
        at = slots[i].end;
    }
    if (missing_count) {
        copy = block_new(c, shapes, missing_count * sizeof(*copy));
        if (!copy)
            return;
        memcpy(copy, missing, missing_count * sizeof(*copy));
    }
    s = shape_at(c, shapes, link, at, end, JSON_SLOT_END, 0);
    if (s && !s->missing) {
        s->missing = copy;
        s->missing_count = missing_count;
    }
}
