/*
 * Events become nodes: one stack of open maps and lists, no recursion but for aliases, whose depth
 * is bounded. Everything that YAML allows and pipeline files do not is refused here.
 */
#include "config/reader.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static int stop(struct reader *r, int code, struct span at, const char *help, const char *message)
{
    diagnostics_add(r->diagnostics, code, at, help, "%s", message);
    return STREAMD_E_REPORTED;
}

static struct reader_frame *top(struct reader *r)
{
    return r->depth ? &r->frames[r->depth - 1] : NULL;
}

static struct span event_span(const struct reader *r, const yaml_event_t *event)
{
    size_t start = reader_offset(r, &event->start_mark);

    return (struct span){(uint32_t)start, (uint32_t)(reader_offset(r, &event->end_mark) - start),
                         NULL};
}

/* A node that belongs to the innermost open one, but is not among its children yet. */
static int new_node(struct reader *r, enum node_kind kind, struct span at, struct node **node)
{
    struct node *n;

    if (r->nodes >= DOCUMENT_MAX_NODES)
        return stop(r, 1008, at, NULL, "the file has more than 100,000 values, aliases expanded");
    r->nodes++;
    n = arena_zalloc(&r->document->arena, 1, sizeof(*n));
    if (!n)
        return STREAMD_E_NOMEM;
    n->kind = (uint8_t)kind;
    n->offset = at.offset;
    n->length = at.length;
    n->document = r->document;
    n->parent = r->depth ? top(r)->node : NULL;
    *node = n;
    return 0;
}

/* --- Tabs ------------------------------------------------------------------------------------ */

void reader_check_gap(struct reader *r, size_t end)
{
    const struct document *doc = r->document;
    size_t at = r->covered;

    while (at < end) {
        const char *newline = memchr(doc->data + at, '\n', end - at);
        size_t line_end = newline ? (size_t)(newline - doc->data) : end;
        const char *comment = memchr(doc->data + at, '#', line_end - at);
        const char *tab = memchr(doc->data + at, '\t', line_end - at);

        if (tab && (!comment || tab < comment))
            diagnostics_add(r->diagnostics, 1006,
                            (struct span){(uint32_t)(tab - doc->data), 1, NULL},
                            "write spaces instead", "a tab between values");
        at = line_end + 1;
    }
    if (end > r->covered)
        r->covered = end;
}

/* --- Keys ------------------------------------------------------------------------------------ */

/* What readers of YAML take for a number. */
static int is_number(const char *text)
{
    static const char digits[] = "0123456789_";
    const char *p = text + (*text == '-' || *text == '+');

    if (p[0] == '0' && (p[1] == 'x' || p[1] == 'o' || p[1] == 'b'))
        return p[2] && p[2 + strspn(p + 2, "0123456789abcdefABCDEF_")] == '\0';
    if (!isdigit((unsigned char)p[*p == '.']))
        return 0;
    p += strspn(p, digits);
    p += *p == '.';
    p += strspn(p, digits);
    if (*p == 'e' || *p == 'E') {
        p++;
        p += *p == '-' || *p == '+';
        p += strspn(p, digits);
    }
    return *p == '\0';
}

/* Plain words that YAML 1.1 reads as true or false; y and n are left to be names of fields. */
static int is_truth(const char *text)
{
    static const char *const words[] = {"true", "false", "yes", "no", "on", "off", NULL};

    for (size_t i = 0; words[i]; i++)
        if (strcasecmp(text, words[i]) == 0)
            return 1;
    return 0;
}

