/*
 * texts.h - the texts of Nexmark's events.
 */
#ifndef NEXMARK_TEXTS_H
#define NEXMARK_TEXTS_H

#include "model.h"

#include <streamd/context.h>

enum text_kind {
    TEXT_NAME = 1,    /* of a person: first and last name */
    TEXT_EMAIL,       /* 3-7 letters @ 3-5 letters .com */
    TEXT_CARD,        /* four times four digits */
    TEXT_CITY,        /* one of 10 */
    TEXT_STATE,       /* one of AZ CA ID OR WA WY */
    TEXT_ITEM,        /* 3-12 letters */
    TEXT_DESCRIPTION, /* 8-24 letters */
    TEXT_EXTRA,       /* 4-12 letters */
    TEXT_CHANNEL,     /* Google, Facebook, Baidu, Apple, or channel-0 .. channel-9999 */
    TEXT_URL /* of the channel, always the same; 9/10 of those of channel-N end in a number */
};

/* No text is longer. */
enum { TEXT_MOST_BYTES = 128 };

/* Channels and their urls, which do not change from bid to bid. */
struct texts {
    const struct model *model;
    char *bytes;
    struct streamd_str *channels, *urls; /* MODEL_CHANNELS + 4 */
};

/* Makes the channels. 0 or STREAMD_E_NOMEM; texts_clear in both cases. */
int texts_init(struct streamd_context *c, struct texts *t, const struct model *model);

/* Writes the text of event n, at most TEXT_MOST_BYTES. Its length. */
size_t texts_put(const struct texts *t, enum text_kind kind, uint64_t n, uint8_t *out);

/* Releases everything. */
void texts_clear(struct streamd_context *c, struct texts *t);

#endif
