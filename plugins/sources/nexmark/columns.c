/*
 * A column belongs to one kind of event, or to all. In a batch of mixed events it is filled at the
 * rows of its kind, a list made once per kind, and NULL elsewhere; in a batch of one kind that list
 * is the whole batch.
 */
#include "columns.h"

#include <string.h>

enum source {
    NUMBER_TYPE = 1, /* 0 person, 1 auction, 2 bid */
    NUMBER_TIME,
    NUMBER_ID,
    NUMBER_INITIAL_BID,
    NUMBER_RESERVE,
    NUMBER_EXPIRES,
    NUMBER_SELLER,
    NUMBER_CATEGORY,
    NUMBER_AUCTION,
    NUMBER_BIDDER,
    NUMBER_PRICE,
    TEXTS = 100 /* + enum text_kind */
};

struct column {
    enum model_kind owner;
    int source; /* enum source */
};

#define FIELD(name_, type_)       \
    {                             \
        name_,                    \
        {                         \
            .id = STREAMD_##type_ \
        }                         \
    }
#define MAYBE(name_, type_)                      \
    {                                            \
        name_,                                   \
        {                                        \
            .id = STREAMD_##type_, .nullable = 1 \
        }                                        \
    }
#define COUNT(array) (uint32_t)(sizeof(array) / sizeof((array)[0]))

static const struct streamd_field person_fields[] = {
    FIELD("id", INT64),           FIELD("name", STRING),  FIELD("emailAddress", STRING),
    FIELD("creditCard", STRING),  FIELD("city", STRING),  FIELD("state", STRING),
    FIELD("dateTime", TIMESTAMP), FIELD("extra", STRING),
};
static const struct column person_columns[] = {
    {MODEL_ALL, NUMBER_ID},          {MODEL_ALL, TEXTS + TEXT_NAME},
    {MODEL_ALL, TEXTS + TEXT_EMAIL}, {MODEL_ALL, TEXTS + TEXT_CARD},
    {MODEL_ALL, TEXTS + TEXT_CITY},  {MODEL_ALL, TEXTS + TEXT_STATE},
    {MODEL_ALL, NUMBER_TIME},        {MODEL_ALL, TEXTS + TEXT_EXTRA},
};

static const struct streamd_field auction_fields[] = {
    FIELD("id", INT64),          FIELD("itemName", STRING), FIELD("description", STRING),
    FIELD("initialBid", INT64),  FIELD("reserve", INT64),   FIELD("dateTime", TIMESTAMP),
    FIELD("expires", TIMESTAMP), FIELD("seller", INT64),    FIELD("category", INT64),
    FIELD("extra", STRING),
};
static const struct column auction_columns[] = {
    {MODEL_ALL, NUMBER_ID},
    {MODEL_ALL, TEXTS + TEXT_ITEM},
    {MODEL_ALL, TEXTS + TEXT_DESCRIPTION},
    {MODEL_ALL, NUMBER_INITIAL_BID},
    {MODEL_ALL, NUMBER_RESERVE},
    {MODEL_ALL, NUMBER_TIME},
    {MODEL_ALL, NUMBER_EXPIRES},
    {MODEL_ALL, NUMBER_SELLER},
    {MODEL_ALL, NUMBER_CATEGORY},
    {MODEL_ALL, TEXTS + TEXT_EXTRA},
};

static const struct streamd_field bid_fields[] = {
    FIELD("auction", INT64),  FIELD("bidder", INT64), FIELD("price", INT64),
    FIELD("channel", STRING), FIELD("url", STRING),   FIELD("dateTime", TIMESTAMP),
    FIELD("extra", STRING),
};
static const struct column bid_columns[] = {
    {MODEL_ALL, NUMBER_AUCTION},       {MODEL_ALL, NUMBER_BIDDER},    {MODEL_ALL, NUMBER_PRICE},
    {MODEL_ALL, TEXTS + TEXT_CHANNEL}, {MODEL_ALL, TEXTS + TEXT_URL}, {MODEL_ALL, NUMBER_TIME},
    {MODEL_ALL, TEXTS + TEXT_EXTRA},
};

