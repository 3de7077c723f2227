/*
 * Sending: every message becomes an item of a queue, and the queue is sent as far as the socket
 * takes it, so that a blocking socket and one that is not differ only in where EAGAIN can happen.
 * Its descriptors are duplicated, since the item may outlive the call. The kernel takes at most 253
 * of them with one sendmsg and attaches them to that call's bytes: a message with more spends one
 * byte on each group but the last.
 *
 * Receiving: the four bytes of the length, then the text, into one buffer that grows as bytes
 * arrive. recvmsg does not read past bytes that have descriptors, so those of one message are never
 * mixed up with those of the next.
 */
#include "control/message.h"

#include "base/array.h"
#include "base/error.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEADER = 4, GROUP = 250, FIRST_BUFFER = 4096 };

struct item {
    struct item *next;
    size_t length, sent;
    int *descriptors; /* inside of the block, behind the bytes */
    size_t descriptor_count, descriptors_sent;
    char bytes[];
};

struct control {
    int socket;
    pthread_mutex_t lock; /* the queue */
    struct item *first, **last;
    size_t waiting; /* bytes in the queue */
    int broken_send;

    char *buffer; /* a header and a text, or their beginning */
    size_t capacity, have;
    struct {
        int *items;
        size_t count, capacity;
    } descriptors; /* of the message that is being received */
    int broken_receive;
};

struct control *control_new(int socket)
{
    struct control *c = memory_zalloc(1, sizeof(*c));

    if (!c)
        return NULL;
    c->buffer = memory_alloc(FIRST_BUFFER);
    if (!c->buffer || pthread_mutex_init(&c->lock, NULL)) {
        memory_free(c->buffer);
        memory_free(c);
        return NULL;
    }
    c->capacity = FIRST_BUFFER;
    c->socket = socket;
    c->last = &c->first;
    return c;
}

static void close_all(int *descriptors, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (descriptors[i] >= 0)
            close(descriptors[i]);
}

static void item_free(struct item *item)
{
    close_all(item->descriptors + item->descriptors_sent,
              item->descriptor_count - item->descriptors_sent);
    memory_free(item);
}

void control_free(struct control *c)
{
    if (!c)
        return;
    while (c->first) {
        struct item *item = c->first;

        c->first = item->next;
        item_free(item);
    }
    close_all(c->descriptors.items, c->descriptors.count);
    array_clear(&c->descriptors);
    memory_free(c->buffer);
    close(c->socket);
    pthread_mutex_destroy(&c->lock);
    memory_free(c);
}

int control_socket(const struct control *c)
{
    return c->socket;
}

/* --- Sending -----------------------------------------------------------------------------------
 */

/* An item with room for a text and copies of the descriptors. */
static int item_new(size_t length, const int *descriptors, size_t count, struct item **made,
                    struct streamd_error *error)
{
    size_t bytes = (HEADER + length + sizeof(int) - 1) / sizeof(int) * sizeof(int);
    struct item *item = memory_alloc(sizeof(*item) + bytes + count * sizeof(int));

    if (!item)
        return error_set_nomem(error);
    *item = (struct item){.length = HEADER + length};
    item->descriptors = (int *)(void *)(item->bytes + bytes);
    for (; item->descriptor_count < count; item->descriptor_count++) {
        int copy = fcntl(descriptors[item->descriptor_count], F_DUPFD_CLOEXEC, 3);

        if (copy < 0) {
            int saved = errno;

            item_free(item);
            return error_set_errno(error, saved, "cannot copy a descriptor");
        }
        item->descriptors[item->descriptor_count] = copy;
    }
    *made = item;
    return 0;
}

/* Sends a piece of an item with the descriptors that go with it. Bytes sent, or -1 and errno. */
static ssize_t send_piece(int socket, struct item *item)
{
    size_t left = item->descriptor_count - item->descriptors_sent;
    size_t count = left < GROUP ? left : GROUP;
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(GROUP * sizeof(int))];
    } control;
    struct iovec piece = {.iov_base = item->bytes + item->sent,
                          .iov_len = left > GROUP ? 1 : item->length - item->sent};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    ssize_t sent;

    if (count > 0) {
        memset(&control, 0, sizeof(control));
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(count * sizeof(int));
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(&control.header), item->descriptors + item->descriptors_sent,
               count * sizeof(int));
    }
    sent = sendmsg(socket, &message, MSG_NOSIGNAL);
    if (sent > 0) {
        item->sent += (size_t)sent;
        close_all(item->descriptors + item->descriptors_sent, count);
        item->descriptors_sent += count;
    }
    return sent;
}

/* With the lock held. */
static int flush(struct control *c, struct streamd_error *error)
{
    while (c->first) {
        struct item *item = c->first;
        ssize_t sent = c->broken_send ? -1 : send_piece(c->socket, item);

        if (c->broken_send)
            return error_set(error, STREAMD_E_IO, "the control connection is broken");
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return 0;
        if (sent < 0) {
            c->broken_send = 1;
            return error_set_errno(error, errno, "cannot send on the control connection");
        }
        c->waiting -= (size_t)sent;
        if (item->sent < item->length)
            continue;
        c->first = item->next;
        if (!c->first)
            c->last = &c->first;
        item_free(item);
    }
    return 0;
}