/* Reports what is wrong with a key. 1: it cannot be used. */
static int is_bad_key(struct reader *r, struct node *key)
{
    struct diagnostics *d = r->diagnostics;
    const struct span at = node_span(key);
    struct node *first;

    if (key->style == NODE_PLAIN && strcmp(key->text, "<<") == 0) {
        diagnostics_add(d, 1021, at, "repeat the keys, or give the whole map an anchor",
                        "merge keys are not supported");
    } else if (key->text_length == 0) {
        diagnostics_add(d, 1032, at, NULL, "a key is missing before ':'");
    } else if (key->style == NODE_PLAIN && (is_number(key->text) || is_truth(key->text))) {
        diagnostics_add(d, 1031, at, diagnostics_printf(d, "write \"%s\"", key->text),
                        "'%s' is not a name for YAML, but a %s", key->text,
                        is_number(key->text) ? "number" : "truth value");
    } else if (interpolate_is_wanted(key->text) && r->interpolator.environment) {
        diagnostics_add(d, 1034, at, NULL, "${...} is replaced in values, not in keys");
    } else if ((first = names_find(&r->names, key->parent, key->text)) != NULL) {
        diagnostics_add(d, 1030, at, "keep one of them", "the key '%s' is given twice", key->text);
        diagnostics_note(d, node_span(first), "first given here");
    } else {
        return 0;
    }
    return 1;
}

/* Decides about the key of the value that comes now. 0 or STREAMD_E_NOMEM. */
static int judge_key(struct reader *r, struct reader_frame *frame)
{
    if (frame->drop || is_bad_key(r, frame->key)) {
        frame->drop = 1;
        return 0;
    }
    return names_add(&r->names, frame->node, frame->key->text, frame->key);
}

/* A key that is no scalar. A nameless one takes its place, so that reading goes on. */
static int refuse_key(struct reader *r, struct span at)
{
    struct reader_frame *frame = top(r);
    int rc;

    diagnostics_add(r->diagnostics, 1031, at,
                    "a value that begins with { or [ stands in quotes: \"${NAME}\"",
                    "a key must be a word, not a map, a list or an alias");
    rc = new_node(r, NODE_SCALAR, at, &frame->key);
    if (rc)
        return rc;
    frame->key->text = "";
    frame->drop = 1;
    return 0;
}

/* --- Into the tree --------------------------------------------------------------------------- */

/* Puts a finished scalar or copy, or a map or list that begins, where it belongs. */
static int attach(struct reader *r, struct node *node)
{
    struct reader_frame *frame = top(r);
    int rc;

    if (!frame) {
        r->document->root = node;
        return 0;
    }
    if (frame->node->kind == NODE_MAP) {
        node->key = frame->key;
        frame->key = NULL;
        if (tear_mend(r, frame, node->key, node))
            return 0;
        rc = tear_finish(r, frame);
        if (rc)
            return rc;
        frame->key = node->key;
        rc = judge_key(r, frame);
        frame->key = NULL;
        if (rc || frame->drop)
            return rc;
        tear_watch(frame, node);
    }
    if (frame->last)
        frame->last->next = node;
    else
        frame->node->first = node;
    frame->last = node;
    frame->node->count++;
    return 0;
}

/* Registers an anchor. */
static int take_anchor(struct reader *r, const unsigned char *anchor, struct node *node)
{
    const char *name;
    struct node *first;

    if (!anchor)
        return 0;
    name = arena_strdup(&r->document->arena, (const char *)anchor);
    if (!name)
        return STREAMD_E_NOMEM;
    first = names_find(&r->names, NULL, name);
    if (first) {
        diagnostics_add(r->diagnostics, 1025, node_span(node), NULL,
                        "the anchor '&%s' is defined twice", name);
        diagnostics_note(r->diagnostics, node_span(first), "first defined here");
        return 0;
    }
    if (++r->anchors > DOCUMENT_MAX_ANCHORS)
        return stop(r, 1024, node_span(node), NULL, "the file has more than 1,000 anchors");
    return names_add(&r->names, NULL, name, node);
}

