/* Segments: what goes in comes out, and nothing else ever does. */
#include "checkpoint/outbox.h"

#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];

static const struct outbox_identity identity = {"00112233445566778899aabbccddeeff", "out", "a1", 3,
                                                7};

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/streamd-outbox-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    return system(command);
}

/* Names in the folder, sorted, each with a blank behind it. */
static const char *names(void)
{
    static char text[1024];
    struct dirent **list;
    int n = scandir(folder, &list, NULL, alphasort);

    text[0] = '\0';
    for (int i = 0; i < n; i++) {
        if (list[i]->d_name[0] != '.') {
            strcat(text, list[i]->d_name);
            strcat(text, " ");
        }
        free(list[i]);
    }
    free(list);
    return text;
}

/* Record i of a test: its length and first byte differ from its neighbours'. */
static size_t record(uint32_t i, uint8_t *data)
{
    static const size_t lengths[] = {0, 1, 5, 300, 70000, 262144, 262140, 600000, 3};
    size_t length = lengths[i % (sizeof(lengths) / sizeof(*lengths))];

    for (size_t k = 0; k < length; k++)
        data[k] = (uint8_t)(i * 31 + k * 7 + (k >> 8));
    return length;
}

static uint8_t bytes[1 << 20];

static void write_segment(uint32_t records, char *name, struct outbox_summary *summary)
{
    struct streamd_error error = {0};
    struct outbox_writer *w;

    assert_int_equal(outbox_create(file_system(), folder, &identity, &w, &error), 0);
    for (uint32_t i = 0; i < records; i++)
        assert_int_equal(outbox_append(w, bytes, record(i, bytes), &error), 0);
    assert_int_equal(outbox_finish(w, summary, &error), 0);
    assert_int_equal(outbox_name(w, 12, name, &error), 0);
    outbox_discard(w);
    assert_int_equal(outbox_sync(file_system(), folder, &error), 0);
}

static void what_goes_in_comes_out(void **state)
{
    struct streamd_error error = {0};
    struct outbox_summary summary;
    struct outbox_reader *r;
    char name[OUTBOX_NAME_BYTES];
    const uint8_t *data;
    size_t length;
    uint64_t sum = 64;

    (void)state;
    write_segment(30, name, &summary);
    assert_string_equal(name, "out.3.a1.7.12.seg");
    assert_string_equal(names(), "out.3.a1.7.12.seg ");
    assert_int_equal(summary.records, 30);
    assert_int_equal(outbox_open(file_system(), folder, name, &identity, &summary, &r, &error), 0);
    for (uint32_t i = 0; i < 30; i++) {
        size_t expected = record(i, bytes);

        assert_int_equal(outbox_next(r, &data, &length, &error), 1);
        assert_int_equal(length, expected);
        assert_true(length == 0 || memcmp(data, bytes, length) == 0);
        sum += 4 + length;
    }
    assert_int_equal(outbox_next(r, &data, &length, &error), 0);
    outbox_close(r);
    /* 32 fixed bytes, 32 of the lineage, 3 of the name, up to a multiple of 8: 72. */
    assert_int_equal(summary.bytes, sum + 8);
}

/* The bytes of the manual, by hand. */
static void the_format_is_that_of_the_manual(void **state)
{
    static const uint8_t expected[] = "SDoutbox\1\0\0\0\x48\0\0\0\7\0\0\0\0\0\0\0\3\0\0\0\x20\0\3\0"
                                      "00112233445566778899aabbccddeeffout\0\0\0\0\0"
                                      "\0\0\0\0"
                                      "\1\0\0\0\x1f";
    struct outbox_summary summary;
    char name[OUTBOX_NAME_BYTES], path[400];
    FILE *f;

    (void)state;
    write_segment(2, name, &summary);
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    f = fopen(path, "rb");
    assert_non_null(f);
    assert_int_equal(fread(bytes, 1, sizeof(bytes), f), sizeof(expected) - 1);
    fclose(f);
    assert_memory_equal(bytes, expected, sizeof(expected) - 1);
}

static int open_diagnostic(const char *name, const struct outbox_summary *summary)
{
    struct streamd_error error = {0};
    struct outbox_reader *r;

    if (outbox_open(file_system(), folder, name, &identity, summary, &r, &error) == 0) {
        outbox_close(r);
        return 0;
    }
    return error.diagnostic;
}