static int enqueue(struct control *c, struct item *item, struct streamd_error *error)
{
    int rc;

    pthread_mutex_lock(&c->lock);
    if (c->waiting + item->length > CONTROL_MAX_WAITING) {
        pthread_mutex_unlock(&c->lock);
        item_free(item);
        return error_set(error, STREAMD_E_LIMIT, "the peer does not read the control connection");
    }
    item->next = NULL;
    *c->last = item;
    c->last = &item->next;
    c->waiting += item->length;
    rc = flush(c, error);
    pthread_mutex_unlock(&c->lock);
    return rc;
}

/* Sets the members that every message has. */
static int complete(json_t *body, const char *type, uint64_t attempt, size_t count)
{
    if (json_object_set_new(body, "type", json_string(type)) ||
        json_object_set_new(body, "version", json_integer(CONTROL_VERSION)) ||
        json_object_set_new(body, "attempt", json_integer((json_int_t)attempt)))
        return -1;
    return count > 0 ? json_object_set_new(body, "descriptors", json_integer((json_int_t)count))
                     : 0;
}

int control_send(struct control *c, const char *type, uint64_t attempt, json_t *body,
                 const int *descriptors, size_t count, struct streamd_error *error)
{
    struct item *item = NULL;
    size_t length;
    int rc;

    if (!body || complete(body, type, attempt, count)) {
        json_decref(body);
        return error_set_nomem(error);
    }
    length = json_dumpb(body, NULL, 0, JSON_COMPACT);
    if (length == 0)
        rc = error_set_nomem(error);
    else if (length > CONTROL_MAX_BYTES || count > CONTROL_MAX_DESCRIPTORS)
        rc = error_set(error, STREAMD_E_LIMIT, "a control message '%s' is too long: %zu bytes",
                       type, length);
    else
        rc = item_new(length, descriptors, count, &item, error);
    if (!rc) {
        for (int i = 0; i < HEADER; i++)
            item->bytes[i] = (char)(length >> (8 * i));
        (void)json_dumpb(body, item->bytes + HEADER, length, JSON_COMPACT);
        rc = enqueue(c, item, error);
    }
    json_decref(body);
    return rc;
}

int control_flush(struct control *c, struct streamd_error *error)
{
    int rc;

    pthread_mutex_lock(&c->lock);
    rc = flush(c, error);
    pthread_mutex_unlock(&c->lock);
    return rc;
}

int control_waits(struct control *c)
{
    int waits;

    pthread_mutex_lock(&c->lock);
    waits = c->first != NULL && !c->broken_send;
    pthread_mutex_unlock(&c->lock);
    return waits;
}

/* --- Receiving ---------------------------------------------------------------------------------
 */

static size_t length_of(const struct control *c)
{
    size_t length = 0;

    for (int i = 0; i < HEADER; i++)
        length |= (size_t)(unsigned char)c->buffer[i] << (8 * i);
    return length;
}

/* Keeps the descriptors that came with a piece. */
static int keep_descriptors(struct control *c, struct msghdr *message, struct streamd_error *error)
{
    int rc = 0;

    for (struct cmsghdr *h = CMSG_FIRSTHDR(message); h; h = CMSG_NXTHDR(message, h)) {
        size_t count = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);

        if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t i = 0; i < count; i++) {
            int descriptor;

            memcpy(&descriptor, CMSG_DATA(h) + i * sizeof(int), sizeof(int));
            if (!rc && c->descriptors.count >= CONTROL_MAX_DESCRIPTORS)
                rc = error_set(error, STREAMD_E_LIMIT, "too many descriptors in a control message");
            else if (!rc && array_push(&c->descriptors, descriptor))
                rc = error_set_nomem(error);
            if (rc)
                close(descriptor);
        }
    }
    if (!rc && (message->msg_flags & MSG_CTRUNC))
        rc = error_set(error, STREAMD_E_IO,
                       "descriptors of a control message were lost: too many files are open");
    return rc;
}

/* Reads until there are at most `want` bytes in the buffer. */
static int read_piece(struct control *c, size_t want, enum control_result *state,
                      struct streamd_error *error)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(253 * sizeof(int))];
    } control;
    struct iovec piece = {.iov_base = c->buffer + c->have, .iov_len = want - c->have};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof(control)};
    ssize_t got;

    do
        got = recvmsg(c->socket, &message, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    *state = CONTROL_MESSAGE;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        *state = CONTROL_NOTHING;
        return 0;
    }
    /* What the peer had not read when it died makes it a reset; for us that is the end. */
    if (got == 0 || (got < 0 && errno == ECONNRESET)) {
        *state = CONTROL_CLOSED;
        return 0;
    }
    if (got < 0)
        return error_set_errno(error, errno, "cannot receive on the control connection");
    c->have += (size_t)got;
    return keep_descriptors(c, &message, error);
}

