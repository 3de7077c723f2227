/* Values are placed by their alignment, the small ones first, each alignment in the order of the
   declaration; so no row has more than seven bytes of padding. */
#include "state/layout.h"

#include "base/memory.h"

#include <string.h>

static uint32_t width_of(uint8_t type)
{
    size_t width = streamd_type_width(type);

    return width ? (uint32_t)width : (uint32_t)sizeof(struct streamd_var);
}

static uint32_t alignment_of(uint8_t type)
{
    uint32_t width = width_of(type);

    return width < 8 ? width : 8;
}

static uint32_t place(const struct streamd_field *fields, uint32_t count, uint32_t *offsets)
{
    uint32_t at = (count + 7) / 8;

    for (uint32_t alignment = 1; alignment <= 8; alignment *= 2) {
        for (uint32_t i = 0; i < count; i++) {
            if (alignment_of(fields[i].type.id) != alignment)
                continue;
            at = (at + alignment - 1) & ~(alignment - 1);
            offsets[i] = at;
            at += width_of(fields[i].type.id);
        }
    }
    return (at + 7) & ~7u;
}

int row_layout_init(struct streamd_row_layout *layout, const struct streamd_table_decl *decl)
{
    uint32_t count = decl->key_count + decl->column_count;
    struct streamd_field *fields = memory_zalloc(count, sizeof(*fields));
    uint32_t *offsets = memory_zalloc(count, sizeof(*offsets));

    if (!fields || !offsets) {
        memory_free(fields);
        memory_free(offsets);
        return STREAMD_E_NOMEM;
    }
    if (decl->key_count)
        memcpy(fields, decl->keys, decl->key_count * sizeof(*fields));
    if (decl->column_count)
        memcpy(fields + decl->key_count, decl->columns, decl->column_count * sizeof(*fields));
    layout->row_size = place(fields, count, offsets);
    layout->key_count = decl->key_count;
    layout->value_count = count;
    layout->offsets = offsets;
    layout->fields = fields;
    return 0;
}

void row_layout_clear(struct streamd_row_layout *layout)
{
    memory_free((void *)(uintptr_t)layout->offsets);
    memory_free((void *)(uintptr_t)layout->fields);
    memset(layout, 0, sizeof(*layout));
}
