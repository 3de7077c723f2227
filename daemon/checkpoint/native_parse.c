/*
 * Every count is held against the bytes that are left before memory is taken for it, so a footer
 * never costs more than a small multiple of its own size. Errors stick in the struct input: after
 * one, everything read is 0.
 */
#include "checkpoint/native_parse.h"

#include "checkpoint/native_form.h"

#include <stdlib.h>
#include <string.h>

struct input {
    const uint8_t *at, *end;
    struct arena *arena;
    const char *wrong; /* the first thing that is; NULL while all is well */
};

static void fail(struct input *in, const char *wrong)
{
    if (!in->wrong)
        in->wrong = wrong;
    in->at = in->end;
}

static int take(struct input *in, void *out, size_t length)
{
    if ((size_t)(in->end - in->at) < length) {
        memset(out, 0, length);
        fail(in, "it is cut off");
        return -1;
    }
    memcpy(out, in->at, length);
    in->at += length;
    return 0;
}

static uint32_t take_u32(struct input *in)
{
    uint32_t v;

    take(in, &v, sizeof(v));
    return v;
}

static uint64_t take_u64(struct input *in)
{
    uint64_t v;

    take(in, &v, sizeof(v));
    return v;
}

/* A name: not empty unless allowed, without NUL. */
static const char *take_name(struct input *in, uint32_t least)
{
    uint32_t length = take_u32(in);
    char *name;

    if (in->wrong)
        return "";
    if (length < least || length > SNAPSHOT_NAME_MAX || length > (size_t)(in->end - in->at) ||
        memchr(in->at, '\0', length)) {
        fail(in, "a name is none");
        return "";
    }
    name = arena_strndup(in->arena, (const char *)in->at, length);
    if (!name)
        fail(in, "");
    in->at += length;
    return name ? name : "";
}

/* A count of things that take at least `least` bytes each. */
static uint32_t take_count(struct input *in, size_t least)
{
    uint32_t count = take_u32(in);

    if (count > (size_t)(in->end - in->at) / least) {
        fail(in, "a count is larger than the file");
        return 0;
    }
    return count;
}

static void *take_memory(struct input *in, size_t count, size_t size)
{
    void *memory = arena_zalloc(in->arena, count, size);

    if (!memory)
        fail(in, "");
    return memory;
}

/* ---- the header -------------------------------------------------------------------------------
 */

uint32_t native_header_length(const uint8_t *bytes, uint32_t *version)
{
    uint32_t order, name;

    *version = 0;
    if (memcmp(bytes, NATIVE_MAGIC, NATIVE_MARK) != 0)
        return 0;
    memcpy(version, bytes + 8, sizeof(*version));
    memcpy(&order, bytes + 12, sizeof(order));
    memcpy(&name, bytes + 52, sizeof(name));
    if (order != NATIVE_ORDER || name > SNAPSHOT_NAME_MAX)
        return 0;
    return NATIVE_HEADER_LEAST + name + NATIVE_HASH;
}

const char *native_header_parse(struct arena *a, const uint8_t *bytes, uint32_t length,
                                struct snapshot_identity *identity)
{
    static const char digits[] = "0123456789abcdef";
    struct input in = {.at = bytes + 16, .end = bytes + length, .arena = a};
    uint8_t lineage[16];

    take(&in, lineage, sizeof(lineage));
    for (int i = 0; i < 16; i++) {
        identity->lineage[2 * i] = digits[lineage[i] >> 4];
        identity->lineage[2 * i + 1] = digits[lineage[i] & 15];
    }
    identity->lineage[32] = '\0';
    identity->checkpoint = take_u64(&in);
    identity->task = take_u32(&in);
    identity->parallelism = take_u32(&in);
    identity->key_groups = take_u32(&in);
    identity->pipeline = take_name(&in, 0);
    if (!in.wrong && identity->key_groups == 0)
        fail(&in, "the header says that there are no key groups");
    return in.wrong;
}

/* ---- the footer -------------------------------------------------------------------------------
 */

static void take_others(struct input *in, struct native_footer *f)
{
    uint32_t count = take_count(in, NATIVE_OTHER_LEAST);

    f->others = take_memory(in, count, sizeof(*f->others));
    for (uint32_t i = 0; i < count && !in->wrong; i++) {
        f->others[i].checkpoint = take_u64(in);
        f->others[i].name = take_name(in, 1);
        if (strchr(f->others[i].name, '/') || f->others[i].name[0] == '.')
            fail(in, "the name of another file is none");
    }
    f->other_count = count;
}