/* Moves the beginning of a node behind its anchor and tag, which are reported with it. */
static void skip_properties(struct reader *r, struct span *at, const unsigned char *anchor,
                            const unsigned char *tag)
{
    const struct document *doc = r->document;
    size_t i = at->offset, end = at->offset + at->length;

    if (tag)
        diagnostics_add(r->diagnostics, 1020, (struct span){at->offset, 1, NULL},
                        "a text that begins with ! stands in quotes", "tags are not supported");
    if (!anchor && !tag)
        return;
    while (i < end && (doc->data[i] == '&' || doc->data[i] == '!')) {
        while (i < end && !isspace((unsigned char)doc->data[i]))
            i++;
        while (i < end && isspace((unsigned char)doc->data[i]))
            i++;
        while (i < end && doc->data[i] == '#') {
            while (i < end && doc->data[i] != '\n')
                i++;
            while (i < end && isspace((unsigned char)doc->data[i]))
                i++;
        }
    }
    *at = (struct span){(uint32_t)i, (uint32_t)(end - i), NULL};
}

/* --- Events ---------------------------------------------------------------------------------- */

static int set_text(struct reader *r, struct node *node, const yaml_event_t *event)
{
    const char *value = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;

    if (length > DOCUMENT_MAX_SCALAR) {
        diagnostics_add(r->diagnostics, 1009, node_span(node), NULL,
                        "this text is longer than 64 KiB");
        node->bad = 1;
        length = 0;
    } else if (memchr(value, '\0', length)) {
        diagnostics_add(r->diagnostics, 1004, node_span(node), NULL, "a NUL in a text");
        node->bad = 1;
        length = 0;
    }
    node->text = arena_strndup(&r->document->arena, value, length);
    node->text_length = (uint32_t)length;
    return node->text ? 0 : STREAMD_E_NOMEM;
}

static enum node_style style_of(yaml_scalar_style_t style)
{
    switch (style) {
    case YAML_SINGLE_QUOTED_SCALAR_STYLE:
        return NODE_SINGLE_QUOTED;
    case YAML_DOUBLE_QUOTED_SCALAR_STYLE:
        return NODE_DOUBLE_QUOTED;
    case YAML_LITERAL_SCALAR_STYLE:
        return NODE_LITERAL;
    case YAML_FOLDED_SCALAR_STYLE:
        return NODE_FOLDED;
    default:
        return NODE_PLAIN;
    }
}

/* Blank lines behind a block scalar do not belong to what a caret points at. */
static void trim(const struct document *doc, struct span *at)
{
    while (at->length > 0 && isspace((unsigned char)doc->data[at->offset + at->length - 1]))
        at->length--;
}

static int is_key_next(struct reader *r)
{
    struct reader_frame *frame = top(r);

    return frame && frame->node->kind == NODE_MAP && !frame->key;
}

static int take_scalar(struct reader *r, const yaml_event_t *event)
{
    struct span at = event_span(r, event);
    struct reader_frame *frame = top(r);
    struct node *node = NULL;
    int is_key = is_key_next(r), rc;

    reader_check_gap(r, at.offset);
    r->covered = at.offset + at.length;
    skip_properties(r, &at, event->data.scalar.anchor, event->data.scalar.tag);
    trim(r->document, &at);
    if (frame)
        frame->end = at.offset + at.length;
    rc = new_node(r, NODE_SCALAR, at, &node);
    if (rc)
        return rc;
    node->style = (uint8_t)style_of(event->data.scalar.style);
    rc = set_text(r, node, event);
    rc = rc ? rc : take_anchor(r, event->data.scalar.anchor, node);
    if (rc)
        return rc;
    if (is_key) {
        frame->key = node;
        frame->drop = node->bad;
        return 0;
    }
    rc = interpolate_scalar(&r->interpolator, node);
    return rc ? rc : attach(r, node);
}

