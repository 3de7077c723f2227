/*
 * The source `file` in a folder of the test's own: order, compression, positions, and files that
 * grow, rotate and shrink.
 */
#include "io_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Files are named relative to the folder, which is the working directory. */
static void put(const char *name, const char *content)
{
    FILE *f = fopen(name, "w");

    assert_non_null(f);
    fputs(content, f);
    fclose(f);
}

static void append(const char *name, const char *content)
{
    FILE *f = fopen(name, "a");

    assert_non_null(f);
    fputs(content, f);
    fclose(f);
}

static void shell(const char *command)
{
    assert_int_equal(system(command), 0);
}

static struct io_host *opened(const char *path, int64_t merge, int follow)
{
    struct io_host *io = io_new("source-file");

    io_set_text(io, "path", path);
    io_set_number(io, "merge", merge);
    io_set_number(io, "follow", follow);
    if (!follow)
        assert_int_equal(io_bind(io), 0);
    assert_int_equal(io_open(io), 0);
    return io;
}

/* ---- files that end ---------------------------------------------------------------------- */

static void reads_in_the_order_of_names(void **state)
{
    struct io_host *io;
    struct io_split *s;

    (void)state;
    put("b.log", "3\n4\n");
    put("a.log", "1\n2");
    put("c.log", "");
    put("d.log", "5\n");
    put("B.log", "0\n");
    assert_int_equal(mkdir("e.log", 0700), 0);
    io = opened("*.log", 1, 0);
    assert_string_equal(io_list(io), "files\n");
    s = io_open_split(io, "files", NULL);
    assert_int_equal(io_run(io, s), STREAMD_FINISHED);
    assert_string_equal(io_lines(io), "0\n1\n2\n3\n4\n5\n");
    io_close_split(io, s);
    io_free(io);
}

static void a_full_output_loses_nothing(void **state)
{
    struct io_host *io;
    struct io_split *s;

    (void)state;
    put("a", "1\n2\n3\n");
    put("b", "4\n5");
    for (uint32_t room = 1; room < 4; room++) {
        io = opened("[ab]", 1, 0);
        io_room(io, room);
        s = io_open_split(io, "files", NULL);
        assert_int_equal(io_run(io, s), STREAMD_FINISHED);
        assert_string_equal(io_lines(io), "1\n2\n3\n4\n5\n");
        io_close_split(io, s);
        io_free(io);
    }
}

static void merges_files_as_splits(void **state)
{
    struct io_host *io;

    (void)state;
    put("x1", "1\n");
    put("x2", "2\n");
    io = opened("x?", 2, 0);
    assert_string_equal(io_list(io), "x1\nx2\n");
    put("x3", "3\n");
    assert_string_equal(io_list(io), "x1\nx2\n");
    io_free(io);
}

static void a_long_line_makes_the_buffer_grow(void **state)
{
    struct io_host *io;
    struct io_split *s;
    const char *lines;

    (void)state;
    shell("head -c 3000000 /dev/zero | tr '\\0' x > long; echo >> long; echo short >> long");
    io = opened("long", 1, 0);
    s = io_open_split(io, "files", NULL);
    assert_int_equal(io_run(io, s), STREAMD_FINISHED);
    lines = io_lines(io);
    assert_int_equal(strlen(lines), 3000000 + 1 + 6);
    assert_string_equal(lines + 3000001, "short\n");
    assert_true(harness_bytes(io_harness(io)) < 1000000);
    io_close_split(io, s);
    io_free(io);
}

/* Whether the plugin, which is compiled like this test, knows both compressions. */
static int knows_compression(void)
{
#if defined(STREAMD_WITH_ZLIB) && defined(STREAMD_WITH_ZSTD)
    return 1;
#else
    return 0;
#endif
}

