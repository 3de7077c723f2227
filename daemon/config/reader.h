/*
 * config/reader.h - the parts of reading a file into a tree.
 *
 * Internal to config:
 *   load.c     the file's bytes: size, UTF-8, lines; then the parser, then what follows
 *   tree.c     events become nodes
 *   tear.c     values that a comma tore to pieces
 *   complain.c what the parser dislikes, in words that help
 */
#ifndef CONFIG_READER_H
#define CONFIG_READER_H

#include "config/document.h"
#include "config/interpolate.h"
#include "config/names.h"

#include <yaml.h>

/* A map or list that is being read. */
struct reader_frame {
    struct node *node;
    struct node *last; /* its last child */
    struct node *key;  /* map: the key whose value comes next, or NULL */
    size_t end;        /* where what was read of it ends */
    int drop;          /* the value is not to be kept: its key is bad */

    /* A value in {...} that YAML may have torn at a comma; see tear.c. */
    struct node *torn;
    size_t torn_end;
    int torn_pieces;
};

struct reader {
    struct document *document;
    struct diagnostics *diagnostics;
    struct interpolator interpolator;
    yaml_parser_t parser;

    size_t skipped;   /* bytes of a byte order mark that the parser does not see */
    uint32_t *places; /* byte offset of every 64th character; NULL: all is ASCII */
    size_t place_count;

    struct reader_frame frames[DOCUMENT_MAX_DEPTH + 1];
    unsigned depth;
    uint32_t nodes, anchors;
    size_t covered;     /* up to here white space has been looked at */
    struct names names; /* keys of maps, and anchors */
};

/* The byte offset in the file of a place that the parser reports. */
size_t reader_offset(const struct reader *r, const yaml_mark_t *mark);

/*
 * Takes one event. 0: go on. 1: the document has ended. STREAMD_E_REPORTED: nothing more can be
 * read. STREAMD_E_NOMEM.
 */
int reader_take_event(struct reader *r, const yaml_event_t *event);

/* Is the value one that YAML may have torn? Remembers it. */
void tear_watch(struct reader_frame *frame, struct node *value);

/* 1: `key`, which has the value `value`, was a piece of a torn value and is now part of it again.
 */
int tear_mend(const struct reader *r, struct reader_frame *frame, const struct node *key,
              const struct node *value);

/* What was torn is whole, or never will be: reports it. 0 or STREAMD_E_NOMEM. */
int tear_finish(struct reader *r, struct reader_frame *frame);

/* Looks for tabs between the last scalar and `end`. */
void reader_check_gap(struct reader *r, size_t end);

/* Reports what the parser reports. STREAMD_E_REPORTED or STREAMD_E_NOMEM. */
int reader_complain(struct reader *r);

#endif