static int take_start(struct reader *r, const yaml_event_t *event, enum node_kind kind)
{
    struct span at = event_span(r, event);
    int map = kind == NODE_MAP, rc, flow;
    const unsigned char *anchor, *tag;
    struct node *node = NULL;

    anchor = map ? event->data.mapping_start.anchor : event->data.sequence_start.anchor;
    tag = map ? event->data.mapping_start.tag : event->data.sequence_start.tag;
    flow = map ? event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE
               : event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
    reader_check_gap(r, at.offset);
    skip_properties(r, &at, anchor, tag);
    if (r->depth >= DOCUMENT_MAX_DEPTH)
        return stop(r, 1007, at, NULL, "maps and lists are nested more than 64 deep");
    if (is_key_next(r)) {
        rc = refuse_key(r, at);
        rc = rc ? rc : new_node(r, kind, at, &node);
    } else {
        rc = new_node(r, kind, at, &node);
        rc = rc ? rc : take_anchor(r, anchor, node);
        rc = rc ? rc : attach(r, node);
    }
    if (rc)
        return rc;
    node->style = flow ? NODE_FLOW : NODE_BLOCK;
    r->frames[r->depth++] = (struct reader_frame){.node = node, .end = at.offset + at.length};
    return 0;
}

static int take_end(struct reader *r, const yaml_event_t *event)
{
    struct reader_frame *frame = top(r);
    size_t end = frame->end;
    int rc = tear_finish(r, frame);

    if (rc)
        return rc;
    if (frame->node->style == NODE_FLOW)
        end = reader_offset(r, &event->end_mark);
    frame->node->length = (uint32_t)(end - frame->node->offset);
    r->depth--;
    if (r->depth && top(r)->end < end)
        top(r)->end = end;
    return 0;
}

/* Copies the tree below `from`. */
static int copy(struct reader *r, const struct node *from, struct node *parent, unsigned depth,
                struct node **result)
{
    struct node *node = NULL, **link;
    int rc = new_node(r, from->kind, node_span(from), &node);

    if (rc)
        return rc;
    if (depth >= DOCUMENT_MAX_DEPTH)
        return stop(r, 1007, node_span(from), NULL, "maps and lists are nested more than 64 deep");
    *node = *from;
    node->parent = parent;
    node->first = node->next = NULL;
    *result = node;
    link = &node->first;
    for (const struct node *n = from->first; n; n = n->next) {
        rc = copy(r, n, node, depth + 1, link);
        if (rc)
            return rc;
        link = &(*link)->next;
    }
    return 0;
}

static int is_open(const struct reader *r, const struct node *node)
{
    for (unsigned i = 0; i < r->depth; i++)
        if (r->frames[i].node == node)
            return 1;
    return 0;
}

static int take_alias(struct reader *r, const yaml_event_t *event)
{
    const char *name = (const char *)event->data.alias.anchor;
    struct span at = event_span(r, event);
    struct node *anchored = names_find(&r->names, NULL, name), *node = NULL;
    int rc;

    reader_check_gap(r, at.offset);
    if (top(r))
        top(r)->end = at.offset + at.length;
    if (is_key_next(r))
        return refuse_key(r, at);
    if (anchored && !is_open(r, anchored)) {
        rc = copy(r, anchored, r->depth ? top(r)->node : NULL, r->depth, &node);
        return rc ? rc : attach(r, node);
    }
    diagnostics_add(r->diagnostics, anchored ? 1023 : 1022, at,
                    anchored ? NULL : "a text that begins with * stands in quotes",
                    anchored ? "the alias '*%s' stands inside of what it means"
                             : "there is no anchor '&%s' before this alias",
                    name);
    rc = new_node(r, NODE_SCALAR, at, &node);
    if (rc)
        return rc;
    node->style = NODE_PLAIN;
    node->text = "";
    node->bad = 1;
    return attach(r, node);
}

int reader_take_event(struct reader *r, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return take_scalar(r, event);
    case YAML_ALIAS_EVENT:
        return take_alias(r, event);
    case YAML_MAPPING_START_EVENT:
        return take_start(r, event, NODE_MAP);
    case YAML_SEQUENCE_START_EVENT:
        return take_start(r, event, NODE_LIST);
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
        return take_end(r, event);
    case YAML_DOCUMENT_END_EVENT:
    case YAML_STREAM_END_EVENT:
        return 1;
    default:
        return 0;
    }
}