/* Room for up to `want` bytes, but for no more than twice of what has arrived. */
static int make_room(struct control *c, size_t want, struct streamd_error *error)
{
    size_t capacity = c->capacity;
    char *grown;

    if (want <= capacity || c->have < capacity)
        return 0;
    capacity = want < 2 * capacity ? want : 2 * capacity;
    grown = memory_realloc(c->buffer, capacity, 1);
    if (!grown)
        return error_set_nomem(error);
    c->buffer = grown;
    c->capacity = capacity;
    return 0;
}

/* Reads until the buffer holds `want` bytes. */
static int fill(struct control *c, size_t want, enum control_result *state,
                struct streamd_error *error)
{
    *state = CONTROL_MESSAGE;
    while (c->have < want) {
        int rc = make_room(c, want, error);

        if (!rc)
            rc = read_piece(c, want < c->capacity ? want : c->capacity, state, error);
        if (rc || *state != CONTROL_MESSAGE)
            return rc;
    }
    return 0;
}

/* What a text must be to be a message. */
static int judge(struct control *c, json_t *body, struct control_message *m,
                 struct streamd_error *error)
{
    int64_t version, attempt, count = 0;
    int rc;

    m->type = control_text(body, "type");
    if (!m->type)
        return error_set(error, STREAMD_E_DATA, "a control message has no type");
    rc = control_number(body, "version", 1, INT32_MAX, &version, error);
    if (!rc && version != CONTROL_VERSION)
        rc = error_set(error, STREAMD_E_UNSUPPORTED,
                       "a control message has version %lld, this program knows %d",
                       (long long)version, CONTROL_VERSION);
    if (!rc)
        rc = control_number(body, "attempt", 0, INT64_MAX, &attempt, error);
    if (!rc && json_object_get(body, "descriptors"))
        rc = control_number(body, "descriptors", 1, CONTROL_MAX_DESCRIPTORS, &count, error);
    if (!rc && (size_t)count != c->descriptors.count)
        rc = error_set(error, STREAMD_E_DATA,
                       "a control message announces %lld descriptors and brings %zu",
                       (long long)count, c->descriptors.count);
    m->attempt = rc ? 0 : (uint64_t)attempt;
    return rc;
}

/* The buffer holds a whole text: gives it out as a message. */
static int take_message(struct control *c, struct control_message *m, struct streamd_error *error)
{
    json_error_t problem;
    json_t *body =
        json_loadb(c->buffer + HEADER, c->have - HEADER, JSON_REJECT_DUPLICATES, &problem);
    int rc;

    c->have = 0;
    if (!json_is_object(body)) {
        json_decref(body);
        return error_set(error, STREAMD_E_DATA, "a control message is not a JSON object");
    }
    rc = judge(c, body, m, error);
    if (rc) {
        json_decref(body);
        *m = (struct control_message){0};
        return rc;
    }
    m->body = body;
    m->descriptors = c->descriptors.items;
    m->descriptor_count = c->descriptors.count;
    c->descriptors.items = NULL;
    c->descriptors.count = c->descriptors.capacity = 0;
    return CONTROL_MESSAGE;
}

static int receive(struct control *c, struct control_message *m, struct streamd_error *error)
{
    enum control_result state;
    size_t length = 0;
    int rc = fill(c, HEADER, &state, error);

    if (!rc && state == CONTROL_MESSAGE) {
        length = length_of(c);
        if (length < 2 || length > CONTROL_MAX_BYTES)
            return error_set(error, STREAMD_E_LIMIT,
                             "a control message of %zu bytes is announced, at most %d are taken",
                             length, CONTROL_MAX_BYTES);
        rc = fill(c, HEADER + length, &state, error);
    }
    if (rc)
        return rc;
    if (state == CONTROL_CLOSED && c->have > 0)
        return error_set(error, STREAMD_E_DATA, "a control message ends in its middle");
    return state == CONTROL_MESSAGE ? take_message(c, m, error) : (int)state;
}

int control_receive(struct control *c, struct control_message *m, struct streamd_error *error)
{
    int rc;

    *m = (struct control_message){0};
    if (c->broken_receive)
        return error_set(error, STREAMD_E_DATA, "the control connection is broken");
    rc = receive(c, m, error);
    if (rc < 0)
        c->broken_receive = 1;
    return rc;
}

void control_message_clear(struct control_message *m)
{
    close_all(m->descriptors, m->descriptor_count);
    memory_free(m->descriptors);
    json_decref(m->body);
    *m = (struct control_message){0};
}

int control_take_descriptor(struct control_message *m, size_t i)
{
    int descriptor = i < m->descriptor_count ? m->descriptors[i] : -1;

    if (descriptor >= 0)
        m->descriptors[i] = -1;
    return descriptor;
}
