/*
 * place.h - the position of a split as text: "OFFSET", "OFFSET DEVICE:INODE:CHECK" where the file
 * is followed, "OFFSET in NAME" in a stream of several files.
 *
 * The name is written with %XX for what is not a printable ASCII character, so that the text is
 * plain whatever the name.
 */
#ifndef SOURCE_FILE_PLACE_H
#define SOURCE_FILE_PLACE_H

#include <streamd/source.h>

#include <limits.h>

struct place {
    uint64_t offset;        /* of the next record; in the uncompressed content */
    uint64_t device, inode; /* 0: not said */
    uint64_t check;         /* with inode: of the bytes before the offset (input_check_before) */
    char name[PATH_MAX];    /* "": not said */
};

/* Writes a place. 0, or STREAMD_E_LIMIT where the name is too long for a position. */
int place_print(const struct place *p, char text[STREAMD_POSITION_BYTES]);

/* Reads a text of place_print. 0, or STREAMD_E_DATA. */
int place_parse(const char *text, struct place *p);

#endif
