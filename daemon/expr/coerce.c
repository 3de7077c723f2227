/*
 * Conversions: silent ones and casts. A literal without a type is read as the type that is wanted
 * where it stands; so its problems are plan-time problems with a caret under the literal.
 */
#include "expr/check.h"

#include "expr/tables.h"

static struct place place_of_node(const struct node *node)
{
    struct place p = {node->offset, node->length};

    return p;
}

int coerce_is_implicit(uint8_t from, uint8_t to)
{
    if (from == to || from == NODE_UNKNOWN)
        return 1;
    switch (from) {
    case STREAMD_INT64:
        return to == STREAMD_DECIMAL || to == STREAMD_FLOAT64;
    case STREAMD_DECIMAL:
        return to == STREAMD_FLOAT64;
    case STREAMD_DATE:
        return to == STREAMD_TIMESTAMP;
    case NODE_INTERVAL:
        return to == STREAMD_STRING;
    default:
        return 0;
    }
}

static struct node *convert(struct check *c, struct node *node, struct streamd_type to,
                            struct place place)
{
    const struct streamd_function *f = cast_find(node->type.id, to.id);

    if (!f) {
        problem_add(c->report, EXPR_TYPE, place.offset, place.length, NULL,
                    "there is no cast from %s to %s", type_name(c, node->type), type_name(c, to));
        return NULL;
    }
    return node_call(c, f, to, NULL, place, &node, 1);
}

/* The type with as many digits as a literal has, where the target does not say how many. */
static struct streamd_type literal_type(const struct node *node, struct streamd_type to)
{
    struct streamd_str s = *(const struct streamd_str *)node->value.values;
    struct streamd_number_text number;
    const char *p = s.data;
    unsigned digits, scale;

    if (to.id != STREAMD_DECIMAL || to.precision)
        return to;
    streamd_trim(&p, &s.length);
    if (streamd_number_scan(p, s.length, &number) || number.exponent > 38 || number.exponent < -38)
        return type_numeric();
    scale = number.exponent < 0 ? (unsigned)-number.exponent : 0;
    digits = number.digits >> 64 ? 38 : streamd_digits((uint64_t)number.digits);
    if (number.exponent > 0)
        digits += (unsigned)number.exponent;
    return type_decimal(digits > scale ? digits - scale : 0, scale);
}

/* A text without a type, or NULL, becomes a constant of a type. */
static struct node *type_literal(struct check *c, struct node *node, struct streamd_type to)
{
    struct place place = place_of_node(node);
    struct node *text;

    if (node_is_null(node)) {
        if (to.id == STREAMD_DECIMAL && !to.precision)
            to = type_decimal(38, 0);
        return node_constant(c, to, NULL, place);
    }
    text = node_constant(c, TYPE(STREAMD_STRING), node->value.values, place);
    if (!text || to.id == STREAMD_STRING)
        return text;
    text = convert(c, text, literal_type(node, to), place);
    if (text && text->error) {
        problem_add(c->report, EXPR_LITERAL, place.offset, place.length, NULL, "%s", text->error);
        return NULL;
    }
    return text;
}

static int same_decimal(struct streamd_type a, struct streamd_type b)
{
    return a.precision == b.precision && a.scale == b.scale;
}

struct node *coerce(struct check *c, struct node *node, struct streamd_type to)
{
    if (node->type.id == NODE_UNKNOWN)
        return type_literal(c, node, to);
    if (node->type.id == NODE_INTERVAL && to.id == STREAMD_STRING)
        return check_interval_to_text(c, node);
    if (to.id == STREAMD_DECIMAL && !to.precision) {
        if (node->type.id == STREAMD_DECIMAL)
            return node;
        to = type_as_decimal(node);
    }
    if (node->type.id == to.id && (to.id != STREAMD_DECIMAL || same_decimal(node->type, to)))
        return node;
    return convert(c, node, to, place_of_node(node));
}

struct node *coerce_cast(struct check *c, struct node *node, const struct cast_target *target,
                         struct place place)
{
    struct streamd_type to = target->type;
    int32_t *modifier;

    if (node->type.id == NODE_UNKNOWN) {
        node = type_literal(c, node, to);
    } else if (to.id == STREAMD_DECIMAL && !to.precision) {
        if (node->type.id == STREAMD_INT64)
            to = type_decimal(19, 0);
        else
            to = type_numeric();
        if (node->type.id != STREAMD_DECIMAL)
            node = convert(c, node, to, place);
    } else if (node->type.id == NODE_INTERVAL && to.id == STREAMD_STRING) {
        node = check_interval_to_text(c, node);
    } else if (node->type.id != to.id ||
               (to.id == STREAMD_DECIMAL && !same_decimal(node->type, to)))
        node = convert(c, node, to, place);
    if (!node || !target->adjust)
        return node;
    modifier = check_alloc(c, 1, sizeof(*modifier));
    if (!modifier)
        return NULL;
    *modifier = target->modifier;
    return node_call(c, target->adjust, node->type, modifier, place, &node, 1);
}

int coerce_all(struct check *c, struct node **nodes, uint32_t n, const char *what,
               struct streamd_type *type)
{
    struct streamd_type common = nodes[0]->type;

    for (uint32_t i = 1; i < n; i++) {
        struct streamd_type a = common, b = nodes[i]->type;

        if (nodes[i]->type.id == STREAMD_INT64 && a.id == STREAMD_DECIMAL)
            b = type_as_decimal(nodes[i]);
        if (i == 1 && a.id == STREAMD_INT64 && b.id == STREAMD_DECIMAL)
            a = type_as_decimal(nodes[0]);
        if (!type_common(a, b, &common)) {
            problem_add(c->report, EXPR_TYPE, nodes[i]->offset, nodes[i]->length, NULL,
                        "%s must have one type, but %s and %s have none in common", what,
                        type_name(c, a), type_name(c, b));
            return -1;
        }
    }
    if (common.id == NODE_UNKNOWN)
        common.id = STREAMD_STRING;
    if (common.id == NODE_INTERVAL) {
        problem_add(c->report, EXPR_TYPE, nodes[0]->offset, nodes[0]->length, NULL,
                    "%s cannot be intervals", what);
        return -1;
    }
    for (uint32_t i = 0; i < n; i++) {
        nodes[i] = coerce(c, nodes[i], common);
        if (!nodes[i])
            return -1;
        common.nullable |= nodes[i]->type.nullable;
    }
    *type = common;
    return 0;
}
