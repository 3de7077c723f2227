/* A flag in shared memory and an eventfd. Whoever takes the flag down writes, so that a sleeper
   gets one write however many peers found it asleep. */
#include "exchange/wake.h"

#include <unistd.h>

void wake_prepare(const struct wake *own)
{
    atomic_store(own->asleep, 1);
}

void wake_done(const struct wake *own)
{
    uint64_t count;
    ssize_t n;

    atomic_store(own->asleep, 0);
    n = read(own->fd, &count, sizeof(count));
    (void)n; /* EAGAIN: something else woke us */
}

void wake_peer(const struct wake *peer)
{
    uint64_t one = 1;
    ssize_t n;

    if (!atomic_load(peer->asleep) || !atomic_exchange(peer->asleep, 0))
        return;
    n = write(peer->fd, &one, sizeof(one));
    (void)n; /* EAGAIN: the counter is full, so it will wake; a dead peer is noticed elsewhere */
}
