/*
 * packer.h - compression of what a part has gathered.
 *
 * Each call makes a gzip member or zstd frame that is complete in itself; a file of several of them
 * is a valid file. So one packer serves all parts of a task, and a part that is closed needs no
 * end.
 */
#ifndef SINK_FILE_PACKER_H
#define SINK_FILE_PACKER_H

#include "sink.h"

/* Start with {0}; release with packer_clear. */
struct packer {
    enum compression kind;
    void *stream;
    struct streamd_buffer out;
};

/* Name's end for files of this kind: "", ".gz", ".zst". */
const char *packer_suffix(enum compression kind);

/* 1 where this build can do it. */
int packer_is_built(enum compression kind);

/* Prepares. 0 or negative after streamd_fail. */
int packer_init(struct streamd_context *c, struct packer *p, enum compression kind);

/* Compresses into p->out, replacing what it held. Not for COMPRESSION_NONE. 0 or negative after
   streamd_fail. */
int packer_pack(struct streamd_context *c, struct packer *p, const uint8_t *data, size_t length);

/* Releases everything. */
void packer_clear(struct streamd_context *c, struct packer *p);

#endif