static void goes_on_at_any_position(void **state)
{
    char position[STREAMD_POSITION_BYTES], seen[64];
    struct io_host *io;
    struct io_split *s;
    static const char *const patterns[] = {"p.*", "q *.gz", "r.*.zst"};

    (void)state;
    put("p.1", "1\n22\n");
    put("p.2", "333\n4444");
    shell("gzip -c p.1 > 'q %1.gz'; gzip -c p.2 > 'q %2.gz'; gzip -c p.1 | head -c 5 > broken.gz");
    shell("zstd -qc p.1 > r.1.zst; zstd -qc p.2 > r.2.zst");
    for (size_t p = 0; p < (knows_compression() ? 3 : 1); p++) {
        for (int steps = 0; steps < 6; steps++) {
            io = opened(patterns[p], 1, 0);
            io_room(io, 1);
            s = io_open_split(io, "files", NULL);
            for (int i = 0; i < steps; i++)
                (void)io_next(io, s);
            snprintf(seen, sizeof(seen), "%s", io_lines(io));
            snprintf(position, sizeof(position), "%s", io_position(io, s));
            io_close_split(io, s);
            s = io_open_split(io, "files", position);
            assert_non_null(s);
            assert_int_equal(io_run(io, s), STREAMD_FINISHED);
            strcat(seen, io_lines(io));
            assert_string_equal(seen, "1\n22\n333\n4444\n");
            io_close_split(io, s);
            io_free(io);
        }
    }
}

static void refuses_positions_that_are_none(void **state)
{
    static const char *const wrong[] = {"",          "x",           "-1 in n",    "5",
                                        "1 in",      "0 in absent", "9 in n",     "1 in n%0",
                                        "1 in n%00", "1 2",         "0 in %6E%2", "2 3:4x"};
    struct io_host *io;

    (void)state;
    put("n", "1\n2\n");
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        io = opened("n", 1, 0);
        assert_null(io_open_split(io, "files", wrong[i]));
        assert_non_null(strstr(io_message(io), "SD5214"));
        io_free(io);
    }
}

/* ---- compression ------------------------------------------------------------------------- */

static void reads_members_as_one_stream(void **state)
{
    struct io_host *io;
    struct io_split *s;

    (void)state;
    if (!knows_compression())
        skip();
    put("m", "one\ntw");
    put("n", "o\nthree\n");
    shell(
        "gzip -c m > z.gz; gzip -c n >> z.gz; gzip -c /dev/null >> z.gz; printf '\\0\\0' >> z.gz");
    shell("zstd -qc m > z.zst; zstd -qc n >> z.zst");
    put("z.empty.gz", "");
    io = opened("z.*", 1, 0);
    s = io_open_split(io, "files", NULL);
    assert_int_equal(io_run(io, s), STREAMD_FINISHED);
    assert_string_equal(io_lines(io), "one\ntwo\nthree\none\ntwo\nthree\n");
    io_close_split(io, s);
    io_free(io);
}

static void says_where_compressed_data_is_damaged(void **state)
{
    struct io_host *io;
    struct io_split *s;

    (void)state;
    if (!knows_compression())
        skip();
    shell("seq 100000 > all; gzip -c all | head -c 50000 > t.gz; zstd -qc all | head -c 9000 > "
          "t.zst");
    shell("printf 'not gzip at all' > u.gz; gzip -c all > v.gz; printf garbage >> v.gz");
    static const struct {
        const char *path, *message;
    } cases[] = {{"t.gz", "SD5212: 't.gz' is cut off: it ends at byte 50000"},
                 {"t.zst", "SD5212: 't.zst' is cut off: it ends at byte 9000"},
                 {"u.gz", "SD5212: 'u.gz' cannot be decompressed near byte 2: incorrect header"},
                 {"v.gz", "SD5212: 'v.gz' cannot be decompressed"}};
    for (size_t i = 0; i < 4; i++) {
        io = opened(cases[i].path, 1, 0);
        s = io_open_split(io, "files", NULL);
        assert_int_equal(io_run(io, s), STREAMD_FAILED);
        if (!strstr(io_message(io), cases[i].message))
            assert_string_equal(io_message(io), cases[i].message);
        assert_int_equal(io_class(io), STREAMD_FAIL_PIPELINE);
        io_close_split(io, s);
        io_free(io);
    }
}

/* ---- what cannot be read ----------------------------------------------------------------- */

