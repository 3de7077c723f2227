/*
 * Digests and other codes of texts and bytes: md5, sha2, xxh3, encode, decode, to_hex, and the way
 * between texts and bytes.
 */
#include "expr/functions/call.h"
#include "expr/functions/digest.h"
#include "expr/functions/functions.h"

#include "base/text.h"

#include <streamd/convert_bytes.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <strings.h>

#define STR(call, x, row) CALL_ARG(call, x, struct streamd_str, row)

/* ---- digests ------------------------------------------------------------------------------ */

static int md5_kernel(struct streamd_call *call)
{
    struct streamd_str *result = call->result->values;
    struct call_memory memory = {NULL, NULL};
    uint8_t out[DIGEST_MAX];

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        struct streamd_str s = STR(call, 0, i);
        char *text = call_reserve(call, &memory, 32);
        if (!text)
            return STREAMD_E_NOMEM;
        digest(DIGEST_MD5, s.data, s.length, out);
        result[i] = call_take(&memory, streamd_hex_encode(out, 16, text));
    }
    return 0;
}

static int sha(struct streamd_call *call, enum digest_kind kind)
{
    struct streamd_str *result = call->result->values;
    struct call_memory memory = {NULL, NULL};

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        struct streamd_str s = STR(call, 0, i);
        char *out = call_reserve(call, &memory, DIGEST_MAX);
        if (!out)
            return STREAMD_E_NOMEM;
        digest(kind, s.data, s.length, (uint8_t *)out);
        result[i] = call_take(&memory, digest_size(kind));
    }
    return 0;
}

static int sha224_kernel(struct streamd_call *call)
{
    return sha(call, DIGEST_SHA224);
}

static int sha256_kernel(struct streamd_call *call)
{
    return sha(call, DIGEST_SHA256);
}

static int sha384_kernel(struct streamd_call *call)
{
    return sha(call, DIGEST_SHA384);
}

static int sha512_kernel(struct streamd_call *call)
{
    return sha(call, DIGEST_SHA512);
}

static int xxh3_kernel(struct streamd_call *call)
{
    int64_t *result = call->result->values;

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        struct streamd_str s = STR(call, 0, i);
        result[i] = (int64_t)XXH3_64bits(s.data, s.length);
    }
    return 0;
}

/* ---- encode ------------------------------------------------------------------------------- */

enum coding { CODING_NONE, CODING_HEX, CODING_BASE64, CODING_ESCAPE };

static enum coding coding_of(struct streamd_str name)
{
    static const char *const names[] = {"", "hex", "base64", "escape"};

    for (unsigned i = CODING_HEX; i <= CODING_ESCAPE; i++)
        if (name.length == strlen(names[i]) && strncasecmp(name.data, names[i], name.length) == 0)
            return (enum coding)i;
    return CODING_NONE;
}

/* Lines of 76 characters, as MIME and PostgreSQL have them. */
static size_t encode_base64(struct streamd_str s, char *out)
{
    size_t used = 0;

    for (size_t at = 0; at < s.length; at += 57) {
        size_t n = s.length - at < 57 ? s.length - at : 57;
        if (at)
            out[used++] = '\n';
        used += streamd_base64_encode(s.data + at, n, out + used);
    }
    return used;
}

static size_t encode_escape(struct streamd_str s, char *out)
{
    size_t used = 0;

    for (size_t i = 0; i < s.length; i++) {
        unsigned char c = (unsigned char)s.data[i];
        if (c == 0 || c >= 0x80) {
            out[used++] = '\\';
            out[used++] = (char)('0' + (c >> 6));
            out[used++] = (char)('0' + (c >> 3 & 7));
            out[used++] = (char)('0' + (c & 7));
        } else {
            if (c == '\\')
                out[used++] = '\\';
            out[used++] = (char)c;
        }
    }
    return used;
}

static int encode_kernel(struct streamd_call *call)
{
    struct streamd_str *result = call->result->values;
    struct call_memory memory = {NULL, NULL};

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        struct streamd_str s = STR(call, 0, i);
        enum coding coding = coding_of(STR(call, 1, i));
        int rc = coding == CODING_NONE          ? call_text_error(call, i, STREAMD_ROW_ARGUMENT,
                                                                  "unrecognized encoding; there are hex, "
                                                                           "base64, escape")
                 : s.length > CALL_TEXT_MAX / 4 ? call_too_long(call, i)
                                                : 1;
        if (rc < 0)
            return rc;
        if (rc == 0)
            continue;
        char *out = call_reserve(call, &memory, 4 * s.length + 4);
        if (!out)
            return STREAMD_E_NOMEM;
        size_t n = coding == CODING_HEX      ? streamd_hex_encode(s.data, s.length, out)
                   : coding == CODING_BASE64 ? encode_base64(s, out)
                                             : encode_escape(s, out);
        result[i] = call_take(&memory, n);
    }
    return 0;
}

/* ---- decode ------------------------------------------------------------------------------- */

static int is_octal(char c)
{
    return c >= '0' && c <= '7';
}

