/*
 * Control messages over real socketpairs: in pieces, too long, with descriptors, damaged, and with
 * a peer that does not read.
 */
#include "base/memory.h"
#include "control/message.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

struct pair {
    struct control *left, *right;
    int raw; /* the left socket, while left is NULL */
};

static void sockets(int out[2], int flags)
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0, out), 0);
}

/* The left end is a bare socket that writes what it wants; the right one does not block. */
static struct pair raw_pair(void)
{
    int s[2];

    sockets(s, 0);
    assert_int_equal(fcntl(s[1], F_SETFL, O_NONBLOCK), 0);
    return (struct pair){.right = control_new(s[1]), .raw = s[0]};
}

static struct pair pair(int flags)
{
    int s[2];

    sockets(s, flags);
    return (struct pair){.left = control_new(s[0]), .right = control_new(s[1]), .raw = -1};
}

static void pair_clear(struct pair *p)
{
    control_free(p->left);
    control_free(p->right);
    if (p->raw >= 0)
        close(p->raw);
}

/* A text with its length in front. */
static size_t frame(const char *text, char *out)
{
    size_t n = strlen(text);

    for (int i = 0; i < 4; i++)
        out[i] = (char)(n >> (8 * i));
    memcpy(out + 4, text, n);
    return n + 4;
}

