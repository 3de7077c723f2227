/*
 * Lengths, case, and single characters of texts. Lengths count characters; of bytes they count
 * bytes.
 */
#include "expr/functions/call.h"
#include "expr/functions/functions.h"
#include "expr/functions/unicode.h"

/* ---- lengths ------------------------------------------------------------------------------ */

static int characters_kernel(struct streamd_call *call)
{
    int64_t *result = call->result->values;

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        struct streamd_str s = CALL_ARG(call, 0, struct streamd_str, i);
        result[i] = (int64_t)utf8_count(s.data, s.length);
    }
    return 0;
}

static int count_bytes(struct streamd_call *call, int64_t factor)
{
    int64_t *result = call->result->values;

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        result[i] = (int64_t)CALL_ARG(call, 0, struct streamd_str, i).length * factor;
    }
    return 0;
}

static int octets_kernel(struct streamd_call *call)
{
    return count_bytes(call, 1);
}

static int bits_kernel(struct streamd_call *call)
{
    return count_bytes(call, 8);
}

/* ---- case --------------------------------------------------------------------------------- */

/* Letters of ASCII, eight at a time: `first` is the first letter to be changed. */
static void flip_ascii(const char *p, size_t n, char first, char *out)
{
    const uint64_t ones = 0x0101010101010101u;
    size_t i = 0;

    for (; i + 8 <= n; i += 8) {
        uint64_t v;
        memcpy(&v, p + i, 8);
        uint64_t from = v + ones * (uint8_t)(0x80 - first); /* bit 7: not before the first letter */
        uint64_t to = v + ones * (uint8_t)(0x80 - first - 26); /* bit 7: behind the last one */
        v ^= (from & ~to & (ones * 0x80)) >> 2;
        memcpy(out + i, &v, 8);
    }
    for (; i < n; i++)
        out[i] = (char)(p[i] ^ (p[i] >= first && p[i] < first + 26 ? 0x20 : 0));
}

/* Maps each character; `out` has room for 2 x n bytes. Answers the length. */
static size_t map_all(struct streamd_str s, uint32_t (*map)(uint32_t), char *out)
{
    size_t at = 0, used = 0, n;

    while (at < s.length) {
        uint32_t c = utf8_decode(s.data + at, s.length - at, &n);
        if (n == 1)
            out[used++] = (char)(c < 0x80 ? map(c) : c);
        else
            used += utf8_encode(map(c), out + used);
        at += n;
    }
    return used;
}

static int change_case(struct streamd_call *call, char first, uint32_t (*map)(uint32_t))
{
    struct streamd_str *result = call->result->values;
    struct call_memory memory = {NULL, NULL};

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        struct streamd_str s = CALL_ARG(call, 0, struct streamd_str, i);
        char *out = call_reserve(call, &memory, 2 * s.length);
        if (!out && s.length)
            return STREAMD_E_NOMEM;
        size_t n = s.length;
        if (utf8_is_ascii(s.data, s.length))
            flip_ascii(s.data, s.length, first, out);
        else
            n = map_all(s, map, out);
        result[i] = call_take(&memory, n);
    }
    return 0;
}

static int lower_kernel(struct streamd_call *call)
{
    return change_case(call, 'A', unicode_lower);
}

static int upper_kernel(struct streamd_call *call)
{
    return change_case(call, 'a', unicode_upper);
}

/* The first letter of each word upper, the others lower; words are letters and digits. */
static int initcap_kernel(struct streamd_call *call)
{
    struct streamd_str *result = call->result->values;
    struct call_memory memory = {NULL, NULL};

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        struct streamd_str s = CALL_ARG(call, 0, struct streamd_str, i);
        char *out = call_reserve(call, &memory, 2 * s.length);
        size_t at = 0, used = 0, n;
        int inside = 0;
        if (!out && s.length)
            return STREAMD_E_NOMEM;
        while (at < s.length) {
            uint32_t c = utf8_decode(s.data + at, s.length - at, &n);
            used += utf8_encode(inside ? unicode_lower(c) : unicode_upper(c), out + used);
            inside = unicode_is_alnum(c);
            at += n;
        }
        result[i] = call_take(&memory, used);
    }
    return 0;
}

