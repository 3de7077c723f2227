/*
 * columnar/kernel.h - loops over a column, compiled for several kinds of x86-64 and chosen at run
 * time. A loop is written once, as an always_inline function; KERNELS makes of it one function per
 * kind of machine and one that calls the best of them:
 *
 *     static inline __attribute__((always_inline)) void body(uint64_t *to, uint32_t n) {...}
 *     KERNELS(add_one, body, (uint64_t *to, uint32_t n), (to, n))
 *
 * To choose costs some ns a call: worth it for a batch, not for a row.
 */
#ifndef COLUMNAR_KERNEL_H
#define COLUMNAR_KERNEL_H

#ifdef __x86_64__
#define KERNELS(name, body, parameters, arguments)                                       \
    __attribute__((                                                                      \
        target("avx512f,avx512bw,avx512dq,avx512vl"))) static void name##_512 parameters \
    {                                                                                    \
        body arguments;                                                                  \
    }                                                                                    \
    __attribute__((target("avx2"))) static void name##_256 parameters                    \
    {                                                                                    \
        body arguments;                                                                  \
    }                                                                                    \
    static void name parameters                                                          \
    {                                                                                    \
        if (__builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&  \
            __builtin_cpu_supports("avx512bw"))                                          \
            name##_512 arguments;                                                        \
        else if (__builtin_cpu_supports("avx2"))                                         \
            name##_256 arguments;                                                        \
        else                                                                             \
            body arguments;                                                              \
    }
#else
#define KERNELS(name, body, parameters, arguments) \
    static void name parameters                    \
    {                                              \
        body arguments;                            \
    }
#endif

#endif