static void says_what_cannot_be_read(void **state)
{
    struct io_host *io;

    (void)state;
    io = opened("none.*", 1, 0);
    assert_null(io_list(io));
    assert_string_equal(io_message(io), "SD5211: no file matches 'none.*'");
    io_free(io);

    io = opened("absent/*.log", 1, 0);
    assert_null(io_list(io));
    assert_string_equal(io_message(io), "SD5211: cannot read a folder of 'absent/*.log': No such "
                                        "file or directory");
    io_free(io);

    io = opened("absent", 1, 0);
    assert_non_null(io_list(io));
    assert_null(io_open_split(io, "files", NULL));
    assert_string_equal(io_message(io), "SD5210: cannot open 'absent': No such file or directory");
    io_free(io);

    assert_int_equal(mkdir("dir", 0700), 0);
    io = opened("dir", 1, 0);
    assert_null(io_open_split(io, "files", NULL));
    assert_string_equal(io_message(io), "SD5210: cannot read 'dir': Is a directory");
    io_free(io);

    assert_int_equal(mkfifo("pipe", 0600), 0);
    io = opened("pipe", 1, 0);
    assert_null(io_open_split(io, "files", NULL));
    assert_non_null(strstr(io_message(io), "SD5210: 'pipe' is no regular file"));
    io_free(io);

    put("gone1", "1\n");
    put("gone2", "2\n");
    io = opened("gone?", 1, 0);
    struct io_split *s = io_open_split(io, "files", NULL);
    assert_int_equal(unlink("gone2"), 0);
    assert_int_equal(io_run(io, s), STREAMD_FAILED);
    assert_string_equal(io_message(io), "SD5210: cannot open 'gone2': No such file or directory");
    assert_string_equal(io_lines(io), "1\n");
    io_close_split(io, s);
    io_free(io);
}

static void says_what_may_not_be_read(void **state)
{
    uid_t user = geteuid();
    struct io_host *io;

    (void)state;
    put("secret", "1\n");
    assert_int_equal(chmod(".", 0755), 0);
    assert_int_equal(chmod("secret", 0), 0);
    assert_int_equal(mkdir("closed", 0), 0);
    /* The superuser may read everything. */
    if (user == 0)
        assert_int_equal(seteuid(65534), 0);
    io = opened("secret", 1, 0);
    assert_null(io_open_split(io, "files", NULL));
    assert_string_equal(io_message(io), "SD5210: cannot open 'secret': Permission denied");
    assert_int_equal(io_class(io), STREAMD_FAIL_PIPELINE);
    io_free(io);
    io = opened("closed/*", 1, 0);
    assert_null(io_list(io));
    assert_string_equal(io_message(io),
                        "SD5211: cannot read a folder of 'closed/*': Permission denied");
    io_free(io);
    assert_int_equal(seteuid(user), 0);
}

static void merge_and_follow_exclude_each_other(void **state)
{
    struct io_host *io = io_new("source-file");

    (void)state;
    io_set_text(io, "path", "x");
    io_set_number(io, "follow", 1);
    io_set_number(io, "merge", 2);
    assert_int_equal(io_bind(io), STREAMD_E_REPORTED);
    assert_non_null(strstr(io_message(io), "SD2141 at 'merge'"));
    io_free(io);
}

/* ---- files that grow --------------------------------------------------------------------- */

/* Reads what there is; the split must then be waiting. */
static const char *news(struct io_host *io, struct io_split *s)
{
    assert_int_equal(io_run(io, s), STREAMD_BLOCKED);
    return io_lines(io);
}

static int64_t now_us = 1000000000;

static void pass(struct io_host *io, int64_t us)
{
    now_us += us;
    io_clock(io, now_us);
}

static void follows_a_growing_file(void **state)
{
    struct io_host *io = opened("app.log", 1, 1);
    struct io_split *s;

    (void)state;
    assert_string_equal(io_list(io), "app.log\n");
    s = io_open_split(io, "app.log", NULL);
    assert_string_equal(news(io, s), "");
    put("app.log", "1\n2");
    assert_string_equal(news(io, s), "1\n");
    append("app.log", "2\n3\n");
    assert_string_equal(news(io, s), "22\n3\n");
    assert_string_equal(news(io, s), "");
    io_close_split(io, s);
    io_free(io);
}

static void follows_through_rotation(void **state)
{
    struct io_host *io;
    struct io_split *s;

    (void)state;
    put("r.log", "1\n");
    io = opened("r.log*", 1, 1);
    assert_string_equal(io_list(io), "r.log\n");
    s = io_open_split(io, "r.log", NULL);
    assert_string_equal(news(io, s), "1\n");
    assert_int_equal(rename("r.log", "r.log.1"), 0);
    append("r.log.1", "2\n");
    put("r.log", "");
    assert_string_equal(news(io, s), "2\n");
    assert_string_equal(io_list(io), "r.log\n");
    append("r.log", "4\n");
    pass(io, 100000);
    assert_string_equal(news(io, s), "");
    append("r.log.1", "3");
    pass(io, 1000000);
    assert_string_equal(news(io, s), "3\n4\n");
    assert_int_equal(io_counter(io, "rotated_files"), 1);
    /* The old file, which the pattern matches under its new name, is not read again. */
    assert_string_equal(io_list(io), "r.log\n");
    assert_int_equal(rename("r.log.1", "r.log.2"), 0);
    assert_string_equal(io_list(io), "r.log\n");
    put("r.log.new", "x\n");
    assert_string_equal(io_list(io), "r.log\nr.log.new\n");
    io_close_split(io, s);
    io_free(io);
}

