/*
 * exchange/wake.h - waking a worker that sleeps, and nobody else.
 *
 * Each worker has an eventfd, and a flag in its segment that says "I am about to sleep". Whoever
 * gave a worker something to do (a frame in a ring, room in a ring) calls wake_peer, which writes
 * to the eventfd only where the flag is up. The flag and the indices of rings are sequentially
 * consistent atomics, so either the peer sees the flag or the sleeper sees what the peer did:
 *
 *     sleeper                                  peer
 *       wake_prepare: flag = 1                   index of a ring moves
 *       looks once more at all rings             wake_peer: flag is 1? flag = 0, write
 *       poll(... eventfd ...)
 *       wake_done: flag = 0, reads the eventfd
 *
 * "Looks once more" is: channel_pump on all senders with something waiting, then whether any task
 * can run: an input that it would take from holds a frame (channel_peek), and its outputs have
 * room. The flag can be put down by a peer gone mad; so poll with a limit of a second.
 */
#ifndef EXCHANGE_WAKE_H
#define EXCHANGE_WAKE_H

#include <stdatomic.h>
#include <stdint.h>

struct wake {
    _Atomic uint32_t *asleep; /* in the worker's segment (segment_asleep) */
    int fd;                   /* its eventfd, EFD_NONBLOCK; not owned */
};

/* Before and after sleeping. The worker whose wake it is only. */
void wake_prepare(const struct wake *own);
void wake_done(const struct wake *own);

/* Wakes the worker if it sleeps; costs one load where it does not. Any process. */
void wake_peer(const struct wake *peer);

#endif