static const struct streamd_field all_fields[] = {
    FIELD("event_type", INT64),  FIELD("dateTime", TIMESTAMP), FIELD("extra", STRING),
    MAYBE("person_id", INT64),   MAYBE("name", STRING),        MAYBE("emailAddress", STRING),
    MAYBE("creditCard", STRING), MAYBE("city", STRING),        MAYBE("state", STRING),
    MAYBE("auction_id", INT64),  MAYBE("itemName", STRING),    MAYBE("description", STRING),
    MAYBE("initialBid", INT64),  MAYBE("reserve", INT64),      MAYBE("expires", TIMESTAMP),
    MAYBE("seller", INT64),      MAYBE("category", INT64),     MAYBE("auction", INT64),
    MAYBE("bidder", INT64),      MAYBE("price", INT64),        MAYBE("channel", STRING),
    MAYBE("url", STRING),
};
static const struct column all_columns[] = {
    {MODEL_ALL, NUMBER_TYPE},
    {MODEL_ALL, NUMBER_TIME},
    {MODEL_ALL, TEXTS + TEXT_EXTRA},
    {MODEL_PERSON, NUMBER_ID},
    {MODEL_PERSON, TEXTS + TEXT_NAME},
    {MODEL_PERSON, TEXTS + TEXT_EMAIL},
    {MODEL_PERSON, TEXTS + TEXT_CARD},
    {MODEL_PERSON, TEXTS + TEXT_CITY},
    {MODEL_PERSON, TEXTS + TEXT_STATE},
    {MODEL_AUCTION, NUMBER_ID},
    {MODEL_AUCTION, TEXTS + TEXT_ITEM},
    {MODEL_AUCTION, TEXTS + TEXT_DESCRIPTION},
    {MODEL_AUCTION, NUMBER_INITIAL_BID},
    {MODEL_AUCTION, NUMBER_RESERVE},
    {MODEL_AUCTION, NUMBER_EXPIRES},
    {MODEL_AUCTION, NUMBER_SELLER},
    {MODEL_AUCTION, NUMBER_CATEGORY},
    {MODEL_BID, NUMBER_AUCTION},
    {MODEL_BID, NUMBER_BIDDER},
    {MODEL_BID, NUMBER_PRICE},
    {MODEL_BID, TEXTS + TEXT_CHANNEL},
    {MODEL_BID, TEXTS + TEXT_URL},
};

static const struct {
    struct streamd_schema schema;
    const struct column *columns;
} kinds[] = {
    [MODEL_PERSON] = {{COUNT(person_fields), person_fields}, person_columns},
    [MODEL_AUCTION] = {{COUNT(auction_fields), auction_fields}, auction_columns},
    [MODEL_BID] = {{COUNT(bid_fields), bid_fields}, bid_columns},
    [MODEL_ALL] = {{COUNT(all_fields), all_fields}, all_columns},
};

const struct streamd_schema *columns_schema(enum model_kind kind)
{
    return &kinds[kind].schema;
}

/* ---- filling ----------------------------------------------------------------------------- */

/* The rows that a column has values at: row at[k] is event events[k]. at NULL: row k. */
struct rows {
    uint32_t count;
    const uint32_t *at;
    const uint64_t *events;
};

/* One loop per source: the call in it is inlined or direct. */
#define FILL(value)                               \
    do {                                          \
        for (uint32_t k = 0; k < r->count; k++) { \
            uint64_t n = r->events[k];            \
            out[r->at ? r->at[k] : k] = (value);  \
        }                                         \
    } while (0)

