/*
 * codec.h - decompression of .gz and .zst, as a stream.
 *
 * A compressed file is a sequence of members (gzip) or frames (zstd), each complete in itself; what
 * they hold is read as one stream.
 */
#ifndef SOURCE_FILE_CODEC_H
#define SOURCE_FILE_CODEC_H

#include <streamd/context.h>

enum codec_kind { CODEC_NONE = 0, CODEC_GZIP = 1, CODEC_ZSTD = 2 };

struct codec;

/* What a file's name says about its content. */
enum codec_kind codec_kind_of(const char *path);

/* Makes a decompressor (not for CODEC_NONE). 0, STREAMD_E_NOMEM, or STREAMD_E_UNSUPPORTED where
   this build lacks the library. */
int codec_open(struct streamd_context *c, enum codec_kind kind, struct codec **codec);

/* Releases it. NULL is fine. */
void codec_close(struct streamd_context *c, struct codec *codec);

/* Forgets everything, for a stream that begins anew. */
void codec_reset(struct codec *codec);

/*
 * Decompresses from `in` (moved on over what was used up) into `out`. Answers the bytes made; 0
 * means that it needs more input. Negative: the data is damaged, and *reason says how (a constant).
 */
int64_t codec_run(struct codec *codec, const uint8_t **in, size_t *in_length, uint8_t *out,
                  size_t room, const char **reason);

/* 1 where the stream may end here: no member is open. */
int codec_may_end(const struct codec *codec);

#endif
