/*
 * part.h - one file in the making.
 */
#ifndef SINK_FILE_PART_H
#define SINK_FILE_PART_H

#include "ledger.h"
#include "owned.h"
#include "packer.h"

/* Start with PART_CLOSED. */
struct part {
    int fd; /* -1: none is open */
    char *temporary, *final;
    struct streamd_buffer buffer; /* encoded and not yet written */
    int64_t bytes;                /* written to the file */
    int64_t rows;                 /* encoded */
    int64_t opened_at, written_at;
    int64_t writing_back; /* bytes that the kernel was told to begin to write out */
};

#define PART_CLOSED ((struct part){.fd = -1})

/* Makes the file for part `number` in a folder, with what the format puts at the beginning. The
   number goes up while a name is taken. `owned` is NULL without checkpoints. 0 or negative after
   streamd_fail. */
int part_open(struct streamd_context *c, struct part *p, const char *folder, uint64_t *number,
              const struct packer *packer, struct owned *owned);

/* Takes the name of a part apart: all in front of its number, the number, all behind it. 0, or
   STREAMD_E_DATA where it is none. */
int part_split_name(const char *name, char start[PATH_MAX], uint64_t *number,
                    char end[NAME_MAX + 1]);

/* Bytes that the file has or will have, before compression of what is not written yet. */
int64_t part_size(const struct part *p);

/* Writes the buffer out where it has at least `least` bytes. 0 or negative after streamd_fail. */
int part_flush(struct streamd_context *c, struct part *p, struct packer *packer, size_t least);

/* Writes everything, syncs, closes, and notes the part in the ledger. 0 or negative after
   streamd_fail. */
int part_close(struct streamd_context *c, struct part *p, struct packer *packer,
               struct ledger *ledger);

/* Closes and removes the file, where one is open, and releases everything. */
void part_discard(struct streamd_context *c, struct part *p);

#endif