static int count_files(void)
{
    int count = 0;

    for (int fd = 0; fd < 4096; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void carries_members(void **state)
{
    struct pair p = pair(0);
    struct control_message m = {0};
    int64_t n = 0;

    (void)state;
    assert_int_equal(
        control_send(p.left, "ack", 7,
                     json_pack("{s:I, s:s}", "checkpoint", (json_int_t)INT64_MAX, "name", "ä"),
                     NULL, 0, NULL),
        0);
    assert_int_equal(control_receive(p.right, &m, NULL), CONTROL_MESSAGE);
    assert_string_equal(m.type, "ack");
    assert_int_equal(m.attempt, 7);
    assert_string_equal(control_text(m.body, "name"), "ä");
    assert_null(control_text(m.body, "checkpoint"));
    assert_int_equal(control_number(m.body, "checkpoint", 0, INT64_MAX, &n, NULL), 0);
    assert_true(n == INT64_MAX);
    assert_int_equal(control_number(m.body, "checkpoint", 0, 5, &n, NULL), STREAMD_E_DATA);
    assert_int_equal(control_number(m.body, "none", 0, 5, &n, NULL), STREAMD_E_DATA);
    assert_int_equal(m.descriptor_count, 0);
    control_message_clear(&m);
    control_free(p.left);
    p.left = NULL;
    assert_int_equal(control_receive(p.right, &m, NULL), CONTROL_CLOSED);
    pair_clear(&p);
}

/* Byte by byte, two messages in one write, and the layout of the bytes. */
static void takes_pieces(void **state)
{
    static const char one[] = "{\"type\":\"a\",\"version\":1,\"attempt\":0}";
    static const char two[] = "{\"type\":\"b\",\"version\":1,\"attempt\":9}";
    struct pair p = raw_pair();
    struct control_message m = {0};
    char bytes[256];
    size_t n = frame(one, bytes), both = n + frame(two, bytes + n);

    (void)state;
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(control_receive(p.right, &m, NULL), CONTROL_NOTHING);
        assert_int_equal(write(p.raw, bytes + i, 1), 1);
    }
    assert_int_equal(control_receive(p.right, &m, NULL), CONTROL_MESSAGE);
    assert_string_equal(m.type, "a");
    control_message_clear(&m);
    assert_int_equal(write(p.raw, bytes, both), (ssize_t)both);
    assert_int_equal(control_receive(p.right, &m, NULL), CONTROL_MESSAGE);
    control_message_clear(&m);
    assert_int_equal(control_receive(p.right, &m, NULL), CONTROL_MESSAGE);
    assert_string_equal(m.type, "b");
    assert_int_equal(m.attempt, 9);
    control_message_clear(&m);
    assert_int_equal(control_receive(p.right, &m, NULL), CONTROL_NOTHING);
    pair_clear(&p);
}

/* What is sent stands on the wire as documented. */
static void layout(void **state)
{
    static const char want[] = "{\"type\":\"stop\",\"version\":1,\"attempt\":3}";
    struct pair p = pair(0);
    char got[256];
    ssize_t n;

    (void)state;
    assert_int_equal(control_send(p.left, "stop", 3, json_object(), NULL, 0, NULL), 0);
    n = read(control_socket(p.right), got, sizeof(got));
    assert_int_equal(n, 4 + sizeof(want) - 1);
    assert_memory_equal(got, "\x27\0\0\0", 4);
    assert_memory_equal(got + 4, want, sizeof(want) - 1);
    pair_clear(&p);
}

static void refuse(const char *text, int code)
{
    struct pair p = raw_pair();
    struct control_message m = {0};
    struct streamd_error error = {0};
    char *bytes = test_malloc(strlen(text) + 4);
    size_t n = frame(text, bytes);
    int rc;

    assert_int_equal(write(p.raw, bytes, n), (ssize_t)n);
    rc = control_receive(p.right, &m, &error);
    if (rc != code)
        fail_msg("%.60s: %d instead of %d", text, rc, code);
    assert_true(error.message[0]);
    assert_null(m.body);
    /* And nothing after it. */
    n = frame("{\"type\":\"a\",\"version\":1,\"attempt\":0}", bytes);
    (void)!write(p.raw, bytes, n);
    assert_true(control_receive(p.right, &m, NULL) < 0);
    test_free(bytes);
    pair_clear(&p);
}

static void hostile_texts(void **state)
{
    char deep[8192];

    (void)state;
    memset(deep, '[', sizeof(deep) - 1);
    deep[sizeof(deep) - 1] = '\0';
    refuse(deep, STREAMD_E_DATA);
    refuse("[]                                        ", STREAMD_E_DATA);
    refuse("{\"type\":\"a\",\"version\":1,\"attempt\":0,\"type\":\"b\"}", STREAMD_E_DATA);
    refuse("{\"type\":\"a\",\"version\":1,\"attempt\":0} {}", STREAMD_E_DATA);
    refuse("{\"type\":\"a\",\"version\":1,\"attempt\":0,\"x\":\"\\u0000\"}", STREAMD_E_DATA);
    refuse("{\"type\":\"\xff\",\"version\":1,\"attempt\":0}          ", STREAMD_E_DATA);
    refuse("{\"type\":5,\"version\":1,\"attempt\":0}              ", STREAMD_E_DATA);
    refuse("{\"version\":1,\"attempt\":0}                          ", STREAMD_E_DATA);
    refuse("{\"type\":\"a\",\"attempt\":0}                          ", STREAMD_E_DATA);
    refuse("{\"type\":\"a\",\"version\":2,\"attempt\":0}            ", STREAMD_E_UNSUPPORTED);
    refuse("{\"type\":\"a\",\"version\":1}                          ", STREAMD_E_DATA);
    refuse("{\"type\":\"a\",\"version\":1,\"attempt\":-1}           ", STREAMD_E_DATA);
    refuse("{\"type\":\"a\",\"version\":1,\"attempt\":1e3}          ", STREAMD_E_DATA);
    refuse("{\"type\":\"a\",\"version\":1,\"attempt\":99999999999999999999}", STREAMD_E_DATA);
    refuse("{\"type\":\"a\",\"version\":1,\"attempt\":0,\"descriptors\":1}", STREAMD_E_DATA);
}

static void hostile_lengths(void **state)
{
    static const unsigned char lengths[][4] = {
        {0, 0, 0, 0}, {1, 0, 0, 0}, {1, 0, 0x80, 0}, {0xff, 0xff, 0xff, 0xff}};
    struct control_message m = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        struct pair p = raw_pair();

        assert_int_equal(write(p.raw, lengths[i], 4), 4);
        assert_int_equal(control_receive(p.right, &m, NULL), STREAMD_E_LIMIT);
        pair_clear(&p);
    }
}

static void end_in_the_middle(void **state)
{
    struct control_message m = {0};

    (void)state;
    for (size_t keep = 1; keep < 12; keep++) {
        struct pair p = raw_pair();
        char bytes[64];

        (void)frame("{\"type\":\"abc\"}", bytes);
        assert_int_equal(write(p.raw, bytes, keep), (ssize_t)keep);
        close(p.raw);
        p.raw = -1;
        assert_int_equal(control_receive(p.right, &m, NULL), STREAMD_E_DATA);
        pair_clear(&p);
    }
}

