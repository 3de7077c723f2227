/*
 * W2, hand-fused: count and sum of amount per user and 10 s window.
 *
 * Users become dense numbers through one open-addressing table (the 16 bytes of the name stand in
 * the slot); a window is an array of (count, cents) by user number. Records come in time order, so
 * one window is open at a time: when a record of the next one arrives the array is written and
 * cleared. The window of a record is looked up only when the 19 bytes of its second differ from the
 * last record's.
 */
#include "ndjson.h"

struct name {
    char text[USER_MAX_BYTES];
    uint32_t bytes;
    uint32_t id;
};

struct cell {
    int64_t count;
    int64_t cents;
};

struct users {
    uint32_t *slots; /* user number + 1, 0 = empty; a power of two of them */
    struct name *names;
    struct cell *cells;
    uint32_t slot_mask;
    uint32_t count;
    uint32_t capacity;
};

static uint64_t hash_name(const struct name *n)
{
    uint64_t a, b;
    memcpy(&a, n->text, 8);
    memcpy(&b, n->text + 8, 8);
    uint64_t h = (a ^ (b * UINT64_C(0x9E3779B97F4A7C15))) * UINT64_C(0xBF58476D1CE4E5B9);
    return h ^ (h >> 32);
}

static void users_grow(struct users *u)
{
    uint32_t capacity = u->capacity == 0 ? 1024 : u->capacity * 2;
    u->names = realloc(u->names, capacity * sizeof(*u->names));
    u->cells = realloc(u->cells, capacity * sizeof(*u->cells));
    free(u->slots);
    u->slots = calloc((size_t)capacity * 2, sizeof(*u->slots));
    if (u->names == NULL || u->cells == NULL || u->slots == NULL)
        die("out of memory");
    memset(u->cells + u->capacity, 0, (capacity - u->capacity) * sizeof(*u->cells));
    u->capacity = capacity;
    u->slot_mask = capacity * 2 - 1;
    for (uint32_t i = 0; i < u->count; i++) {
        uint32_t s = (uint32_t)hash_name(&u->names[i]) & u->slot_mask;
        while (u->slots[s] != 0)
            s = (s + 1) & u->slot_mask;
        u->slots[s] = i + 1;
    }
}

static struct cell *users_cell(struct users *u, const struct event *e)
{
    struct name n = {.bytes = (uint32_t)e->user_bytes};
    memcpy(n.text, e->user, e->user_bytes);
    uint32_t s = (uint32_t)hash_name(&n) & u->slot_mask;
    while (u->slots[s] != 0) {
        const struct name *found = &u->names[u->slots[s] - 1];
        if (memcmp(found->text, n.text, USER_MAX_BYTES) == 0 && found->bytes == n.bytes)
            return &u->cells[u->slots[s] - 1];
        s = (s + 1) & u->slot_mask;
    }
    if (u->count == u->capacity) {
        users_grow(u);
        return users_cell(u, e);
    }
    u->names[u->count] = n;
    u->slots[s] = ++u->count;
    return &u->cells[u->count - 1];
}

static void write_window(struct users *u, struct writer *out, const char start[20])
{
    for (uint32_t i = 0; i < u->count; i++) {
        struct cell *c = &u->cells[i];
        if (c->count == 0)
            continue;
        char *begin = writer_room(out, 256);
        char *p = PUT_LITERAL(begin, "{\"user\":\"");
        p = put(p, u->names[i].text, u->names[i].bytes);
        p = PUT_LITERAL(p, "\",\"window_start\":\"");
        p = put(p, start, 19);
        p = PUT_LITERAL(p, "Z\",\"n\":");
        p = put_number(p, (uint64_t)c->count);
        p = PUT_LITERAL(p, ",\"total\":");
        p = put_cents(p, c->cents);
        p = PUT_LITERAL(p, "}\n");
        out->used += (size_t)(p - begin);
        *c = (struct cell){0, 0};
    }
}

int main(int argc, char **argv)
{
    static struct reader in;
    static struct writer out;
    struct users users = {0};
    char window[20] = ""; /* start of the open window, to the second: its last digit is 0 */
    const char *line;
    size_t length;

    open_files(argc, argv, &in, &out);
    users_grow(&users);
    while ((line = reader_line(&in, &length)) != NULL) {
        struct event e;
        if (parse_event(line, length, &e) != 0)
            die("not a record of bench/gen/events.c");
        if (memcmp(window, e.at, 18) != 0) {
            if (window[0] != '\0') {
                if (memcmp(window, e.at, 18) > 0)
                    die("records go back in time");
                write_window(&users, &out, window);
            }
            memcpy(window, e.at, 18);
            window[18] = '0';
        }
        struct cell *c = users_cell(&users, &e);
        c->count++;
        c->cents += e.cents;
    }
    write_window(&users, &out, window);
    writer_flush(&out);
    free(users.names);
    free(users.cells);
    free(users.slots);
    return 0;
}