static void damage_is_found_before_anything_is_read(void **state)
{
    struct outbox_summary summary, other;
    char name[OUTBOX_NAME_BYTES], path[400];
    int fd;

    (void)state;
    write_segment(4, name, &summary);
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    assert_int_equal(open_diagnostic(name, &summary), 0);
    fd = open(path, O_RDWR);
    for (uint64_t at = 0; at < summary.bytes; at++) {
        uint8_t byte, changed;

        assert_int_equal(pread(fd, &byte, 1, (off_t)at), 1);
        changed = byte ^ (uint8_t)(1u << (at % 8));
        assert_int_equal(pwrite(fd, &changed, 1, (off_t)at), 1);
        assert_int_equal(open_diagnostic(name, &summary), OUTBOX_DAMAGED);
        assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
    }
    assert_int_equal(open_diagnostic(name, &summary), 0);
    assert_int_equal(pwrite(fd, "x", 1, (off_t)summary.bytes), 1);
    assert_int_equal(open_diagnostic(name, &summary), OUTBOX_DAMAGED);
    for (uint64_t length = summary.bytes; length-- > 0;) {
        assert_int_equal(ftruncate(fd, (off_t)length), 0);
        assert_int_equal(open_diagnostic(name, &summary), OUTBOX_DAMAGED);
    }
    close(fd);
    unlink(path);
    assert_int_equal(open_diagnostic(name, &summary), OUTBOX_MISSING);
    write_segment(4, name, &summary);
    other = summary;
    other.records++;
    assert_int_equal(open_diagnostic(name, &other), OUTBOX_DAMAGED);
    other = summary;
    other.bytes = 3;
    assert_int_equal(open_diagnostic(name, &other), OUTBOX_DAMAGED);
    assert_int_equal(open_diagnostic("../x", &summary), OUTBOX_IO);
}

static void a_segment_of_somebody_else_is_none_of_ours(void **state)
{
    struct outbox_identity others[4] = {identity, identity, identity, identity};
    struct outbox_summary summary;
    struct streamd_error error;
    struct outbox_reader *r;
    char name[OUTBOX_NAME_BYTES];

    (void)state;
    others[0].lineage = "00112233445566778899aabbccddeefe";
    others[1].node = "ouu";
    others[2].task = 2;
    others[3].sequence = 8;
    write_segment(4, name, &summary);
    for (int i = 0; i < 4; i++) {
        error = (struct streamd_error){0};
        assert_true(outbox_open(file_system(), folder, name, &others[i], &summary, &r, &error) < 0);
        assert_int_equal(error.diagnostic, OUTBOX_DAMAGED);
    }
}

/* ---- faults ------------------------------------------------------------------------------ */

static int calls_left, closing_may_fail;

static int fails(void)
{
    errno = EIO;
    return --calls_left == 0;
}

static int f_open(void *self, const char *path, int flags, mode_t mode)
{
    (void)self;
    return fails() ? -1 : open(path, flags, mode);
}

static ssize_t f_read(void *self, int fd, void *data, size_t size)
{
    (void)self;
    return fails() ? -1 : read(fd, data, size);
}

/* At most 50,000 bytes at once: short writes are no faults. */
static ssize_t f_write(void *self, int fd, const void *data, size_t size)
{
    (void)self;
    return fails() ? -1 : write(fd, data, size < 50000 ? size : 50000);
}

static int f_fsync(void *self, int fd)
{
    (void)self;
    return fails() ? -1 : fsync(fd);
}

static int f_rename(void *self, const char *from, const char *to)
{
    (void)self;
    return fails() ? -1 : rename(from, to);
}

static int f_unlink(void *self, const char *path)
{
    (void)self;
    return unlink(path);
}

static int f_close(void *self, int fd)
{
    (void)self;
    close(fd);
    return closing_may_fail && fails() ? -1 : 0;
}

static const struct file_ops faulty = {.open = f_open,
                                       .read = f_read,
                                       .write = f_write,
                                       .fsync = f_fsync,
                                       .rename = f_rename,
                                       .unlink = f_unlink,
                                       .close = f_close};

static int write_with_faults(struct outbox_summary *summary, char *name,
                             struct streamd_error *error)
{
    struct outbox_writer *w = NULL;
    int rc = outbox_create(&faulty, folder, &identity, &w, error);

    for (uint32_t i = 0; i < 9 && !rc; i++)
        rc = outbox_append(w, bytes, record(i, bytes), error);
    if (!rc)
        rc = outbox_finish(w, summary, error);
    if (!rc)
        rc = outbox_name(w, 12, name, error);
    outbox_discard(w);
    return rc ? rc : outbox_sync(&faulty, folder, error);
}

static void every_fault_while_writing_is_an_error(void **state)
{
    struct outbox_summary summary;
    char name[OUTBOX_NAME_BYTES];
    int faults = 0;

    (void)state;
    closing_may_fail = 1;
    for (int n = 1;; n++) {
        struct streamd_error error = {0};
        int rc;

        calls_left = n;
        rc = write_with_faults(&summary, name, &error);
        if (calls_left > 0) {
            assert_int_equal(rc, 0);
            break;
        }
        faults++;
        /* Only what closing the folder after its sync says is nobody's concern. */
        if (rc)
            assert_int_equal(error.diagnostic, OUTBOX_IO);
        assert_true(rc < 0 || n > 25);
        assert_null(strstr(names(), ".open"));
        outbox_remove(file_system(), folder, "out.3.a1.7.12.seg", NULL);
    }
    assert_true(faults > 25);
}