/* A long message through a socket that takes little at once, both ends not blocking. */
static void long_messages_wait(void **state)
{
    enum { BYTES = 3 << 20 };
    struct pair p = pair(SOCK_NONBLOCK);
    struct control_message m = {0};
    char *text = test_malloc(BYTES + 1);
    int rounds = 0, got;

    (void)state;
    memset(text, 'x', BYTES);
    text[BYTES] = '\0';
    assert_int_equal(
        control_send(p.left, "plan", 1, json_pack("{s:s}", "text", text), NULL, 0, NULL), 0);
    assert_true(control_waits(p.left));
    while ((got = control_receive(p.right, &m, NULL)) == CONTROL_NOTHING) {
        assert_int_equal(control_flush(p.left, NULL), 0);
        rounds++;
    }
    assert_int_equal(got, CONTROL_MESSAGE);
    assert_true(rounds > 1);
    assert_string_equal(control_text(m.body, "text"), text);
    assert_false(control_waits(p.left));
    control_message_clear(&m);
    test_free(text);
    pair_clear(&p);
}

static void too_long_is_not_sent(void **state)
{
    size_t n = CONTROL_MAX_BYTES;
    char *text = test_malloc(n + 1);
    struct pair p = pair(SOCK_NONBLOCK);
    struct control_message m = {0};
    int rc = 0;

    (void)state;
    memset(text, 'x', n);
    text[n] = '\0';
    assert_int_equal(control_send(p.left, "x", 1, json_pack("{s:s}", "t", text), NULL, 0, NULL),
                     STREAMD_E_LIMIT);
    assert_int_equal(control_send(p.left, "x", 1, NULL, NULL, 0, NULL), STREAMD_E_NOMEM);
    assert_int_equal(control_receive(p.right, &m, NULL), CONTROL_NOTHING);
    /* And a peer that does not read does not cost memory without end. */
    text[n / 2] = '\0';
    for (int i = 0; i < 40 && !rc; i++)
        rc = control_send(p.left, "x", 1, json_pack("{s:s}", "t", text), NULL, 0, NULL);
    assert_int_equal(rc, STREAMD_E_LIMIT);
    assert_true(control_waits(p.left));
    /* What can never be sent is not waited for. */
    control_free(p.right);
    p.right = NULL;
    assert_int_equal(control_flush(p.left, NULL), STREAMD_E_IO);
    assert_false(control_waits(p.left));
    assert_int_equal(control_send(p.left, "x", 1, json_object(), NULL, 0, NULL), STREAMD_E_IO);
    test_free(text);
    pair_clear(&p);
}

/* `count` descriptors of files whose content is their number. */
static void with_descriptors(size_t count)
{
    struct pair p = pair(SOCK_NONBLOCK);
    struct control_message m = {0};
    int *files = test_malloc(count * sizeof(int));
    struct stat a, b;
    int got;

    for (size_t i = 0; i < count; i++) {
        FILE *f = tmpfile();

        assert_non_null(f);
        files[i] = fcntl(fileno(f), F_DUPFD_CLOEXEC, 3);
        fclose(f);
    }
    assert_int_equal(control_send(p.left, "channels", 2, json_object(), files, count, NULL), 0);
    assert_int_equal(control_send(p.left, "start", 2, json_object(), files, 1, NULL), 0);
    while ((got = control_receive(p.right, &m, NULL)) == CONTROL_NOTHING)
        assert_int_equal(control_flush(p.left, NULL), 0);
    assert_int_equal(got, CONTROL_MESSAGE);
    assert_string_equal(m.type, "channels");
    assert_int_equal(m.descriptor_count, count);
    for (size_t i = 0; i < count; i++) {
        int taken = control_take_descriptor(&m, i);

        assert_true(fcntl(taken, F_GETFD) & FD_CLOEXEC);
        assert_int_equal(fstat(files[i], &a), 0);
        assert_int_equal(fstat(taken, &b), 0);
        assert_int_equal(a.st_ino, b.st_ino);
        close(taken);
        assert_int_equal(control_take_descriptor(&m, i), -1);
    }
    control_message_clear(&m);
    assert_int_equal(control_receive(p.right, &m, NULL), CONTROL_MESSAGE);
    assert_int_equal(m.descriptor_count, 1); /* not taken: closed by clear */
    control_message_clear(&m);
    for (size_t i = 0; i < count; i++)
        close(files[i]);
    test_free(files);
    pair_clear(&p);
}

