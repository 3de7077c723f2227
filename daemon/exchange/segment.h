/*
 * exchange/segment.h - the shared memory of a worker: all rings that it reads, in one sealed memfd.
 *
 *      0   8 bytes "SDRINGS1", u32 version 1, u32 rings, u32 bytes of a ring
 *     64   u32 asleep (wake.h)
 *   4096   one header of 512 bytes per ring:
 *            +0   u64 head    bytes ever written: moved by the producer
 *            +128 u64 tail    bytes ever read: moved by the consumer
 *            +256 u32 wanted  the producer waits for room
 *     ..   the rings' bytes, from a multiple of 4096 on
 *
 * The coordinator makes one per worker and passes descriptors; workers map their own and those of
 * the workers they send to. The seals (SHRINK, GROW, SEAL) make sure that no access can fault.
 * docs/internals/exchange.md has the frames inside a ring.
 */
#ifndef EXCHANGE_SEGMENT_H
#define EXCHANGE_SEGMENT_H

#include <streamd/error.h>

#include <stdatomic.h>
#include <stdint.h>

enum { SEGMENT_LEAST_RING = 256, SEGMENT_MOST_RINGS = 1 << 16 };

struct segment;

/* How large to make each of `rings` rings, so that they take about `budget` bytes together: a power
   of two from 64 KiB to 1 MiB. */
uint32_t segment_ring_bytes(uint64_t budget, uint32_t rings);

/* Makes a segment and answers its descriptor (close-on-exec, the caller's). `ring_bytes` is a power
   of two, at least SEGMENT_LEAST_RING. 0, STREAMD_E_INVALID or STREAMD_E_IO. */
int segment_create(uint32_t rings, uint32_t ring_bytes, int *memfd, struct streamd_error *error);

/* Maps a segment after checking its size, seals and header; the descriptor stays the caller's and
   may be closed. 0, STREAMD_E_NOMEM, STREAMD_E_IO, or STREAMD_E_DATA: it is no such segment. */
int segment_map(int memfd, uint32_t rings, uint32_t ring_bytes, struct segment **segment,
                struct streamd_error *error);
void segment_free(struct segment *segment);

/* The flag of exchange/wake.h. */
_Atomic uint32_t *segment_asleep(struct segment *segment);

/* Where a ring is. Nothing that is read here can be trusted but `bytes`. */
struct segment_ring {
    _Atomic uint64_t *head, *tail;
    _Atomic uint32_t *wanted;
    uint8_t *data;
    uint32_t bytes;
};

/* Ring number `ring`, which must be below the number of rings. */
struct segment_ring segment_ring(struct segment *segment, uint32_t ring);

#endif
