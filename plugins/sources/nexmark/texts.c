/*
 * Letters come 12 from 64 random bits: each takes the highest part of what the one before left.
 */
#include "texts.h"

#include "random.h"

#include <stdio.h>
#include <string.h>

enum { ALL_CHANNELS = MODEL_CHANNELS + 4, CHANNEL_BYTES = 16 };

static const char *const first_names[] = {"Peter", "Paul",  "Luke",  "John",   "Saul",  "Vicky",
                                          "Kate",  "Julie", "Sarah", "Deiter", "Walter"};
static const char *const last_names[] = {"Shultz", "Abrams", "Spencer", "White", "Bartels",
                                         "Walton", "Smith",  "Jones",   "Noris"};
static const char *const cities[] = {"Phoenix",  "Los Angeles", "San Francisco", "Boise",
                                     "Portland", "Bend",        "Redmond",       "Seattle",
                                     "Kent",     "Cheyenne"};
static const char *const states[] = {"AZ", "CA", "ID", "OR", "WA", "WY"};
static const char *const well_known[] = {"Google", "Facebook", "Baidu", "Apple"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static size_t put(uint8_t *out, const char *text)
{
    size_t length = strlen(text);

    memcpy(out, text, length);
    return length;
}

static size_t put_letters(uint8_t *out, uint64_t seed, uint32_t least, uint32_t most)
{
    uint32_t length = least + (uint32_t)random_below(seed, most - least + 1);
    uint64_t bits = 0;

    for (uint32_t i = 0; i < length; i++) {
        unsigned __int128 product;

        if (i % 12 == 0)
            bits = random_bits(seed, i + 1);
        product = (unsigned __int128)bits * 26;
        out[i] = (uint8_t)('a' + (uint8_t)(product >> 64));
        bits = (uint64_t)product;
    }
    return length;
}

static size_t put_name(uint8_t *out, uint64_t bits)
{
    size_t n = put(out, first_names[random_below(bits, COUNT(first_names))]);

    out[n++] = ' ';
    return n + put(out + n, last_names[random_below(random_bits(bits, 1), COUNT(last_names))]);
}

static size_t put_email(uint8_t *out, uint64_t bits)
{
    size_t n = put_letters(out, bits, 3, 7);

    out[n++] = '@';
    n += put_letters(out + n, random_bits(bits, 99), 3, 5);
    return n + put(out + n, ".com");
}

static size_t put_card(uint8_t *out, uint64_t bits)
{
    size_t n = 0;

    for (uint64_t group = 0; group < 4; group++) {
        uint64_t number = random_below(random_bits(bits, group), 10000);

        if (group > 0)
            out[n++] = ' ';
        for (uint64_t unit = 1000; unit > 0; unit /= 10)
            out[n++] = (uint8_t)('0' + number / unit % 10);
    }
    return n;
}

static size_t put_str(uint8_t *out, struct streamd_str text)
{
    memcpy(out, text.data, text.length);
    return text.length;
}

size_t texts_put(const struct texts *t, enum text_kind kind, uint64_t n, uint8_t *out)
{
    const struct model *m = t->model;

    switch (kind) {
    case TEXT_NAME:
        return put_name(out, model_bits(m, STREAM_NAME, n));
    case TEXT_EMAIL:
        return put_email(out, model_bits(m, STREAM_EMAIL, n));
    case TEXT_CARD:
        return put_card(out, model_bits(m, STREAM_CARD, n));
    case TEXT_CITY:
        return put(out, cities[random_below(model_bits(m, STREAM_CITY, n), COUNT(cities))]);
    case TEXT_STATE:
        return put(out, states[random_below(model_bits(m, STREAM_STATE, n), COUNT(states))]);
    case TEXT_ITEM:
        return put_letters(out, model_bits(m, STREAM_ITEM, n), 3, 12);
    case TEXT_DESCRIPTION:
        return put_letters(out, model_bits(m, STREAM_DESCRIPTION, n), 8, 24);
    case TEXT_EXTRA:
        return put_letters(out, model_bits(m, STREAM_EXTRA, n), 4, 12);
    case TEXT_CHANNEL:
        return put_str(out, t->channels[model_channel(m, n)]);
    default:
        return put_str(out, t->urls[model_channel(m, n)]);
    }
}

/* ---- channels ---------------------------------------------------------------------------- */

/* The number with its 32 bits in reverse order, without the sign. */
static uint32_t channel_id(uint32_t channel)
{
    uint32_t id = 0;

    for (int bit = 0; bit < 32; bit++)
        id = id << 1 | (channel >> bit & 1);
    return id & 0x7fffffff;
}

static size_t put_url(const struct model *m, uint32_t channel, uint8_t *out)
{
    uint64_t bits = model_bits(m, STREAM_URL, channel);
    size_t n = put(out, "https://www.nexmark.com/");

    for (uint64_t part = 0; part < 3; part++) {
        n += put_letters(out + n, random_bits(bits, 1000 + part), 3, 5);
        out[n++] = '/';
    }
    n += put(out + n, "item.htm?query=1");
    if (channel < MODEL_CHANNELS && random_below(model_bits(m, STREAM_URL_ID, channel), 10) < 9) {
        char text[32];

        snprintf(text, sizeof(text), "&channel_id=%u", channel_id(channel));
        n += put(out + n, text);
    }
    return n;
}

int texts_init(struct streamd_context *c, struct texts *t, const struct model *model)
{
    char *at;

    *t = (struct texts){.model = model};
    t->bytes = streamd_alloc(c, (size_t)ALL_CHANNELS * (CHANNEL_BYTES + TEXT_MOST_BYTES));
    t->channels = streamd_alloc(c, ALL_CHANNELS * sizeof(*t->channels));
    t->urls = streamd_alloc(c, ALL_CHANNELS * sizeof(*t->urls));
    if (!t->bytes || !t->channels || !t->urls)
        return STREAMD_E_NOMEM;
    at = t->bytes;
    for (uint32_t i = 0; i < ALL_CHANNELS; i++) {
        int n = i < MODEL_CHANNELS
                    ? snprintf(at, CHANNEL_BYTES, "channel-%u", i)
                    : snprintf(at, CHANNEL_BYTES, "%s", well_known[i - MODEL_CHANNELS]);

        t->channels[i] = (struct streamd_str){at, (size_t)n};
        at += n;
        t->urls[i] = (struct streamd_str){at, put_url(model, i, (uint8_t *)at)};
        at += t->urls[i].length;
    }
    return 0;
}

void texts_clear(struct streamd_context *c, struct texts *t)
{
    streamd_free(c, t->bytes);
    streamd_free(c, t->channels);
    streamd_free(c, t->urls);
    *t = (struct texts){0};
}