/* ---- characters --------------------------------------------------------------------------- */

static int reverse_kernel(struct streamd_call *call)
{
    struct streamd_str *result = call->result->values;
    struct call_memory memory = {NULL, NULL};

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        struct streamd_str s = CALL_ARG(call, 0, struct streamd_str, i);
        char *out = call_reserve(call, &memory, s.length);
        if (!out && s.length)
            return STREAMD_E_NOMEM;
        for (size_t at = 0; at < s.length;) {
            size_t n = utf8_length(s.data + at, s.length - at);
            memcpy(out + s.length - at - n, s.data + at, n);
            at += n;
        }
        result[i] = call_take(&memory, s.length);
    }
    return 0;
}

static int ascii_kernel(struct streamd_call *call)
{
    int64_t *result = call->result->values;
    size_t n;

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        struct streamd_str s = CALL_ARG(call, 0, struct streamd_str, i);
        result[i] = s.length ? (int64_t)utf8_decode(s.data, s.length, &n) : 0;
    }
    return 0;
}

static int chr_kernel(struct streamd_call *call)
{
    struct streamd_str *result = call->result->values;
    struct call_memory memory = {NULL, NULL};

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        int64_t c = CALL_ARG(call, 0, int64_t, i);
        char *out = call_reserve(call, &memory, 4);
        const char *fault = c == 0                       ? "null character not permitted"
                            : c < 0                      ? "character number must be positive"
                            : c > 0x10ffff               ? "requested character too large"
                            : c >= 0xd800 && c <= 0xdfff ? "requested character not valid"
                                                         : NULL;
        if (!out)
            return STREAMD_E_NOMEM;
        if (fault) {
            int rc = call_error(call, i, STREAMD_ROW_ARGUMENT, fault);
            if (rc)
                return rc;
        }
        result[i] = call_take(&memory, fault ? 0 : utf8_encode((uint32_t)c, out));
    }
    return 0;
}

/* ---- table -------------------------------------------------------------------------------- */

#define ENTRY(name_, argument, result_, kernel_, doc_)                                            \
    {                                                                                             \
        .name = (name_), CALL_ARGS1(argument), .result = {result_, 0, 0, 0}, .kernel = (kernel_), \
        .doc = (doc_)                                                                             \
    }

const struct streamd_function functions_text_basic[] = {
    ENTRY("length", STREAMD_STRING, STREAMD_INT64, characters_kernel, "how many characters"),
    ENTRY("length", STREAMD_BYTES, STREAMD_INT64, octets_kernel, "how many bytes"),
    ENTRY("char_length", STREAMD_STRING, STREAMD_INT64, characters_kernel, "how many characters"),
    ENTRY("character_length", STREAMD_STRING, STREAMD_INT64, characters_kernel,
          "how many characters"),
    ENTRY("octet_length", STREAMD_STRING, STREAMD_INT64, octets_kernel, "how many bytes"),
    ENTRY("octet_length", STREAMD_BYTES, STREAMD_INT64, octets_kernel, "how many bytes"),
    ENTRY("bit_length", STREAMD_STRING, STREAMD_INT64, bits_kernel, "how many bits"),
    ENTRY("bit_length", STREAMD_BYTES, STREAMD_INT64, bits_kernel, "how many bits"),
    ENTRY("lower", STREAMD_STRING, STREAMD_STRING, lower_kernel, "in small letters"),
    ENTRY("upper", STREAMD_STRING, STREAMD_STRING, upper_kernel, "in capital letters"),
    ENTRY("initcap", STREAMD_STRING, STREAMD_STRING, initcap_kernel,
          "the first letter of each word capital, the others small"),
    ENTRY("reverse", STREAMD_STRING, STREAMD_STRING, reverse_kernel,
          "the characters from last to first"),
    ENTRY("ascii", STREAMD_STRING, STREAMD_INT64, ascii_kernel,
          "the code point of the first character, 0 where there is none"),
    ENTRY("chr", STREAMD_INT64, STREAMD_STRING, chr_kernel, "the character of a code point"),
    {.name = NULL}};
