/*
 * The tree of keys. Records of one stream list their keys in one order, so the child behind the one
 * found last is tried first; the hash table is for those that do not.
 */
#include "path.h"

#include <string.h>

/* ---- the text of a path ------------------------------------------------------------------- */

static int next_bracket(const char **at, struct streamd_str *name)
{
    const char *p = *at + 1;
    char quote = *p;
    const char *end = quote == '\'' || quote == '"' ? strchr(p + 1, quote) : NULL;

    if (!end || end[1] != ']')
        return -1;
    name->data = p + 1;
    name->length = (size_t)(end - p - 1);
    *at = end + 2;
    return 1;
}

int json_path_next(const char **at, struct streamd_str *name)
{
    const char *p = *at;

    if (*p == '$')
        p++;
    if (*p == 0)
        return 0;
    if (*p == '[') {
        *at = p;
        return next_bracket(at, name);
    }
    if (*p != '.')
        return -1;
    name->data = ++p;
    name->length = strcspn(p, ".[");
    if (name->length == 0)
        return -1;
    *at = p + name->length;
    return 1;
}

const char *json_path_fault(const char *path)
{
    struct streamd_str name;
    int depth = 0, rc;

    if (*path != '$')
        return "a path begins with $";
    while ((rc = json_path_next(&path, &name)) > 0) {
        if (++depth > JSON_PATH_DEPTH)
            return "a path has at most 32 names";
    }
    if (rc < 0)
        return "a path is $ and then, as often as needed, .name or ['name']";
    return depth == 0 ? "a path needs a name behind its $" : NULL;
}

/* ---- the tree ----------------------------------------------------------------------------- */

static struct json_member *add_child(struct streamd_context *c, struct json_member *parent,
                                     struct streamd_str name)
{
    struct json_member *m, **link = &parent->first_child;
    uint8_t *copy;

    for (; *link; link = &(*link)->next_sibling) {
        if ((*link)->length == name.length && memcmp((*link)->name, name.data, name.length) == 0)
            return *link;
    }
    m = streamd_alloc(c, sizeof(*m) + name.length + 8);
    if (!m)
        return NULL;
    memset(m, 0, sizeof(*m) + name.length + 8);
    copy = (uint8_t *)(m + 1);
    memcpy(copy, name.data, name.length);
    m->name = copy;
    m->length = name.length;
    m->first_field = JSON_NO_FIELD;
    *link = m;
    parent->child_count++;
    return m;
}

int json_path_add(struct streamd_context *c, struct json_member *root,
                  const struct streamd_format_field *f, uint32_t field, uint32_t *previous)
{
    struct json_member *m = root;
    const char *path = f->path;
    struct streamd_str name = {f->name, strlen(f->name)};

    if (!path) {
        m = add_child(c, m, name);
    } else {
        while (m && json_path_next(&path, &name) > 0)
            m = add_child(c, m, name);
    }
    if (!m)
        return STREAMD_E_NOMEM;
    *previous = m->first_field;
    m->first_field = field;
    return 0;
}

static uint32_t hash(const uint8_t *name, size_t length)
{
    uint64_t head, tail = 0;

    memcpy(&head, name, 8);
    if (length < 8)
        head &= (UINT64_C(1) << (8 * length)) - 1;
    else
        memcpy(&tail, name + length - 8, 8);
    head = (head ^ (tail << 1) ^ length) * UINT64_C(0x9E3779B97F4A7C15);
    return (uint32_t)(head >> 32);
}

int json_path_finish(struct streamd_context *c, struct json_member *root)
{
    size_t size = 2;

    if (!root->first_child)
        return 0;
    while (size < (size_t)root->child_count * 2)
        size *= 2;
    root->slots = streamd_alloc(c, size * sizeof(struct json_member *));
    if (!root->slots)
        return STREAMD_E_NOMEM;
    memset(root->slots, 0, size * sizeof(struct json_member *));
    root->mask = (uint32_t)size - 1;
    for (struct json_member *m = root->first_child; m; m = m->next_sibling) {
        uint32_t i = hash(m->name, m->length) & root->mask;

        while (root->slots[i])
            i = (i + 1) & root->mask;
        root->slots[i] = m;
        if (json_path_finish(c, m))
            return STREAMD_E_NOMEM;
    }
    return 0;
}

void json_path_clear(struct streamd_context *c, struct json_member *root)
{
    struct json_member *m = root->first_child;

    streamd_free(c, root->slots);
    while (m) {
        struct json_member *next = m->next_sibling;

        json_path_clear(c, m);
        streamd_free(c, m);
        m = next;
    }
    root->slots = NULL;
    root->first_child = NULL;
}

static int is_named(const struct json_member *m, const uint8_t *name, size_t length)
{
    return m->length == length && memcmp(m->name, name, length) == 0;
}

struct json_member *json_path_find(struct json_member *parent, const uint8_t *name, size_t length)
{
    struct json_member *m = parent->last_found ? parent->last_found->next_sibling : NULL;

    if (!parent->slots)
        return NULL;
    if (!m)
        m = parent->first_child;
    if (!is_named(m, name, length)) {
        uint32_t i = hash(name, length) & parent->mask;

        while ((m = parent->slots[i]) && !is_named(m, name, length))
            i = (i + 1) & parent->mask;
        if (!m)
            return NULL;
    }
    parent->last_found = m;
    return m;
}
