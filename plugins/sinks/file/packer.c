/*
 * Members of 256 KiB and more compress nearly as well as one long stream, and need neither a
 * compressor of some megabytes per open part nor a flush before a sync.
 */
#include "packer.h"

#include <limits.h>
#include <stdio.h>

#ifdef STREAMD_WITH_ZLIB
#include <zlib.h>
#endif
#ifdef STREAMD_WITH_ZSTD
#include <zstd.h>
#endif

const char *packer_suffix(enum compression kind)
{
    switch (kind) {
    case COMPRESSION_GZIP:
        return ".gz";
    case COMPRESSION_ZSTD:
        return ".zst";
    default:
        return "";
    }
}

int packer_is_built(enum compression kind)
{
    switch (kind) {
    case COMPRESSION_GZIP:
#ifdef STREAMD_WITH_ZLIB
        return 1;
#else
        return 0;
#endif
    case COMPRESSION_ZSTD:
#ifdef STREAMD_WITH_ZSTD
        return 1;
#else
        return 0;
#endif
    default:
        return 1;
    }
}

#ifdef STREAMD_WITH_ZLIB
static int init_gzip(struct streamd_context *c, struct packer *p)
{
    z_stream *z = streamd_alloc(c, sizeof(*z));

    if (!z)
        return sink_no_memory(c);
    *z = (z_stream){0};
    if (deflateInit2(z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) !=
        Z_OK) {
        streamd_free(c, z);
        return sink_no_memory(c);
    }
    p->stream = z;
    return 0;
}

static int pack_gzip(struct streamd_context *c, struct packer *p, const uint8_t *data,
                     size_t length)
{
    z_stream *z = p->stream;
    uLong bound = deflateBound(z, (uLong)length);

    if (length > UINT_MAX || bound > UINT_MAX || streamd_buffer_reserve(c, &p->out, bound))
        return sink_no_memory(c);
    z->next_in = (Bytef *)(uintptr_t)data; /* declared without const, not written to */
    z->avail_in = (uInt)length;
    z->next_out = p->out.data;
    z->avail_out = (uInt)bound;
    if (deflate(z, Z_FINISH) != Z_STREAM_END) {
        (void)streamd_fail(c, STREAMD_BUG, DIAGNOSTIC_WRITE, "zlib does not end a member");
        return STREAMD_E_STATE;
    }
    p->out.length = bound - z->avail_out;
    deflateReset(z);
    return 0;
}
#endif

#ifdef STREAMD_WITH_ZSTD
static int pack_zstd(struct streamd_context *c, struct packer *p, const uint8_t *data,
                     size_t length)
{
    size_t bound = ZSTD_compressBound(length), n;
    char message[160];

    if (streamd_buffer_reserve(c, &p->out, bound))
        return sink_no_memory(c);
    n = ZSTD_compress2(p->stream, p->out.data, bound, data, length);
    if (ZSTD_isError(n)) {
        snprintf(message, sizeof(message), "zstd cannot compress: %s", ZSTD_getErrorName(n));
        (void)streamd_fail(c, STREAMD_FAIL_TASK, DIAGNOSTIC_WRITE, message);
        return STREAMD_E_NOMEM;
    }
    p->out.length = n;
    return 0;
}
#endif

int packer_init(struct streamd_context *c, struct packer *p, enum compression kind)
{
    *p = (struct packer){.kind = kind};
    switch (kind) {
#ifdef STREAMD_WITH_ZLIB
    case COMPRESSION_GZIP:
        return init_gzip(c, p);
#endif
#ifdef STREAMD_WITH_ZSTD
    case COMPRESSION_ZSTD:
        p->stream = ZSTD_createCCtx();
        if (!p->stream)
            return sink_no_memory(c);
        ZSTD_CCtx_setParameter(p->stream, ZSTD_c_checksumFlag, 1);
        return 0;
#endif
    default:
        (void)c;
        return 0;
    }
}

int packer_pack(struct streamd_context *c, struct packer *p, const uint8_t *data, size_t length)
{
    p->out.length = 0;
    switch (p->kind) {
#ifdef STREAMD_WITH_ZLIB
    case COMPRESSION_GZIP:
        return pack_gzip(c, p, data, length);
#endif
#ifdef STREAMD_WITH_ZSTD
    case COMPRESSION_ZSTD:
        return pack_zstd(c, p, data, length);
#endif
    default:
        (void)c;
        (void)data;
        (void)length;
        return STREAMD_E_UNSUPPORTED;
    }
}

void packer_clear(struct streamd_context *c, struct packer *p)
{
#ifdef STREAMD_WITH_ZLIB
    if (p->kind == COMPRESSION_GZIP && p->stream) {
        deflateEnd(p->stream);
        streamd_free(c, p->stream);
    }
#endif
#ifdef STREAMD_WITH_ZSTD
    if (p->kind == COMPRESSION_ZSTD)
        ZSTD_freeCCtx(p->stream);
#endif
    streamd_buffer_clear(c, &p->out);
    *p = (struct packer){0};
}
