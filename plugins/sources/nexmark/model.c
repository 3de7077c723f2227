/*
 * The numbers of model.h. Between the choices of an event only the random stream differs.
 */
#include "model.h"

#include "random.h"

#include <math.h>

enum {
    FIRST_ID = 1000,
    HOT_RATIO = 100, /* one of so many persons or auctions is hot */
    ACTIVE_PERSONS = 1000,
    OPEN_AUCTIONS = 100,
    AHEAD = 10, /* ids that do not exist yet */
    FIRST_CATEGORY = 10,
    CATEGORIES = 5
};

uint64_t model_bits(const struct model *m, enum model_stream stream, uint64_t n)
{
    return random_bits(m->seed ^ ((uint64_t)stream * UINT64_C(0xD6E8FEB86659FD93)), n);
}

/* One of `of` cases. */
static int chance(const struct model *m, enum model_stream stream, uint64_t n, uint64_t cases,
                  uint64_t of)
{
    return random_below(model_bits(m, stream, n), of) < cases;
}

/* ---- numbering --------------------------------------------------------------------------- */

enum model_kind model_kind_of(uint64_t n)
{
    uint64_t place = n % MODEL_CYCLE;

    return place == 0 ? MODEL_PERSON : place <= MODEL_AUCTIONS ? MODEL_AUCTION : MODEL_BID;
}

uint64_t model_count(enum model_kind kind, uint64_t events)
{
    uint64_t cycles = events / MODEL_CYCLE, rest = events % MODEL_CYCLE;

    switch (kind) {
    case MODEL_PERSON:
        return cycles + (rest > 0);
    case MODEL_AUCTION:
        rest = rest > 0 ? rest - 1 : 0;
        return cycles * MODEL_AUCTIONS + (rest < MODEL_AUCTIONS ? rest : MODEL_AUCTIONS);
    case MODEL_BID:
        return cycles * MODEL_BIDS + (rest > 1 + MODEL_AUCTIONS ? rest - 1 - MODEL_AUCTIONS : 0);
    default:
        return events;
    }
}

uint64_t model_event(enum model_kind kind, uint64_t i)
{
    switch (kind) {
    case MODEL_PERSON:
        return i * MODEL_CYCLE;
    case MODEL_AUCTION:
        return i / MODEL_AUCTIONS * MODEL_CYCLE + 1 + i % MODEL_AUCTIONS;
    case MODEL_BID:
        return i / MODEL_BIDS * MODEL_CYCLE + 1 + MODEL_AUCTIONS + i % MODEL_BIDS;
    default:
        return i;
    }
}

/* Number, from 0, of the latest person at event n; the same for auctions, at a bid. */
static uint64_t latest_person(uint64_t n)
{
    return n / MODEL_CYCLE;
}

static uint64_t latest_auction(uint64_t n)
{
    return n / MODEL_CYCLE * MODEL_AUCTIONS + MODEL_AUCTIONS - 1;
}

int64_t model_time(const struct model *m, uint64_t n)
{
    return m->start + (int64_t)n * m->spacing;
}

int64_t model_id(uint64_t n)
{
    uint64_t place = n % MODEL_CYCLE;

    if (place == 0)
        return (int64_t)(FIRST_ID + latest_person(n));
    return (int64_t)(FIRST_ID + n / MODEL_CYCLE * MODEL_AUCTIONS + place - 1);
}

/* ---- choices ----------------------------------------------------------------------------- */

static int64_t hot(uint64_t latest)
{
    return (int64_t)(FIRST_ID + latest / HOT_RATIO * HOT_RATIO);
}

static int64_t cold_person(const struct model *m, enum model_stream stream, uint64_t n)
{
    uint64_t persons = latest_person(n) + 1;
    uint64_t active = persons < ACTIVE_PERSONS ? persons : ACTIVE_PERSONS;

    return (int64_t)(FIRST_ID + persons - active +
                     random_below(model_bits(m, stream, n), active + AHEAD));
}

static int64_t price(const struct model *m, enum model_stream stream, uint64_t n)
{
    return llround(pow(10, 6 * random_unit(model_bits(m, stream, n))) * 100);
}

int64_t model_seller(const struct model *m, uint64_t n)
{
    if (chance(m, STREAM_SELLER_HOT, n, 3, 4))
        return hot(latest_person(n));
    return cold_person(m, STREAM_SELLER, n);
}

int64_t model_category(const struct model *m, uint64_t n)
{
    return FIRST_CATEGORY + (int64_t)random_below(model_bits(m, STREAM_CATEGORY, n), CATEGORIES);
}

int64_t model_expires(const struct model *m, uint64_t n)
{
    int64_t span = OPEN_AUCTIONS * MODEL_CYCLE / MODEL_AUCTIONS * m->spacing;
    uint64_t span_ms = (uint64_t)(2 * span / 1000);
    uint64_t wait = random_below(model_bits(m, STREAM_EXPIRES, n), span_ms > 0 ? span_ms : 1);

    return model_time(m, n) + (int64_t)(1 + wait) * 1000;
}

int64_t model_initial_bid(const struct model *m, uint64_t n)
{
    return price(m, STREAM_INITIAL_BID, n);
}

int64_t model_reserve(const struct model *m, uint64_t n)
{
    return model_initial_bid(m, n) + price(m, STREAM_RESERVE, n);
}

int64_t model_bid_auction(const struct model *m, uint64_t n)
{
    uint64_t latest = latest_auction(n);
    uint64_t first = latest > OPEN_AUCTIONS ? latest - OPEN_AUCTIONS : 0;

    if (chance(m, STREAM_AUCTION_HOT, n, 1, 2))
        return hot(latest);
    return (int64_t)(FIRST_ID + first +
                     random_below(model_bits(m, STREAM_AUCTION, n), latest - first + 1 + AHEAD));
}

int64_t model_bidder(const struct model *m, uint64_t n)
{
    if (chance(m, STREAM_BIDDER_HOT, n, 3, 4))
        return hot(latest_person(n)) + 1;
    return cold_person(m, STREAM_BIDDER, n);
}

int64_t model_price(const struct model *m, uint64_t n)
{
    return price(m, STREAM_PRICE, n);
}

uint32_t model_channel(const struct model *m, uint64_t n)
{
    uint64_t bits = model_bits(m, STREAM_CHANNEL, n);

    if (chance(m, STREAM_CHANNEL_HOT, n, 1, 2))
        return MODEL_CHANNELS + (uint32_t)random_below(bits, 4);
    return (uint32_t)random_below(bits, MODEL_CHANNELS);
}
