/*
 * A plain array, searched from the front: patterns for `follow` match tens of files, and a search
 * comes with a stat(2) at least.
 */
#include "known.h"

#include "faults.h"

#include <string.h>
#include <unistd.h>

struct known_file *known_find(struct known *k, dev_t device, ino_t inode)
{
    for (size_t i = 0; i < k->count; i++) {
        if (k->files[i].device == device && k->files[i].inode == inode)
            return &k->files[i];
    }
    return NULL;
}

static int make_room(struct streamd_context *c, struct known *k)
{
    size_t capacity = k->capacity ? k->capacity * 2 : 16;
    struct known_file *files;

    if (k->count < k->capacity)
        return 0;
    files = streamd_realloc(c, k->files, capacity * sizeof(*files));
    if (!files)
        return STREAMD_E_NOMEM;
    k->files = files;
    k->capacity = capacity;
    return 0;
}

int known_claim(struct streamd_context *c, struct known *k, dev_t device, ino_t inode,
                const char *owner)
{
    size_t bytes = strlen(owner) + 1;
    struct known_file file = {device, inode, NULL, -1, 0, 1};

    if (known_find(k, device, inode))
        return 0;
    file.owner = streamd_alloc(c, bytes);
    if (!file.owner || make_room(c, k)) {
        streamd_free(c, file.owner);
        return fault_memory(c);
    }
    memcpy(file.owner, owner, bytes);
    k->files[k->count++] = file;
    return 0;
}

void known_listing_begin(struct known *k)
{
    for (size_t i = 0; i < k->count; i++)
        k->files[i].seen = 0;
}

static void release(struct streamd_context *c, struct known_file *file)
{
    if (file->held >= 0)
        (void)close(file->held);
    streamd_free(c, file->owner);
}

void known_listing_end(struct streamd_context *c, struct known *k)
{
    size_t kept = 0;

    for (size_t i = 0; i < k->count; i++) {
        if (k->files[i].seen || k->files[i].in_use)
            k->files[kept++] = k->files[i];
        else
            release(c, &k->files[i]);
    }
    k->count = kept;
}

void known_clear(struct streamd_context *c, struct known *k)
{
    for (size_t i = 0; i < k->count; i++)
        release(c, &k->files[i]);
    streamd_free(c, k->files);
    *k = (struct known){0};
}
