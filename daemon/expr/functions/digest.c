/*
 * Whole texts are at hand, so that there is no state to feed: full blocks are hashed where they
 * lie, and the last one or two, with the padding and the length, are made in a buffer. The
 * constants are those of the standards.
 */
#include "expr/functions/digest.h"

#include <string.h>

/* Words of 64-bit SHA; those of 32-bit SHA are their upper halves. */
static const uint64_t sha_constants[80] = {
    0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc,
    0x3956c25bf348b538, 0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118,
    0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2,
    0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235, 0xc19bf174cf692694,
    0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
    0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5,
    0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4,
    0xc6e00bf33da88fc2, 0xd5a79147930aa725, 0x06ca6351e003826f, 0x142929670a0e6e70,
    0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df,
    0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
    0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30,
    0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8,
    0x19a4c116b8d2d0c8, 0x1e376c085141ab53, 0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8,
    0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3,
    0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
    0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b,
    0xca273eceea26619c, 0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178,
    0x06f067aa72176fba, 0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b,
    0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c,
    0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817,
};

static uint32_t rotate32(uint32_t v, unsigned n)
{
    return v >> n | v << (32 - n);
}

static uint64_t rotate64(uint64_t v, unsigned n)
{
    return v >> n | v << (64 - n);
}

static uint64_t load_big(const uint8_t *p, unsigned bytes)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < bytes; i++)
        v = v << 8 | p[i];
    return v;
}

static void store_big(uint8_t *p, uint64_t v, unsigned bytes)
{
    while (bytes--) {
        p[bytes] = (uint8_t)v;
        v >>= 8;
    }
}

/* ---- MD5 ---------------------------------------------------------------------------------- */

static void md5_block(uint32_t state[4], const uint8_t *p)
{
    static const uint8_t shifts[4][4] = {
        {7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
    static const uint8_t steps[4] = {1, 5, 3, 7}, starts[4] = {0, 1, 5, 0};
    static const uint32_t sines[64] = {
        0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613,
        0xfd469501, 0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193,
        0xa679438e, 0x49b40821, 0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d,
        0x02441453, 0xd8a1e681, 0xe7d3fbc8, 0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed,
        0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a, 0xfffa3942, 0x8771f681, 0x6d9d6122,
        0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70, 0x289b7ec6, 0xeaa127fa,
        0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665, 0xf4292244,
        0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
        0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb,
        0xeb86d391,
    };
    uint32_t w[16], a = state[0], b = state[1], c = state[2], d = state[3];

    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)p[4 * i] | (uint32_t)p[4 * i + 1] << 8 | (uint32_t)p[4 * i + 2] << 16 |
               (uint32_t)p[4 * i + 3] << 24;
    for (unsigned i = 0; i < 64; i++) {
        unsigned round = i / 16;
        uint32_t f = round == 0   ? (b & c) | (~b & d)
                     : round == 1 ? (d & b) | (~d & c)
                     : round == 2 ? b ^ c ^ d
                                  : c ^ (b | ~d);
        f += a + sines[i] + w[(starts[round] + steps[round] * i) % 16];
        a = d;
        d = c;
        c = b;
        b += rotate32(f, 32u - shifts[round][i % 4]);
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
}

static void md5(const uint8_t *p, size_t n, uint8_t *out)
{
    uint32_t state[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    uint8_t last[128] = {0};
    uint64_t bits = (uint64_t)n * 8;
    size_t rest = n % 64, padded = rest < 56 ? 64 : 128;

    for (size_t at = 0; at + 64 <= n; at += 64)
        md5_block(state, p + at);
    if (rest)
        memcpy(last, p + n - rest, rest);
    last[rest] = 0x80;
    for (unsigned i = 0; i < 8; i++)
        last[padded - 8 + i] = (uint8_t)(bits >> (8 * i));
    for (size_t at = 0; at < padded; at += 64)
        md5_block(state, last + at);
    for (unsigned i = 0; i < 16; i++)
        out[i] = (uint8_t)(state[i / 4] >> (8 * (i % 4)));
}

/* ---- SHA-2 -------------------------------------------------------------------------------- */

static void sha256_block(uint64_t state[8], const uint8_t *p)
{
    uint32_t w[64], s[8];

    for (unsigned i = 0; i < 16; i++)
        w[i] = (uint32_t)load_big(p + 4 * i, 4);
    for (unsigned i = 16; i < 64; i++) {
        uint32_t x = w[i - 15], y = w[i - 2];
        w[i] = w[i - 16] + (rotate32(x, 7) ^ rotate32(x, 18) ^ x >> 3) + w[i - 7] +
               (rotate32(y, 17) ^ rotate32(y, 19) ^ y >> 10);
    }
    for (unsigned i = 0; i < 8; i++)
        s[i] = (uint32_t)state[i];
    for (unsigned i = 0; i < 64; i++) {
        uint32_t e = s[4], a = s[0];
        uint32_t t1 = s[7] + (rotate32(e, 6) ^ rotate32(e, 11) ^ rotate32(e, 25)) +
                      ((e & s[5]) ^ (~e & s[6])) + (uint32_t)(sha_constants[i] >> 32) + w[i];
        uint32_t t2 = (rotate32(a, 2) ^ rotate32(a, 13) ^ rotate32(a, 22)) +
                      ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));
        memmove(s + 1, s, 7 * sizeof *s);
        s[4] += t1;
        s[0] = t1 + t2;
    }
    for (unsigned i = 0; i < 8; i++)
        state[i] = (uint32_t)(state[i] + s[i]);
}

static void sha512_block(uint64_t state[8], const uint8_t *p)
{
    uint64_t w[80], s[8];

    for (unsigned i = 0; i < 16; i++)
        w[i] = load_big(p + 8 * i, 8);
    for (unsigned i = 16; i < 80; i++) {
        uint64_t x = w[i - 15], y = w[i - 2];
        w[i] = w[i - 16] + (rotate64(x, 1) ^ rotate64(x, 8) ^ x >> 7) + w[i - 7] +
               (rotate64(y, 19) ^ rotate64(y, 61) ^ y >> 6);
    }
    memcpy(s, state, sizeof s);
    for (unsigned i = 0; i < 80; i++) {
        uint64_t e = s[4], a = s[0];
        uint64_t t1 = s[7] + (rotate64(e, 14) ^ rotate64(e, 18) ^ rotate64(e, 41)) +
                      ((e & s[5]) ^ (~e & s[6])) + sha_constants[i] + w[i];
        uint64_t t2 = (rotate64(a, 28) ^ rotate64(a, 34) ^ rotate64(a, 39)) +
                      ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));
        memmove(s + 1, s, 7 * sizeof *s);
        s[4] += t1;
        s[0] = t1 + t2;
    }
    for (unsigned i = 0; i < 8; i++)
        state[i] += s[i];
}

