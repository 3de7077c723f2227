/*
 * The format skips what is longer than limits.record, so that the buffer grows a little beyond that
 * limit at most; LONGEST only keeps a format that breaks this contract from taking all memory.
 */
#include "reader.h"

#include "faults.h"

#include <string.h>

enum { BLOCK_BYTES = 256 * 1024, PADDING_BYTES = 64 };

static const size_t LONGEST = (size_t)1 << 30;

static int grow(struct streamd_context *c, struct reader *r)
{
    size_t capacity = r->capacity ? r->capacity * 2 : BLOCK_BYTES;
    uint8_t *data;

    if (capacity > LONGEST) {
        (void)streamd_fail(c, STREAMD_BUG, 0, "the format leaves a record of 1 GiB where it is");
        return STREAMD_E_LIMIT;
    }
    data = streamd_realloc(c, r->data, capacity + PADDING_BYTES);
    if (!data)
        return fault_memory(c);
    memset(data + r->capacity, 0, capacity + PADDING_BYTES - r->capacity);
    r->data = data;
    r->capacity = capacity;
    return 0;
}

/* After a long record: large reads would only push other things out of the cache. */
static void shrink(struct streamd_context *c, struct reader *r)
{
    uint8_t *data = streamd_realloc(c, r->data, BLOCK_BYTES + PADDING_BYTES);

    if (!data)
        return;
    r->data = data;
    r->capacity = BLOCK_BYTES;
}

/* Where a record is longer than a block, reads until the buffer is full or the file has no more:
   otherwise the record would be looked through again for every piece. */
int reader_fill(struct streamd_context *c, struct reader *r, struct input *in)
{
    size_t before, wanted;

    if (r->begin > 0 && r->end > r->begin)
        memmove(r->data, r->data + r->begin, r->end - r->begin);
    r->end -= r->begin;
    r->begin = 0;
    if (r->end < BLOCK_BYTES && r->capacity > BLOCK_BYTES)
        shrink(c, r);
    if (r->end == r->capacity && grow(c, r))
        return STREAMD_E_NOMEM;
    before = r->end;
    wanted = r->capacity > BLOCK_BYTES ? r->capacity : r->end + 1;
    while (r->end < wanted) {
        int64_t n = input_read(c, in, r->data + r->end, r->capacity - r->end);

        if (n < 0)
            return (int)n;
        if (n == 0)
            break;
        r->end += (size_t)n;
    }
    return r->end > before;
}

enum streamd_flow reader_feed(struct streamd_context *c, struct reader *r,
                              struct streamd_split *handle, int last)
{
    static const uint8_t nothing[PADDING_BYTES];
    size_t consumed = 0;
    int rc = streamd_feed(c, handle, r->data ? r->data + r->begin : nothing, r->end - r->begin,
                          r->position, last, &consumed);

    if (rc < 0)
        return STREAMD_FAILED;
    r->begin += consumed;
    r->position += consumed;
    r->full = rc == 0 && r->begin < r->end;
    if (last && rc > 0 && r->begin < r->end)
        return streamd_fail(c, STREAMD_BUG, 0, "the format leaves bytes at the end of a file");
    return rc == 0 ? STREAMD_HAS_MORE : STREAMD_OK;
}

void reader_restart(struct reader *r, uint64_t position)
{
    r->begin = r->end = 0;
    r->position = position;
    r->full = 0;
}

void reader_clear(struct streamd_context *c, struct reader *r)
{
    streamd_free(c, r->data);
    *r = (struct reader){0};
}