static void carries_descriptors(void **state)
{
    static const size_t counts[] = {1, 2, 249, 250, 251, 600};
    struct rlimit limit;
    int before = count_files();

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max < 4096 ? limit.rlim_max : 4096;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        if (3 * counts[i] + 64 < limit.rlim_cur)
            with_descriptors(counts[i]);
    assert_int_equal(count_files(), before);
}

/* Descriptors that no message announces are closed, whether the end comes after them or not. */
static void unasked_descriptors(void **state)
{
    static const char text[] = "{\"type\":\"a\",\"version\":1,\"attempt\":0}";
    int before = count_files();
    struct pair p = raw_pair();
    struct control_message m = {0};
    char bytes[64], space[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec piece = {bytes, frame(text, bytes)};
    struct msghdr message = {
        .msg_iov = &piece, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof(space)};
    struct cmsghdr *h = CMSG_FIRSTHDR(&message);

    (void)state;
    h->cmsg_level = SOL_SOCKET;
    h->cmsg_type = SCM_RIGHTS;
    h->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(h), &p.raw, sizeof(int));
    assert_int_equal(sendmsg(p.raw, &message, 0), (ssize_t)piece.iov_len);
    assert_int_equal(control_receive(p.right, &m, NULL), STREAMD_E_DATA);
    pair_clear(&p);
    assert_int_equal(count_files(), before);
}

static void errors_travel(void **state)
{
    struct streamd_error error = {.code = STREAMD_E_IO,
                                  .cls = STREAMD_FAIL_TASK,
                                  .diagnostic = 5203,
                                  .message = "sink 'out': caf\xe9 is full"};
    struct streamd_error back = {0};
    json_t *json = control_error_json(&error);

    (void)state;
    assert_non_null(json);
    control_error_read(json, &back);
    assert_int_equal(back.code, STREAMD_E_IO);
    assert_int_equal(back.cls, STREAMD_FAIL_TASK);
    assert_int_equal(back.diagnostic, 5203);
    assert_string_equal(back.message, "sink 'out': caf? is full");
    json_decref(json);
    json = json_pack("{s:i}", "code", 0);
    control_error_read(json, &back);
    assert_int_equal(back.code, STREAMD_E_DATA);
    assert_int_equal(back.cls, STREAMD_BUG);
    json_decref(json);
}

/* Every allocation of our own fails once: an error each time, and nothing is lost or leaked. */
static void without_memory(void **state)
{
    int before = count_files(), files[1] = {0};

    (void)state;
    for (uint64_t n = 1;; n++) {
        struct pair p = pair(0);
        struct control_message m = {0};
        uint64_t made;
        int sent, got = 0;

        (void)memory_fail_at(n, 0);
        sent = control_send(p.left, "a", 0, json_object(), files, 1, NULL);
        if (!sent)
            got = control_receive(p.right, &m, NULL);
        made = memory_fail_at(0, 0);
        assert_true(sent == STREAMD_E_NOMEM || got == STREAMD_E_NOMEM || got == CONTROL_MESSAGE);
        control_message_clear(&m);
        pair_clear(&p);
        if (made < n)
            break;
    }
    assert_int_equal(count_files(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(carries_members),
        cmocka_unit_test(takes_pieces),
        cmocka_unit_test(layout),
        cmocka_unit_test(hostile_texts),
        cmocka_unit_test(hostile_lengths),
        cmocka_unit_test(end_in_the_middle),
        cmocka_unit_test(long_messages_wait),
        cmocka_unit_test(too_long_is_not_sent),
        cmocka_unit_test(carries_descriptors),
        cmocka_unit_test(unasked_descriptors),
        cmocka_unit_test(errors_travel),
        cmocka_unit_test(without_memory),
    };

    return cmocka_run_group_tests_name("control messages", tests, NULL, NULL);
}