static int open_descriptors(void)
{
    DIR *d = opendir("/proc/self/fd");
    int n = 0;

    assert_non_null(d);
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

static void forgets_files_that_are_gone(void **state)
{
    int descriptors = 0;

    struct io_host *io;
    struct io_split *s;

    (void)state;
    put("g.log", "1\n");
    io = opened("g.*", 1, 1);
    (void)io_list(io);
    s = io_open_split(io, "g.log", NULL);
    assert_string_equal(news(io, s), "1\n");
    /* File systems give a new file the inode number of one that is gone. */
    for (int i = 0; i < 20; i++) {
        char name[16], want[16];

        assert_int_equal(unlink("g.log"), 0);
        snprintf(want, sizeof(want), "%d\n", 100 + i);
        put("g.log", want);
        (void)news(io, s);
        pass(io, 1000000);
        assert_string_equal(news(io, s), want);
        snprintf(name, sizeof(name), "g.%d", i);
        put(name, "new\n");
        assert_non_null(strstr(io_list(io), name));
        if (i == 0)
            descriptors = open_descriptors();
    }
    assert_int_equal(open_descriptors(), descriptors);
    io_close_split(io, s);
    io_free(io);
}

static void starts_again_when_truncated(void **state)
{
    struct io_host *io;
    struct io_split *s;

    (void)state;
    put("t.log", "1\n2\nhalf");
    io = opened("t.log", 1, 1);
    s = io_open_split(io, "t.log", NULL);
    assert_string_equal(news(io, s), "1\n2\n");
    put("t.log", "3\n");
    assert_string_equal(news(io, s), "3\n");
    assert_string_equal(io_message(io), "'t.log' was truncated: reading it from its beginning");
    assert_int_equal(io_counter(io, "truncated_files"), 1);
    /* Written anew to the same size, and to more, before anybody looked. */
    put("t.log", "4\n");
    assert_string_equal(news(io, s), "4\n");
    put("t.log", "5\n6\n7\n");
    assert_string_equal(news(io, s), "5\n6\n7\n");
    assert_int_equal(io_counter(io, "truncated_files"), 3);
    for (int i = 0; i < 100; i++) {
        append("t.log", "a line that is long enough for the bytes that are kept to move\n");
        (void)news(io, s);
    }
    assert_int_equal(io_counter(io, "truncated_files"), 3);
    io_close_split(io, s);
    io_free(io);
}

static void goes_on_where_it_was_after_rotation(void **state)
{
    char position[STREAMD_POSITION_BYTES];
    struct io_host *io;
    struct io_split *s;

    (void)state;
    put("w.log", "1\n2\n");
    io = opened("w.log", 1, 1);
    io_room(io, 1);
    s = io_open_split(io, "w.log", NULL);
    (void)io_next(io, s);
    assert_string_equal(io_lines(io), "1\n");
    snprintf(position, sizeof(position), "%s", io_position(io, s));
    io_close_split(io, s);
    io_free(io);

    append("w.log", "3\n");
    assert_int_equal(rename("w.log", "w.log.old"), 0);
    put("w.log", "4\n");
    io = opened("w.log", 1, 1);
    s = io_open_split(io, "w.log", position);
    assert_string_equal(news(io, s), "2\n3\n");
    pass(io, 1000000);
    assert_string_equal(news(io, s), "4\n");
    snprintf(position, sizeof(position), "%s", io_position(io, s));
    io_close_split(io, s);

    /* Truncated while nobody looked. */
    put("w.log", "5");
    s = io_open_split(io, "w.log", position);
    assert_int_equal(io_counter(io, "truncated_files"), 1);
    append("w.log", "\n");
    assert_string_equal(news(io, s), "5\n");

    /* Truncated while nobody looked, and longer than it was by now. */
    snprintf(position, sizeof(position), "%s", io_position(io, s));
    io_close_split(io, s);
    put("w.log", "8\n9\n");
    s = io_open_split(io, "w.log", position);
    assert_int_equal(io_counter(io, "truncated_files"), 2);
    assert_string_equal(news(io, s), "8\n9\n");
    snprintf(position, sizeof(position), "%s", io_position(io, s));
    io_close_split(io, s);

    /* Gone while nobody looked. */
    assert_int_equal(rename("w.log", "elsewhere"), 0);
    shell("mkdir away && mv elsewhere away");
    put("w.log", "7\n");
    s = io_open_split(io, "w.log", position);
    assert_int_equal(io_counter(io, "lost_files"), 1);
    assert_string_equal(news(io, s), "7\n");
    io_close_split(io, s);
    io_free(io);
}

/* The name went to another file twice while nobody looked. */
static void finds_files_in_between(void **state)
{
    char position[STREAMD_POSITION_BYTES];
    struct io_host *io;
    struct io_split *s;

    (void)state;
    put("r.log.9", "old\n");
    put("r.log", "1\n");
    io = opened("r.log", 1, 1);
    s = io_open_split(io, "r.log", NULL);
    assert_string_equal(news(io, s), "1\n");
    snprintf(position, sizeof(position), "%s", io_position(io, s));
    io_close_split(io, s);
    io_free(io);

    append("r.log", "2\n");
    shell("mv r.log r.log.3; sleep 0.02; echo 3 > r.log; mv r.log r.log.2; sleep 0.02; "
          "echo 4 > r.log; mv r.log r.log-1; echo x > r.logger; echo x > r.log.gz; "
          "mkdir r.log.d; sleep 0.02; echo 5 > r.log");
    io = opened("r.log", 1, 1);
    s = io_open_split(io, "r.log", position);
    assert_string_equal(news(io, s), "2\n");
    pass(io, 1000000);
    assert_string_equal(news(io, s), "3\n");
    pass(io, 1000000);
    snprintf(position, sizeof(position), "%s", io_position(io, s));
    io_close_split(io, s);
    s = io_open_split(io, "r.log", position);
    (void)news(io, s);
    pass(io, 1000000);
    assert_string_equal(news(io, s), "4\n");
    pass(io, 1000000);
    assert_string_equal(news(io, s), "5\n");
    assert_int_equal(io_counter(io, "lost_files"), 0);
    io_close_split(io, s);
    io_free(io);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_in_the_order_of_names, io_folder_begin,
                                        io_folder_end),
        cmocka_unit_test_setup_teardown(finds_files_in_between, io_folder_begin, io_folder_end),
        cmocka_unit_test_setup_teardown(a_full_output_loses_nothing, io_folder_begin,
                                        io_folder_end),
        cmocka_unit_test_setup_teardown(merges_files_as_splits, io_folder_begin, io_folder_end),
        cmocka_unit_test_setup_teardown(a_long_line_makes_the_buffer_grow, io_folder_begin,
                                        io_folder_end),
        cmocka_unit_test_setup_teardown(goes_on_at_any_position, io_folder_begin, io_folder_end),
        cmocka_unit_test_setup_teardown(refuses_positions_that_are_none, io_folder_begin,
                                        io_folder_end),
        cmocka_unit_test_setup_teardown(reads_members_as_one_stream, io_folder_begin,
                                        io_folder_end),
        cmocka_unit_test_setup_teardown(says_where_compressed_data_is_damaged, io_folder_begin,
                                        io_folder_end),
        cmocka_unit_test_setup_teardown(says_what_cannot_be_read, io_folder_begin, io_folder_end),
        cmocka_unit_test_setup_teardown(says_what_may_not_be_read, io_folder_begin, io_folder_end),
        cmocka_unit_test_setup_teardown(merge_and_follow_exclude_each_other, io_folder_begin,
                                        io_folder_end),
        cmocka_unit_test_setup_teardown(follows_a_growing_file, io_folder_begin, io_folder_end),
        cmocka_unit_test_setup_teardown(follows_through_rotation, io_folder_begin, io_folder_end),
        cmocka_unit_test_setup_teardown(forgets_files_that_are_gone, io_folder_begin,
                                        io_folder_end),
        cmocka_unit_test_setup_teardown(starts_again_when_truncated, io_folder_begin,
                                        io_folder_end),
        cmocka_unit_test_setup_teardown(goes_on_where_it_was_after_rotation, io_folder_begin,
                                        io_folder_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
