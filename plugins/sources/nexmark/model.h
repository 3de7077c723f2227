/*
 * model.h - the events of Nexmark, as numbers.
 *
 * Event n = 0, 1, 2, ...; of every 50, the first is a person, the next 3 are auctions, the other 46
 * bids. Everything about event n is a function of the seed and n. Ids go up from 1000 in the order
 * of creation. Persons and auctions that are "hot" attract most auctions and bids; a cold choice is
 * uniform over those of late and a few that do not exist yet, so that an event may come before the
 * one it refers to. What each function says below is the definition; docs and README repeat it.
 */
#ifndef NEXMARK_MODEL_H
#define NEXMARK_MODEL_H

#include <stdint.h>

enum model_kind { MODEL_PERSON = 0, MODEL_AUCTION = 1, MODEL_BID = 2, MODEL_ALL = 3 };

enum { MODEL_CYCLE = 50, MODEL_AUCTIONS = 3, MODEL_BIDS = 46, MODEL_CHANNELS = 10000 };

struct model {
    uint64_t seed;
    int64_t start;   /* microseconds since the epoch, of event 0 */
    int64_t spacing; /* microseconds from event to event */
};

/* Independent random streams, one per choice that an event makes. */
enum model_stream {
    STREAM_SELLER_HOT = 1,
    STREAM_SELLER,
    STREAM_CATEGORY,
    STREAM_EXPIRES,
    STREAM_INITIAL_BID,
    STREAM_RESERVE,
    STREAM_AUCTION_HOT,
    STREAM_AUCTION,
    STREAM_BIDDER_HOT,
    STREAM_BIDDER,
    STREAM_PRICE,
    STREAM_CHANNEL_HOT,
    STREAM_CHANNEL,
    STREAM_NAME,
    STREAM_EMAIL,
    STREAM_CARD,
    STREAM_CITY,
    STREAM_STATE,
    STREAM_ITEM,
    STREAM_DESCRIPTION,
    STREAM_EXTRA,
    STREAM_URL,
    STREAM_URL_ID
};

/* Random bits of one choice of event n. */
uint64_t model_bits(const struct model *m, enum model_stream stream, uint64_t n);

/* Person, auction, or bid. */
enum model_kind model_kind_of(uint64_t n);

/* How many of the events 0 .. events - 1 are of a kind, and the number of the i-th of them. */
uint64_t model_count(enum model_kind kind, uint64_t events);
uint64_t model_event(enum model_kind kind, uint64_t i);

/* Event time: start + n x spacing. */
int64_t model_time(const struct model *m, uint64_t n);

/* Id of the person or auction that event n creates. */
int64_t model_id(uint64_t n);

/* Of an auction. seller: 3/4 hot, 1000 + floor(k / 100) x 100 where k counts from 0 to the latest
   person; else as model_cold_person. expires: event time + 1 ms + 0 .. 2h - 1 ms, h the time in
   which 100 auctions open. reserve: the initial bid + another price. */
int64_t model_seller(const struct model *m, uint64_t n);
int64_t model_category(const struct model *m, uint64_t n);
int64_t model_expires(const struct model *m, uint64_t n);
int64_t model_initial_bid(const struct model *m, uint64_t n);
int64_t model_reserve(const struct model *m, uint64_t n);

/* Of a bid. auction: 1/2 hot, 1000 + floor(k / 100) x 100 for the latest auction k; else uniform
   over the last 101 auctions and 10 that are not open yet. bidder: 3/4 hot, 1001 + floor(k / 100) x
   100; else as a cold seller: uniform over the last 1000 persons and 10 that do not exist yet.
   price: round(10^(6u) x 100), u uniform in [0, 1). */
int64_t model_bid_auction(const struct model *m, uint64_t n);
int64_t model_bidder(const struct model *m, uint64_t n);
int64_t model_price(const struct model *m, uint64_t n);

/* The bid's channel: 1/2 one of MODEL_CHANNELS .. MODEL_CHANNELS + 3, the well-known ones; else one
   of 0 .. MODEL_CHANNELS - 1. */
uint32_t model_channel(const struct model *m, uint64_t n);

#endif
