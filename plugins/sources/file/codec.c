/*
 * zlib and libzstd behind one small interface. An open member is what `open` says: it is set by the
 * first byte of a member and cleared by its end, so that an empty file is an empty stream. Zero
 * bytes between and behind gzip members are padding, as gzip(1) has it.
 */
#include "codec.h"

#include <string.h>

#ifdef STREAMD_WITH_ZLIB
#include <zlib.h>
#endif
#ifdef STREAMD_WITH_ZSTD
#include <zstd.h>
#endif

struct codec {
    enum codec_kind kind;
    int open;  /* inside of a member */
    int first; /* no member was read yet */
#ifdef STREAMD_WITH_ZLIB
    z_stream gzip;
#endif
#ifdef STREAMD_WITH_ZSTD
    ZSTD_DStream *zstd;
#endif
};

static int ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n >= m && strcmp(text + n - m, end) == 0;
}

enum codec_kind codec_kind_of(const char *path)
{
    if (ends_with(path, ".gz"))
        return CODEC_GZIP;
    return ends_with(path, ".zst") ? CODEC_ZSTD : CODEC_NONE;
}

static int start(struct codec *codec)
{
    switch (codec->kind) {
#ifdef STREAMD_WITH_ZLIB
    case CODEC_GZIP:
        return inflateInit2(&codec->gzip, 15 + 16) == Z_OK ? 0 : STREAMD_E_NOMEM;
#endif
#ifdef STREAMD_WITH_ZSTD
    case CODEC_ZSTD:
        codec->zstd = ZSTD_createDStream();
        return codec->zstd ? 0 : STREAMD_E_NOMEM;
#endif
    default:
        return STREAMD_E_UNSUPPORTED;
    }
}

int codec_open(struct streamd_context *c, enum codec_kind kind, struct codec **codec)
{
    struct codec *made = streamd_alloc(c, sizeof(*made));
    int rc;

    if (!made)
        return STREAMD_E_NOMEM;
    memset(made, 0, sizeof(*made));
    made->kind = kind;
    made->first = 1;
    rc = start(made);
    if (rc) {
        streamd_free(c, made);
        return rc;
    }
    *codec = made;
    return 0;
}

void codec_close(struct streamd_context *c, struct codec *codec)
{
    if (!codec)
        return;
#ifdef STREAMD_WITH_ZLIB
    if (codec->kind == CODEC_GZIP)
        inflateEnd(&codec->gzip);
#endif
#ifdef STREAMD_WITH_ZSTD
    if (codec->kind == CODEC_ZSTD)
        ZSTD_freeDStream(codec->zstd);
#endif
    streamd_free(c, codec);
}

void codec_reset(struct codec *codec)
{
    codec->open = 0;
    codec->first = 1;
#ifdef STREAMD_WITH_ZLIB
    if (codec->kind == CODEC_GZIP)
        inflateReset(&codec->gzip);
#endif
#ifdef STREAMD_WITH_ZSTD
    if (codec->kind == CODEC_ZSTD)
        ZSTD_DCtx_reset(codec->zstd, ZSTD_reset_session_only);
#endif
}

int codec_may_end(const struct codec *codec)
{
    return !codec->open;
}

#ifdef STREAMD_WITH_ZLIB
static void skip_padding(const uint8_t **in, size_t *in_length)
{
    while (*in_length > 0 && **in == 0) {
        (*in)++;
        (*in_length)--;
    }
}

static uInt at_most(size_t bytes)
{
    return bytes > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uInt)bytes;
}

static int64_t run_gzip(struct codec *codec, const uint8_t **in, size_t *in_length, uint8_t *out,
                        size_t room, const char **reason)
{
    z_stream *z = &codec->gzip;
    uInt given, wanted = at_most(room);
    int rc;

    if (!codec->open && !codec->first)
        skip_padding(in, in_length);
    if (*in_length == 0 && !codec->open)
        return 0;
    codec->open = 1;
    codec->first = 0;
    given = at_most(*in_length);
    /* zlib declares the input without const and does not write to it. */
    memcpy(&z->next_in, in, sizeof(z->next_in));
    z->avail_in = given;
    z->next_out = out;
    z->avail_out = wanted;
    rc = inflate(z, Z_NO_FLUSH);
    *in += given - z->avail_in;
    *in_length -= given - z->avail_in;
    if (rc == Z_STREAM_END) {
        codec->open = 0;
        inflateReset(z);
    } else if (rc != Z_OK && rc != Z_BUF_ERROR) {
        *reason = rc == Z_MEM_ERROR ? "no memory" : z->msg ? z->msg : "damaged gzip data";
        return STREAMD_E_DATA;
    }
    return wanted - z->avail_out;
}
#endif

#ifdef STREAMD_WITH_ZSTD
static int64_t run_zstd(struct codec *codec, const uint8_t **in, size_t *in_length, uint8_t *out,
                        size_t room, const char **reason)
{
    ZSTD_inBuffer from = {*in, *in_length, 0};
    ZSTD_outBuffer to = {out, room, 0};
    size_t rc;

    if (*in_length == 0 && !codec->open)
        return 0;
    rc = ZSTD_decompressStream(codec->zstd, &to, &from);
    *in += from.pos;
    *in_length -= from.pos;
    if (ZSTD_isError(rc)) {
        *reason = ZSTD_getErrorName(rc);
        return STREAMD_E_DATA;
    }
    codec->open = rc != 0;
    return (int64_t)to.pos;
}
#endif

/* One step; may use up input and make nothing, at a member's head or end. */
static int64_t step(struct codec *codec, const uint8_t **in, size_t *in_length, uint8_t *out,
                    size_t room, const char **reason)
{
    switch (codec->kind) {
#ifdef STREAMD_WITH_ZLIB
    case CODEC_GZIP:
        return run_gzip(codec, in, in_length, out, room, reason);
#endif
#ifdef STREAMD_WITH_ZSTD
    case CODEC_ZSTD:
        return run_zstd(codec, in, in_length, out, room, reason);
#endif
    default:
        (void)in;
        (void)in_length;
        (void)out;
        (void)room;
        *reason = "not in this build";
        return STREAMD_E_UNSUPPORTED;
    }
}

int64_t codec_run(struct codec *codec, const uint8_t **in, size_t *in_length, uint8_t *out,
                  size_t room, const char **reason)
{
    int64_t made;

    do {
        size_t before = *in_length;

        made = step(codec, in, in_length, out, room, reason);
        if (made == 0 && *in_length == before)
            return 0;
    } while (made == 0);
    return made;
}
