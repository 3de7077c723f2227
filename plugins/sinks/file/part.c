/*
 * The file is written in large pieces. Every few megabytes the kernel is told to begin writing them
 * out, so that the sync at the end has little left to wait for.
 */
#include "part.h"

#include "sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WRITE_BACK_BYTES = 8 << 20, KEEP_BYTES = 2 << 20, NAMES_TRIED = 1000 };

/* "FOLDER/.part-3-17.json.gz" or, without the dot, the final name. */
static char *part_name(struct streamd_context *c, const char *folder, const char *dot,
                       uint64_t number, const struct packer *packer)
{
    size_t size = strlen(folder) + 128;
    const char *suffix = streamd_encode_suffix(c);
    char *name = streamd_alloc(c, size);
    int n;

    if (!name)
        return NULL;
    n = snprintf(name, size, "%s/%spart-%u-%llu%s%.32s%s", strcmp(folder, "/") == 0 ? "" : folder,
                 dot, c->task, (unsigned long long)number, *suffix ? "." : "", suffix,
                 packer_suffix(packer->kind));
    if (n < PATH_MAX)
        return name;
    (void)sink_fault(c, "make", name, ENAMETOOLONG);
    streamd_free(c, name);
    return NULL;
}

int part_split_name(const char *name, char start[PATH_MAX], uint64_t *number,
                    char end[NAME_MAX + 1])
{
    const char *slash = strrchr(name, '/'), *at = slash ? strstr(slash, "/part-") : NULL;
    char *behind;

    at = at ? strchr(at + strlen("/part-"), '-') : NULL;
    if (!at || at[1] < '0' || at[1] > '9' || (size_t)(at - name) + 2 > PATH_MAX)
        return STREAMD_E_DATA;
    memcpy(start, name, (size_t)(at - name) + 1);
    start[at - name + 1] = '\0';
    *number = strtoull(at + 1, &behind, 10);
    if (strlen(behind) > NAME_MAX)
        return STREAMD_E_DATA;
    memcpy(end, behind, strlen(behind) + 1);
    return 0;
}

static void free_names(struct streamd_context *c, struct part *p)
{
    streamd_free(c, p->temporary);
    streamd_free(c, p->final);
    p->temporary = p->final = NULL;
}

/* Name of the part in progress, in fresh memory. NULL after streamd_fail. */
static char *temporary_name(struct streamd_context *c, const char *folder, uint64_t number,
                            const struct packer *packer, struct owned *owned)
{
    char path[PATH_MAX], *name;

    if (!owned)
        return part_name(c, folder, ".", number, packer);
    if (owned_temporary(c, owned, folder, path))
        return NULL;
    name = streamd_alloc(c, strlen(path) + 1);
    if (name)
        memcpy(name, path, strlen(path) + 1);
    return name;
}

/* 1: made; 0: a name is taken; negative after streamd_fail. */
static int try_number(struct streamd_context *c, struct part *p, const char *folder,
                      uint64_t number, const struct packer *packer, struct owned *owned)
{
    int error;

    p->temporary = temporary_name(c, folder, number, packer, owned);
    p->final = part_name(c, folder, "", number, packer);
    if (!p->temporary || !p->final)
        return sink_no_memory(c);
    if (access(p->final, F_OK) == 0)
        return 0;
    p->fd = open(p->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0666);
    error = errno;
    if (p->fd >= 0)
        return 1;
    return error == EEXIST ? 0 : sink_fault(c, "make", p->temporary, error);
}

int part_open(struct streamd_context *c, struct part *p, const char *folder, uint64_t *number,
              const struct packer *packer, struct owned *owned)
{
    struct streamd_buffer kept = p->buffer;

    *p = PART_CLOSED;
    p->buffer = kept;
    p->buffer.length = 0;
    for (int tries = 0; tries < NAMES_TRIED; tries++) {
        int rc = try_number(c, p, folder, (*number)++, packer, owned);

        if (rc > 0) {
            p->opened_at = p->written_at = streamd_now(c);
            return streamd_encode_begin(c, &p->buffer);
        }
        if (rc < 0) {
            free_names(c, p);
            return rc;
        }
        if (tries + 1 < NAMES_TRIED)
            free_names(c, p);
    }
    (void)sink_fault(c, "make", p->temporary, EEXIST);
    free_names(c, p);
    return STREAMD_E_IO;
}

int64_t part_size(const struct part *p)
{
    return p->bytes + (int64_t)p->buffer.length;
}

static int write_all(struct streamd_context *c, struct part *p, const uint8_t *data, size_t length)
{
    char what[64];

    while (length > 0) {
        ssize_t n = write(p->fd, data, length);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            int error = n < 0 ? errno : EIO;

            snprintf(what, sizeof(what), "write at byte %lld of", (long long)p->bytes);
            return sink_fault(c, what, p->temporary, error);
        }
        data += n;
        length -= (size_t)n;
        p->bytes += n;
    }
    return 0;
}

int part_flush(struct streamd_context *c, struct part *p, struct packer *packer, size_t least)
{
    struct streamd_buffer *from = &p->buffer;
    int rc;

    if (p->buffer.length == 0 || p->buffer.length < least)
        return 0;
    if (packer->kind != COMPRESSION_NONE) {
        if (packer_pack(c, packer, p->buffer.data, p->buffer.length))
            return STREAMD_E_IO;
        from = &packer->out;
    }
    rc = write_all(c, p, from->data, from->length);
    p->buffer.length = 0;
    if (p->buffer.capacity > KEEP_BYTES)
        streamd_buffer_clear(c, &p->buffer);
    if (!rc && p->bytes - p->writing_back >= WRITE_BACK_BYTES) {
        (void)sync_file_range(p->fd, p->writing_back, p->bytes - p->writing_back,
                              SYNC_FILE_RANGE_WRITE);
        p->writing_back = p->bytes;
    }
    return rc;
}

int part_close(struct streamd_context *c, struct part *p, struct packer *packer,
               struct ledger *ledger)
{
    struct ledger_part row = {p->temporary, p->final, 0, p->rows};
    int rc = part_flush(c, p, packer, 0);

    if (rc)
        return rc;
    row.bytes = p->bytes;
    if (fsync(p->fd) != 0)
        return sink_fault(c, "sync", p->temporary, errno);
    rc = close(p->fd);
    p->fd = -1;
    if (rc != 0)
        return sink_fault(c, "close", p->temporary, errno);
    rc = ledger_add(c, ledger, &row);
    if (!rc)
        streamd_count(c, "parts", 1);
    free_names(c, p);
    return rc;
}

void part_discard(struct streamd_context *c, struct part *p)
{
    if (p->fd >= 0) {
        (void)unlink(p->temporary);
        (void)close(p->fd);
    }
    free_names(c, p);
    streamd_buffer_clear(c, &p->buffer);
    *p = PART_CLOSED;
}
