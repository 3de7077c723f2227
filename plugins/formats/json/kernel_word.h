/*
 * What the fast path does with words of 8 bytes, on any machine: the digits of numbers.
 */
#ifndef JSON_KERNEL_WORD_H
#define JSON_KERNEL_WORD_H

#include <streamd/convert.h>

#define KERNEL_INLINE static inline __attribute__((always_inline, unused))

/* A number without exponent: its digits as an integer, and how many of them stand behind the
   point. */
struct kernel_number {
    uint64_t digits;
    unsigned fraction;
    int negative;
};

/* The number that the bytes of x are, 0 .. 9 each, the first digit lowest. */
KERNEL_INLINE uint64_t kernel_digits8(uint64_t x)
{
    x = x * 10 + (x >> 8); /* pairs in bytes 0, 2, 4, 6 */
    return ((x & UINT64_C(0x000000FF000000FF)) * UINT64_C(0x000F424000000064) +
            (x >> 16 & UINT64_C(0x000000FF000000FF)) * UINT64_C(0x0000271000000001)) >>
           32;
}

/* Reads up to 8 digits at p, and sets how many there are. */
KERNEL_INLINE uint64_t kernel_take8(const uint8_t *p, unsigned *count)
{
    uint64_t x = streamd_load8((const char *)p) ^ UINT64_C(0x3030303030303030);
    uint64_t odd = ((x + UINT64_C(0x7676767676767676)) | x) & UINT64_C(0x8080808080808080);

    *count = odd ? (unsigned)__builtin_ctzll(odd) / 8 : 8;
    return *count == 0 ? 0 : kernel_digits8(x << (64 - 8 * *count));
}

/*
 * Reads a number of JSON of at most 16 digits without exponent, or one of 17 to 19 digits without
 * fraction. Answers what follows it, or NULL: there is none, or it needs the slow way.
 */
KERNEL_INLINE const uint8_t *kernel_number_by_words(const uint8_t *p, struct kernel_number *number)
{
    static const uint64_t powers[] = {1,      10,      100,      1000,     10000,
                                      100000, 1000000, 10000000, 100000000};
    unsigned first, second = 0, third = 0;

    number->negative = *p == '-';
    p += number->negative;
    number->digits = kernel_take8(p, &first);
    if (first == 0 || (*p == '0' && first > 1))
        return NULL;
    p += first;
    number->fraction = 0;
    if (first == 8) {
        uint64_t more = kernel_take8(p, &second);

        number->digits = number->digits * powers[second] + more;
        p += second;
        while (first + second + third >= 16 && third < 3 && (unsigned)*p - '0' <= 9) {
            number->digits = number->digits * 10 + (*p++ - (unsigned)'0');
            third++;
        }
    }
    if (*p == '.') {
        unsigned fraction;
        uint64_t more = kernel_take8(++p, &fraction);

        if (fraction == 0 || first + second + third + fraction > 16)
            return NULL;
        number->digits = number->digits * powers[fraction] + more;
        number->fraction = fraction;
        p += fraction;
    }
    if ((unsigned)*p - '0' <= 9 || (*p | 0x20) == 'e' || *p == '.')
        return NULL;
    return p;
}

#endif