static int decode_escape(struct streamd_str s, char *out, size_t *length)
{
    size_t used = 0;

    for (size_t i = 0; i < s.length; i++) {
        const char *p = s.data + i;
        size_t rest = s.length - i;
        if (*p != '\\') {
            out[used++] = *p;
        } else if (rest >= 4 && p[1] >= '0' && p[1] <= '3' && is_octal(p[2]) && is_octal(p[3])) {
            out[used++] = (char)((p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0'));
            i += 3;
        } else if (rest >= 2 && p[1] == '\\') {
            out[used++] = '\\';
            i++;
        } else {
            return STREAMD_ROW_CAST;
        }
    }
    *length = used;
    return 0;
}

static const char *decode(enum coding coding, struct streamd_str s, char *out, size_t *length)
{
    switch (coding) {
    case CODING_HEX:
        return streamd_hex_decode(s.data, s.length, out, length) ? "invalid hexadecimal data"
                                                                 : NULL;
    case CODING_BASE64:
        return streamd_base64_decode(s.data, s.length, out, length) ? "invalid base64 data" : NULL;
    case CODING_ESCAPE:
        return decode_escape(s, out, length) ? "invalid input syntax for type bytea" : NULL;
    default:
        return "unrecognized encoding; there are hex, base64, escape";
    }
}

static int decode_kernel(struct streamd_call *call)
{
    struct streamd_str *result = call->result->values;
    struct call_memory memory = {NULL, NULL};

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        struct streamd_str s = STR(call, 0, i);
        char *out = call_reserve(call, &memory, s.length + 1);
        size_t n = 0;
        if (!out)
            return STREAMD_E_NOMEM;
        const char *fault = decode(coding_of(STR(call, 1, i)), s, out, &n);
        if (fault) {
            int rc = call_text_error(call, i, STREAMD_ROW_ARGUMENT, fault);
            if (rc)
                return rc;
            continue;
        }
        result[i] = call_take(&memory, n);
    }
    return 0;
}

static int to_hex_kernel(struct streamd_call *call)
{
    struct streamd_str *result = call->result->values;
    struct call_memory memory = {NULL, NULL};

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        uint64_t v = (uint64_t)CALL_ARG(call, 0, int64_t, i);
        unsigned n = v ? (67u - (unsigned)__builtin_clzll(v)) / 4 : 1;
        char *out = call_reserve(call, &memory, 16);
        if (!out)
            return STREAMD_E_NOMEM;
        for (unsigned d = n; d--; v >>= 4)
            out[d] = "0123456789abcdef"[v & 15];
        result[i] = call_take(&memory, n);
    }
    return 0;
}

/* ---- texts and bytes ---------------------------------------------------------------------- */

static int is_utf8(struct streamd_str name)
{
    return (name.length == 4 && strncasecmp(name.data, "utf8", 4) == 0) ||
           (name.length == 5 && strncasecmp(name.data, "utf-8", 5) == 0);
}

static int convert(struct streamd_call *call, int check)
{
    struct streamd_str *result = call->result->values;

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        struct streamd_str s = STR(call, 0, i);
        int rc = 0;
        result[i] = s;
        if (!is_utf8(STR(call, 1, i)))
            rc = call_text_error(call, i, STREAMD_ROW_ARGUMENT, "the encoding must be UTF8");
        else if (check && s.length &&
                 (text_utf8_prefix(s.data, s.length) != s.length || memchr(s.data, 0, s.length)))
            rc = call_text_error(call, i, STREAMD_ROW_UTF8,
                                 "invalid byte sequence for encoding \"UTF8\"");
        if (rc)
            return rc;
    }
    return 0;
}

static int convert_from_kernel(struct streamd_call *call)
{
    return convert(call, 1);
}

static int convert_to_kernel(struct streamd_call *call)
{
    return convert(call, 0);
}

/* ---- table -------------------------------------------------------------------------------- */

#define STRING STREAMD_STRING
#define BYTES STREAMD_BYTES
#define ENTRY(name_, arguments, result_, kernel_, doc_)                                \
    {                                                                                  \
        .name = (name_), arguments, .result = {result_, 0, 0, 0}, .kernel = (kernel_), \
        .doc = (doc_)                                                                  \
    }
#define SHA(name_, kernel_)                                                                   \
    ENTRY(name_, CALL_ARGS1(STRING), BYTES, kernel_, "the digest of the text's UTF-8 bytes"), \
        ENTRY(name_, CALL_ARGS1(BYTES), BYTES, kernel_, "the digest")

const struct streamd_function functions_hash[] = {
    ENTRY("md5", CALL_ARGS1(STRING), STRING, md5_kernel, "the MD5 digest in hexadecimal"),
    ENTRY("md5", CALL_ARGS1(BYTES), STRING, md5_kernel, "the MD5 digest in hexadecimal"),
    SHA("sha224", sha224_kernel),
    SHA("sha256", sha256_kernel),
    SHA("sha384", sha384_kernel),
    SHA("sha512", sha512_kernel),
    ENTRY("xxh3", CALL_ARGS1(STRING), STREAMD_INT64, xxh3_kernel, "XXH3_64 of the UTF-8 bytes"),
    ENTRY("xxh3", CALL_ARGS1(BYTES), STREAMD_INT64, xxh3_kernel, "XXH3_64"),
    ENTRY("encode", CALL_ARGS2(BYTES, STRING), STRING, encode_kernel,
          "bytes as text: hex, base64 or escape"),
    ENTRY("decode", CALL_ARGS2(STRING, STRING), BYTES, decode_kernel,
          "the bytes of a text: hex, base64 or escape"),
    ENTRY("to_hex", CALL_ARGS1(STREAMD_INT64), STRING, to_hex_kernel,
          "in hexadecimal, negative numbers as two's complement"),
    ENTRY("convert_from", CALL_ARGS2(BYTES, STRING), STRING, convert_from_kernel,
          "bytes that are UTF8 as text"),
    ENTRY("convert_to", CALL_ARGS2(STRING, STRING), BYTES, convert_to_kernel,
          "the UTF8 bytes of a text"),
    {.name = NULL}};
