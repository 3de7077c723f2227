/* A memfd of fixed layout. Indices of a ring lie 128 bytes apart, so that the two processes do not
   fight for a cache line, nor for the pair that the prefetcher fetches. */
#include "exchange/segment.h"

#include "base/error.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ASLEEP = 64, HEADERS = 4096, HEADER = 512, HEAD = 0, TAIL = 128, WANTED = 256, PAGE = 4096 };
enum { SEALS = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL };
enum { SMALLEST_RING = 64 << 10, LARGEST_RING = 1 << 20 };

struct identity {
    char magic[8];
    uint32_t version;
    uint32_t rings;
    uint32_t ring_bytes;
};

struct segment {
    uint8_t *memory;
    size_t size;
    uint32_t rings;
    uint32_t ring_bytes;
};

static struct identity identity_of(uint32_t rings, uint32_t ring_bytes)
{
    return (struct identity){{'S', 'D', 'R', 'I', 'N', 'G', 'S', '1'}, 1, rings, ring_bytes};
}

static size_t data_offset(uint32_t rings)
{
    return (HEADERS + (size_t)rings * HEADER + PAGE - 1) / PAGE * PAGE;
}

static size_t size_of(uint32_t rings, uint32_t ring_bytes)
{
    return data_offset(rings) + (size_t)rings * ring_bytes;
}

static int is_possible(uint32_t rings, uint32_t ring_bytes)
{
    return rings <= SEGMENT_MOST_RINGS && ring_bytes >= SEGMENT_LEAST_RING &&
           ring_bytes <= UINT32_C(1) << 30 && (ring_bytes & (ring_bytes - 1)) == 0;
}

uint32_t segment_ring_bytes(uint64_t budget, uint32_t rings)
{
    uint64_t share = rings ? budget / rings : budget;
    uint32_t bytes = SMALLEST_RING;

    while (bytes < LARGEST_RING && (uint64_t)bytes * 2 <= share)
        bytes *= 2;
    return bytes;
}

static int fill(int fd, uint32_t rings, uint32_t ring_bytes, struct streamd_error *error)
{
    struct identity identity = identity_of(rings, ring_bytes);

    if (ftruncate(fd, (off_t)size_of(rings, ring_bytes)))
        return error_set_errno(error, errno, "cannot size the memory of a worker's rings");
    if (pwrite(fd, &identity, sizeof(identity), 0) != (ssize_t)sizeof(identity))
        return error_set_errno(error, errno, "cannot write to the memory of a worker's rings");
    if (fcntl(fd, F_ADD_SEALS, SEALS))
        return error_set_errno(error, errno, "cannot seal the memory of a worker's rings");
    return 0;
}

int segment_create(uint32_t rings, uint32_t ring_bytes, int *memfd, struct streamd_error *error)
{
    int fd, rc;

    if (!is_possible(rings, ring_bytes))
        return error_set(error, STREAMD_E_INVALID, "no %u rings of %u bytes", rings, ring_bytes);
    fd = memfd_create("streamd-rings", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return error_set_errno(error, errno, "cannot make the memory of a worker's rings");
    rc = fill(fd, rings, ring_bytes, error);
    if (rc)
        close(fd);
    else
        *memfd = fd;
    return rc;
}

/* Is this memfd what segment_create made? */
static int check(int fd, uint32_t rings, uint32_t ring_bytes, struct streamd_error *error)
{
    struct identity wanted = identity_of(rings, ring_bytes), found;
    struct stat st;
    int seals;

    if (!is_possible(rings, ring_bytes))
        return error_set(error, STREAMD_E_DATA, "no %u rings of %u bytes", rings, ring_bytes);
    if (fstat(fd, &st))
        return error_set_errno(error, errno, "cannot look at the memory of a worker's rings");
    if ((size_t)st.st_size != size_of(rings, ring_bytes))
        return error_set(error, STREAMD_E_DATA,
                         "the memory of a worker's rings has %lld bytes instead of %zu",
                         (long long)st.st_size, size_of(rings, ring_bytes));
    seals = fcntl(fd, F_GET_SEALS);
    if (seals < 0 || (seals & SEALS) != SEALS)
        return error_set(error, STREAMD_E_DATA, "the memory of a worker's rings is not sealed");
    if (pread(fd, &found, sizeof(found), 0) != (ssize_t)sizeof(found) ||
        memcmp(&found, &wanted, sizeof(found)) != 0)
        return error_set(error, STREAMD_E_DATA,
                         "the memory of a worker's rings has another layout");
    return 0;
}

int segment_map(int fd, uint32_t rings, uint32_t ring_bytes, struct segment **segment,
                struct streamd_error *error)
{
    struct segment *s;
    int rc = check(fd, rings, ring_bytes, error);

    if (rc)
        return rc;
    s = memory_zalloc(1, sizeof(*s));
    if (!s)
        return error_set_nomem(error);
    *s = (struct segment){NULL, size_of(rings, ring_bytes), rings, ring_bytes};
    s->memory = mmap(NULL, s->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (s->memory == MAP_FAILED) {
        memory_free(s);
        return error_set_errno(error, errno, "cannot map the memory of a worker's rings");
    }
    *segment = s;
    return 0;
}

void segment_free(struct segment *s)
{
    if (!s)
        return;
    munmap(s->memory, s->size);
    memory_free(s);
}

_Atomic uint32_t *segment_asleep(struct segment *s)
{
    return (_Atomic uint32_t *)(void *)(s->memory + ASLEEP);
}

struct segment_ring segment_ring(struct segment *s, uint32_t ring)
{
    uint8_t *header = s->memory + HEADERS + (size_t)ring * HEADER;

    return (struct segment_ring){
        .head = (_Atomic uint64_t *)(void *)(header + HEAD),
        .tail = (_Atomic uint64_t *)(void *)(header + TAIL),
        .wanted = (_Atomic uint32_t *)(void *)(header + WANTED),
        .data = s->memory + data_offset(s->rings) + (size_t)ring * s->ring_bytes,
        .bytes = s->ring_bytes,
    };
}