static int type_is_right(const struct streamd_type *t)
{
    if (t->nullable > 1 || (!streamd_type_width(t->id) && !streamd_type_is_variable(t->id)))
        return 0;
    if (t->id == STREAMD_DECIMAL)
        return t->precision >= 1 && t->precision <= 38 && t->scale <= t->precision;
    return t->precision == 0 && t->scale == 0;
}

static void take_fields(struct input *in, struct snapshot_section *s)
{
    uint64_t count = (uint64_t)s->key_count + s->column_count;
    struct streamd_field *fields;

    if (s->key_count > SNAPSHOT_FIELDS_MAX || count > SNAPSHOT_FIELDS_MAX ||
        count > (size_t)(in->end - in->at) / NATIVE_FIELD_LEAST) {
        fail(in, "a table has more fields than the file has room for");
        return;
    }
    fields = take_memory(in, count, sizeof(*fields));
    for (uint32_t i = 0; i < count && !in->wrong; i++) {
        fields[i].name = take_name(in, 0);
        take(in, &fields[i].type, 4);
        if (!in->wrong && !type_is_right(&fields[i].type))
            fail(in, "the type of a field is none");
    }
    s->fields = fields;
}

static void check_block(struct input *in, const struct native_footer *f,
                        const struct snapshot_block *b, uint64_t from, uint64_t to)
{
    if (b->file > f->other_count || (b->file && !b->sealed))
        fail(in, "a block lies in a file that is not named");
    else if (!b->file && (b->offset < from || b->offset > to || b->length > to - b->offset))
        fail(in, "a block lies outside of the file");
    else if (b->rows == 0 || b->rows > b->length)
        fail(in, "a block has more rows than bytes");
}

static int by_group(const void *left, const void *right)
{
    const struct snapshot_block *a = left, *b = right;

    if (a->group != b->group)
        return a->group < b->group ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

/* Adds up rows and bytes; they fit, since both come from 32-bit numbers of a bounded count. */
static void take_blocks(struct input *in, const struct native_footer *f, struct native_section *s,
                        uint64_t from, uint64_t to)
{
    uint32_t count = take_count(in, NATIVE_BLOCK_ENTRY);

    s->blocks = take_memory(in, count, sizeof(*s->blocks));
    for (uint32_t i = 0; i < count && !in->wrong; i++) {
        struct snapshot_block *b = &s->blocks[i];
        uint32_t flags, zero;

        b->group = take_u32(in);
        b->file = take_u32(in);
        b->rows = take_u32(in);
        b->length = take_u32(in);
        b->offset = take_u64(in);
        b->hash = take_u64(in);
        b->ns = (int64_t)take_u64(in);
        flags = take_u32(in);
        zero = take_u32(in);
        b->sealed = flags & NATIVE_SEALED;
        b->order = i;
        if (flags > NATIVE_SEALED || zero)
            fail(in, "a block has flags of a later version");
        check_block(in, f, b, from, to);
        s->head.rows += b->rows;
        s->head.bytes += b->length;
    }
    s->block_count = in->wrong ? 0 : count;
    if (s->block_count > 1)
        qsort(s->blocks, count, sizeof(*s->blocks), by_group);
}

static void take_section(struct input *in, const struct native_footer *f, struct native_section *s,
                         uint64_t from, uint64_t to)
{
    s->head.node = take_name(in, 0);
    s->head.table = take_name(in, 0);
    s->head.flags = take_u32(in);
    s->head.order_by = take_u32(in);
    s->head.key_count = take_u32(in);
    s->head.column_count = take_u32(in);
    take_fields(in, &s->head);
    if (!in->wrong)
        take_blocks(in, f, s, from, to);
    for (uint32_t i = 0; i < f->section_count && !in->wrong; i++)
        if (!strcmp(f->sections[i].head.node, s->head.node) &&
            !strcmp(f->sections[i].head.table, s->head.table))
            fail(in, "a table is there twice");
}

const char *native_footer_parse(struct arena *a, const uint8_t *bytes, size_t length, uint64_t from,
                                uint64_t to, struct native_footer *footer)
{
    struct input in = {.at = bytes, .end = bytes + length, .arena = a};
    uint32_t sections;

    *footer = (struct native_footer){.others = NULL};
    take_others(&in, footer);
    sections = take_count(&in, NATIVE_SECTION_LEAST);
    footer->sections = take_memory(&in, sections, sizeof(*footer->sections));
    for (uint32_t i = 0; i < sections && !in.wrong; i++) {
        take_section(&in, footer, &footer->sections[i], from, to);
        footer->section_count = i + 1;
    }
    if (!in.wrong && in.at != in.end)
        fail(&in, "the footer has bytes that mean nothing");
    return in.wrong;
}