static void fill_numbers(const struct model *m, int source, const struct rows *r, int64_t *out)
{
    switch (source) {
    case NUMBER_TYPE:
        FILL((int64_t)model_kind_of(n));
        break;
    case NUMBER_TIME:
        FILL(model_time(m, n));
        break;
    case NUMBER_ID:
        FILL(model_id(n));
        break;
    case NUMBER_INITIAL_BID:
        FILL(model_initial_bid(m, n));
        break;
    case NUMBER_RESERVE:
        FILL(model_reserve(m, n));
        break;
    case NUMBER_EXPIRES:
        FILL(model_expires(m, n));
        break;
    case NUMBER_SELLER:
        FILL(model_seller(m, n));
        break;
    case NUMBER_CATEGORY:
        FILL(model_category(m, n));
        break;
    case NUMBER_AUCTION:
        FILL(model_bid_auction(m, n));
        break;
    case NUMBER_BIDDER:
        FILL(model_bidder(m, n));
        break;
    default:
        FILL(model_price(m, n));
        break;
    }
}

/* `total` rows, of which those in `r` have a text. */
static int fill_texts(struct streamd_context *c, const struct texts *t, enum text_kind kind,
                      const struct rows *r, uint32_t total, struct streamd_batch *batch,
                      uint32_t index)
{
    struct streamd_column *column = &batch->columns[index];
    uint32_t next = 0;
    size_t at = 0;

    if (streamd_batch_reserve(c, batch, index, (size_t)r->count * TEXT_MOST_BYTES))
        return STREAMD_E_NOMEM;
    for (uint32_t k = 0; k < r->count; k++) {
        uint32_t row = r->at ? r->at[k] : k;

        while (next <= row)
            column->offsets[next++] = (int32_t)at;
        at += texts_put(t, kind, r->events[k], column->data + at);
    }
    while (next <= total)
        column->offsets[next++] = (int32_t)at;
    return 0;
}

/* The rows of one kind, in the scratch lists. */
static struct rows rows_of(enum model_kind kind, const struct columns_run *run,
                           struct columns_scratch *scratch)
{
    struct rows r = {0, scratch->at, scratch->events};

    if (kind == MODEL_ALL)
        return (struct rows){run->count, NULL, run->events};
    for (uint32_t k = 0; k < run->count; k++) {
        if (model_kind_of(run->events[k]) != kind)
            continue;
        scratch->at[r.count] = k;
        scratch->events[r.count++] = run->events[k];
    }
    return r;
}

static int set_nulls(struct streamd_context *c, const struct columns_run *run,
                     enum model_kind owner, struct streamd_batch *batch, uint32_t index)
{
    int rc = 0;

    for (uint32_t k = 0; k < run->count && !rc; k++) {
        if (model_kind_of(run->events[k]) != owner)
            rc = streamd_batch_set_null(c, batch, index, k);
    }
    return rc;
}

int columns_fill(struct streamd_context *c, const struct texts *texts,
                 const struct columns_run *run, struct columns_scratch *scratch,
                 struct streamd_batch *batch)
{
    const struct column *columns = kinds[run->kind].columns;
    enum model_kind listed = MODEL_ALL;
    struct rows r = rows_of(MODEL_ALL, run, scratch);

    for (uint32_t i = 0; i < batch->schema->field_count; i++) {
        int source = columns[i].source, rc = 0;

        if (columns[i].owner != listed)
            r = rows_of(listed = columns[i].owner, run, scratch);
        if (source > TEXTS)
            rc = fill_texts(c, texts, (enum text_kind)(source - TEXTS), &r, run->count, batch, i);
        else
            fill_numbers(texts->model, source, &r, batch->columns[i].values);
        if (!rc && listed != MODEL_ALL)
            rc = set_nulls(c, run, listed, batch, i);
        if (rc)
            return rc;
    }
    for (uint32_t k = 0; k < run->count; k++)
        batch->event_time[k] = model_time(texts->model, run->events[k]);
    batch->min_time = batch->event_time[0];
    batch->max_time = batch->event_time[run->count - 1];
    batch->rows = batch->count = run->count;
    return 0;
}
