/*
 * control/message.h - messages between the processes of a pipeline, and to `streamctl`.
 *
 * A message is a JSON object with the members "type" (text), "version" (1) and "attempt" (a
 * number). On the wire its length stands in front, four bytes, little endian:
 *
 *     | length u32 | {"type":"ack","version":1,"attempt":3,"checkpoint":17,...} |
 *
 * over a stream socket of the family AF_UNIX. Descriptors may travel with a message (SCM_RIGHTS);
 * their number stands in its member "descriptors".
 *
 * What comes in is never trusted: lengths are checked before memory is taken, memory grows with
 * what has really arrived, and descriptors that nobody asked for are closed. After an error on a
 * connection nothing can be received from it any more.
 *
 * The socket may be blocking (a worker's control thread, streamctl) or not (the coordinator). On a
 * blocking one control_send returns when all is sent; on the other it keeps what does not go at
 * once, until control_flush. One thread receives; any thread may send.
 */
#ifndef CONTROL_MESSAGE_H
#define CONTROL_MESSAGE_H

#include <streamd/error.h>

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CONTROL_VERSION = 1,
    CONTROL_MAX_BYTES = 8 << 20,    /* of one message: a pipeline file, escaped, fits */
    CONTROL_MAX_WAITING = 64 << 20, /* bytes that wait to be sent before control_send refuses */
    CONTROL_MAX_DESCRIPTORS = 1024  /* with one message */
};

/* One end of a connection. */
struct control;

/* A message that came in. Start with {0}; release with control_message_clear. */
struct control_message {
    const char *type; /* inside of body */
    json_t *body;     /* the object */
    uint64_t attempt;
    int *descriptors; /* close-on-exec; those that are taken out are set to -1 by the taker */
    size_t descriptor_count;
};

enum control_result {
    CONTROL_NOTHING = 0, /* not a whole message yet (nonblocking sockets only) */
    CONTROL_MESSAGE = 1,
    CONTROL_CLOSED = 2 /* the peer has closed its end, after a whole message */
};

/* Takes over a connected socket. NULL: no memory, and the socket is still the caller's. */
struct control *control_new(int socket);

/* Closes the socket and drops what was not sent. NULL is fine. */
void control_free(struct control *c);

/* The socket, to be polled. */
int control_socket(const struct control *c);

/*
 * Sends a message. "type", "version", "attempt" and "descriptors" are set by the call. `body` is
 * taken over in every case; NULL, which is what a failed json_pack gives, is STREAMD_E_NOMEM. The
 * descriptors stay the caller's. STREAMD_E_LIMIT: too long, or too much waits; STREAMD_E_IO: the
 * connection is broken.
 */
int control_send(struct control *c, const char *type, uint64_t attempt, json_t *body,
                 const int *descriptors, size_t count, struct streamd_error *error);

/* Sends on what waits; 0 also where some still waits. */
int control_flush(struct control *c, struct streamd_error *error);

/* Does something wait to be sent, and may still go? Then the socket is to be polled for room. */
int control_waits(struct control *c);

/*
 * Receives the next message. enum control_result, or negative: STREAMD_E_IO, STREAMD_E_DATA (not a
 * message, or the end inside of one), STREAMD_E_LIMIT (too long), STREAMD_E_UNSUPPORTED (another
 * version), STREAMD_E_NOMEM. `m` is empty where there is no message.
 */
int control_receive(struct control *c, struct control_message *m, struct streamd_error *error);

/* Releases a message and closes the descriptors that nobody has taken. */
void control_message_clear(struct control_message *m);

/* Takes descriptor number `i` out of a message: it is the caller's now. -1: there is none. */
int control_take_descriptor(struct control_message *m, size_t i);

/* --- Members of a message ----------------------------------------------------------------------
 */

/* A text, or NULL where it is missing or no text. Lives as long as the object. */
const char *control_text(const json_t *object, const char *name);

/* A whole number from `least` to `most`. 0, or STREAMD_E_DATA naming the member. */
int control_number(const json_t *object, const char *name, int64_t least, int64_t most,
                   int64_t *number, struct streamd_error *error);

/* A JSON string of a text that may not be UTF-8: bytes that are not become '?'. NULL: no memory. */
json_t *control_string(const char *text);

/* An error as {"code","class","diagnostic","message"}, and back (what is missing is taken for a bug
   of the peer: STREAMD_E_DATA). NULL: no memory. */
json_t *control_error_json(const struct streamd_error *error);
void control_error_read(const json_t *object, struct streamd_error *error);

#endif