static void every_fault_while_reading_is_an_error(void **state)
{
    struct outbox_summary summary;
    char name[OUTBOX_NAME_BYTES];

    (void)state;
    closing_may_fail = 0; /* of what was only read, nobody looks at it */
    write_segment(9, name, &summary);
    for (int n = 1, done = 0; !done; n++) {
        struct streamd_error error = {0};
        struct outbox_reader *r = NULL;
        const uint8_t *data;
        size_t length;
        int rc;

        calls_left = n;
        rc = outbox_open(&faulty, folder, name, &identity, &summary, &r, &error);
        for (uint32_t i = 0; i < 9 && rc >= 0; i++)
            rc = outbox_next(r, &data, &length, &error);
        done = calls_left > 0;
        assert_true(done ? rc == 1 : rc < 0);
        outbox_close(r);
    }
}

static void no_memory_is_an_error(void **state)
{
    struct outbox_summary summary;
    char name[OUTBOX_NAME_BYTES];

    (void)state;
    write_segment(9, name, &summary);
    for (uint64_t n = 1; n <= 2; n++) {
        struct streamd_error error = {0};
        struct outbox_reader *r = NULL;
        const uint8_t *data;
        size_t length;
        int rc;

        memory_fail_at(n, 0);
        rc = outbox_open(file_system(), folder, name, &identity, &summary, &r, &error);
        for (uint32_t i = 0; i < 9 && rc >= 0; i++)
            rc = outbox_next(r, &data, &length, &error);
        memory_fail_at(0, 0);
        assert_int_equal(rc, STREAMD_E_NOMEM);
        outbox_close(r);
    }
}

/* ---- leftovers --------------------------------------------------------------------------- */

static void touch(const char *name)
{
    char path[400];
    int fd;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    fd = open(path, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
}

static void only_what_no_row_can_name_is_removed(void **state)
{
    struct streamd_error error = {0};
    uint64_t removed;

    (void)state;
    touch("out.0.a0.1.open");   /* of a killed attempt */
    touch("out.7.a0.1.open");   /* of a task that is no more */
    touch("out.0.a0.2.5.seg");  /* restored */
    touch("out.0.a0.3.6.seg");  /* later than what was restored */
    touch("out.0.a1.1.open");   /* of this attempt */
    touch("out.0.a1.2.7.seg");  /* the same */
    touch("out2.0.a0.1.open");  /* of another node */
    touch("t.out.0.a0.1.open"); /* no name of ours */
    touch("out.0.a0.x.open");   /* nor these */
    touch("out.0.a0.3.6.segment");
    touch("out.open");
    touch("out");
    assert_int_equal(outbox_clean(file_system(), folder, &identity, 5, &removed, &error), 0);
    assert_int_equal(removed, 3);
    assert_string_equal(names(), "out out.0.a0.2.5.seg out.0.a0.3.6.segment out.0.a0.x.open "
                                 "out.0.a1.1.open out.0.a1.2.7.seg out.open out2.0.a0.1.open "
                                 "t.out.0.a0.1.open ");
    assert_int_equal(outbox_clean(file_system(), "/nowhere/x", &identity, 5, &removed, &error), 0);
    assert_int_equal(outbox_exists(folder, "out.0.a0.2.5.seg"), 1);
    assert_int_equal(outbox_remove(file_system(), folder, "out.0.a0.2.5.seg", &error), 0);
    assert_int_equal(outbox_remove(file_system(), folder, "out.0.a0.2.5.seg", &error), 0);
    assert_int_equal(outbox_exists(folder, "out.0.a0.2.5.seg"), 0);
}

static void what_has_no_name_goes_with_its_writer(void **state)
{
    struct streamd_error error = {0};
    struct outbox_summary summary;
    struct outbox_writer *w;

    (void)state;
    assert_int_equal(outbox_create(file_system(), folder, &identity, &w, &error), 0);
    assert_string_equal(names(), "out.3.a1.7.open ");
    outbox_discard(w);
    assert_int_equal(outbox_create(file_system(), folder, &identity, &w, &error), 0);
    assert_true(outbox_create(file_system(), folder, &identity, &(struct outbox_writer *){NULL},
                              &error) < 0); /* and it is still there */
    assert_int_equal(outbox_append(w, "x", 1, &error), 0);
    assert_int_equal(outbox_finish(w, &summary, &error), 0);
    assert_string_equal(names(), "out.3.a1.7.open ");
    outbox_discard(w);
    assert_string_equal(names(), "");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_goes_in_comes_out),
        CASE(the_format_is_that_of_the_manual),
        CASE(damage_is_found_before_anything_is_read),
        CASE(a_segment_of_somebody_else_is_none_of_ours),
        CASE(every_fault_while_writing_is_an_error),
        CASE(every_fault_while_reading_is_an_error),
        CASE(no_memory_is_an_error),
        CASE(only_what_no_row_can_name_is_removed),
        CASE(what_has_no_name_goes_with_its_writer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
