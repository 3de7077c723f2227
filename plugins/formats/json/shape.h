/*
 * Shapes: how the records of a stream are laid out, learned from those that the general path read.
 *
 *   {"user":"ann","at":"2025-01-01T00:00:00Z","n":5}
 *   ^^^^^^^^      ^^^^^^                      ^^^^^ ^^   literals: all that is no value
 *
 * A shape is one literal and what the value behind it is. Shapes form a tree: `next` is what may
 * follow the value, `other` what may stand in this one's place. Each path from the root to a leaf
 * is the layout of a record that was read before: one whose keys are all different. So whatever
 * matches a path, with any valid values in their places, is a record that the general path would
 * read to the same result, and a record of another layout matches none.
 */
#ifndef JSON_SHAPE_H
#define JSON_SHAPE_H

#include <streamd/context.h>

enum {
    JSON_HEAD = 32,          /* bytes of a literal that are compared at once */
    JSON_LITERAL_MAX = 4096, /* a longer one is not learned */
    JSON_SHAPES_MAX = 512,   /* then nothing more is learned */
    JSON_OTHERS_MAX = 16,    /* alternatives at one place */
    JSON_SLOTS_MAX = 256     /* values in a record that can be learned */
};

/* What stands behind a literal. */
enum json_slot_kind {
    JSON_SLOT_END = 0, /* nothing: the literal ends in the record's newline */
    JSON_SLOT_SKIP,    /* a value that nobody reads */
    JSON_SLOT_LEAF,    /* the same, where an object would have to be looked into */
    JSON_SLOT_INT64,
    JSON_SLOT_FLOAT64,
    JSON_SLOT_DECIMAL,
    JSON_SLOT_STRING,
    JSON_SLOT_TIMESTAMP,
    JSON_SLOT_BOOL,
    JSON_SLOT_FIELD /* a field of any other type or with rules of its own */
};

/* One value of a record that is to be learned: its bytes, quotes included, and what it is. */
struct json_slot {
    const uint8_t *begin, *end;
    uint32_t field;
    uint8_t kind; /* enum json_slot_kind */
};

struct json_shape {
    _Alignas(32) uint8_t head[JSON_HEAD]; /* of the literal */
    uint32_t mask;                        /* a bit for each byte of head that counts */
    uint32_t length;                      /* of the literal */
    uint32_t kind;                        /* enum json_slot_kind */
    uint32_t field;
    const struct json_shape *next, *other;
    const uint8_t *rest;     /* the literal behind its head */
    const uint32_t *missing; /* END: fields that the record does not have */
    uint32_t missing_count;
};

struct json_shapes {
    const struct json_shape *root;
    uint32_t count;
    struct json_shape_block *blocks;
};

/*
 * Learns a record: `count` slots in the order of their bytes, in a line from `begin` to `end`, its
 * newline included. `missing` lists the fields that it does not have. What is too large, or
 * finds no memory, is not learned.
 */
void json_shapes_learn(struct streamd_context *c, struct json_shapes *shapes, const uint8_t *begin,
                       const uint8_t *end, const struct json_slot *slots, uint32_t count,
                       const uint32_t *missing, uint32_t missing_count);

/* Releases all shapes. */
void json_shapes_clear(struct streamd_context *c, struct json_shapes *shapes);

#endif
