/*
 * format_tool FORMAT OPTIONS FIELDS [STEP [ROWS [LIMIT]]] < FILE
 *
 * Runs the decoder of a format on standard input and prints what comes out, for tests that compare
 * it with what another implementation makes of the same bytes: one line for each row, as
 * format_host.h says, then a line that begins with `!` for each rejected record: position, code,
 * message. format_tool FORMAT OPTIONS FIELDS encode [ROWS] < FILE reads NDJSON and writes it in the
 * format.
 */
#include "format_host.h"

#include <stdlib.h>
#include <string.h>

static uint8_t *read_all(FILE *in, size_t *length)
{
    size_t capacity = 1 << 16;
    uint8_t *data = malloc(capacity);

    *length = 0;
    while (data && !feof(in)) {
        *length += fread(data + *length, 1, capacity - *length, in);
        if (*length == capacity)
            data = realloc(data, capacity *= 2);
    }
    if (!data)
        exit(2);
    return data;
}

static void print_rows(void *owner, struct streamd_batch *batch)
{
    for (uint32_t i = 0; i < batch->rows; i++) {
        format_host_print(owner, batch, i, stdout);
        putchar('\n');
    }
    batch_release(batch);
}

static void encode_rows(void *owner, struct streamd_batch *batch)
{
    struct format_host *to = owner;
    struct streamd_buffer out = {0};

    if (format_host_encode(to, batch, &out))
        exit(3);
    fwrite(out.data, 1, out.length, stdout);
    streamd_buffer_clear(&to->context, &out);
    batch_release(batch);
}

static void encode_begin(struct format_host *h)
{
    struct streamd_buffer out = {0};

    if (h->format->encoder_open(&h->context, &h->spec, &h->encoder))
        exit(3);
    if (h->format->encode_begin && h->format->encode_begin(&h->context, h->encoder, &out))
        exit(3);
    if (out.length)
        fwrite(out.data, 1, out.length, stdout);
    streamd_buffer_clear(&h->context, &out);
}

int main(int argc, char **argv)
{
    struct format_host from, to;
    size_t length;
    uint8_t *data;
    int rc, encode = argc > 4 && strcmp(argv[4], "encode") == 0;
    uint32_t rows = argc > 5 ? (uint32_t)atoi(argv[5]) : 1000;
    size_t step = argc > 4 ? (size_t)atoll(argv[4]) : 0;
    size_t limit = argc > 6 ? (size_t)atoll(argv[6]) : 1 << 24;

    if (argc < 4)
        return 64;
    data = read_all(stdin, &length);
    format_host_open(&to, format_host_load(argv[1]), argv[2], *argv[3] ? argv[3] : NULL, limit);
    if (encode) {
        format_host_open(&from, format_host_load("json"), NULL, argv[3], limit);
        encode_begin(&to);
        rc = format_host_decode(&from, data, length, 0, rows, encode_rows, &to);
        if (from.reject_count)
            fprintf(stderr, "%s\n", from.rejects[0].message);
        format_host_close(&from);
    } else {
        rc = format_host_decode(&to, data, length, step, rows, print_rows, &to);
        for (size_t i = 0; i < to.reject_count; i++)
            printf("!%llu\t%d\t%s\n", (unsigned long long)to.rejects[i].position,
                   to.rejects[i].code, to.rejects[i].message);
    }
    if (rc)
        fprintf(stderr, "failed: %d %s\n", rc, to.failure);
    format_host_close(&to);
    free(data);
    return rc ? 1 : 0;
}