/* `word`: bytes of a word, 4 or 8. */
static void sha2(uint64_t state[8], unsigned word, const uint8_t *p, size_t n, uint8_t *out,
                 size_t size)
{
    void (*hash)(uint64_t *, const uint8_t *) = word == 4 ? sha256_block : sha512_block;
    size_t block = 16 * (size_t)word, rest = n % block;
    size_t padded = rest + 1 + 2 * (size_t)word <= block ? block : 2 * block;
    uint8_t last[256] = {0};

    for (size_t at = 0; at + block <= n; at += block)
        hash(state, p + at);
    if (rest)
        memcpy(last, p + n - rest, rest);
    last[rest] = 0x80;
    store_big(last + padded - 8, (uint64_t)n * 8, 8);
    for (size_t at = 0; at < padded; at += block)
        hash(state, last + at);
    for (size_t i = 0; i * word < size; i++)
        store_big(out + i * word, state[i], word);
}

/* ---- public ------------------------------------------------------------------------------- */

size_t digest_size(enum digest_kind kind)
{
    static const uint8_t sizes[] = {16, 28, 32, 48, 64};

    return sizes[kind];
}

void digest(enum digest_kind kind, const void *data, size_t n, uint8_t out[DIGEST_MAX])
{
    static const uint64_t starts[4][8] = {{
                                              0x00000000c1059ed8,
                                              0x00000000367cd507,
                                              0x000000003070dd17,
                                              0x00000000f70e5939,
                                              0x00000000ffc00b31,
                                              0x0000000068581511,
                                              0x0000000064f98fa7,
                                              0x00000000befa4fa4,
                                          },
                                          {
                                              0x000000006a09e667,
                                              0x00000000bb67ae85,
                                              0x000000003c6ef372,
                                              0x00000000a54ff53a,
                                              0x00000000510e527f,
                                              0x000000009b05688c,
                                              0x000000001f83d9ab,
                                              0x000000005be0cd19,
                                          },
                                          {
                                              0xcbbb9d5dc1059ed8,
                                              0x629a292a367cd507,
                                              0x9159015a3070dd17,
                                              0x152fecd8f70e5939,
                                              0x67332667ffc00b31,
                                              0x8eb44a8768581511,
                                              0xdb0c2e0d64f98fa7,
                                              0x47b5481dbefa4fa4,
                                          },
                                          {
                                              0x6a09e667f3bcc908,
                                              0xbb67ae8584caa73b,
                                              0x3c6ef372fe94f82b,
                                              0xa54ff53a5f1d36f1,
                                              0x510e527fade682d1,
                                              0x9b05688c2b3e6c1f,
                                              0x1f83d9abfb41bd6b,
                                              0x5be0cd19137e2179,
                                          }};
    uint64_t state[8];

    if (kind == DIGEST_MD5) {
        md5(data, n, out);
        return;
    }
    memcpy(state, starts[kind - DIGEST_SHA224], sizeof state);
    sha2(state, kind <= DIGEST_SHA256 ? 4 : 8, data, n, out, digest_size(kind));
}
