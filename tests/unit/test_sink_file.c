/*
 * The sink `file` in a folder of the test's own: names, rolling, buckets, compression, and what
 * becomes of parts at a checkpoint, at commit, and after a crash.
 */
#include "io_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* All files below the folder "out", sorted, with a blank between them. */
static const char *files(void)
{
    return io_shell("cd out && find . -type f | sort | tr '\\n' ' '");
}

static struct io_host *bound(void)
{
    struct io_host *io = io_new("sink-file");

    io_set_text(io, "path", "out");
    io_set_number(io, "roll.size", 1 << 20);
    io_input(io, "v: string|null", STREAMD_APPEND);
    return io;
}

static struct io_host *opened(void)
{
    struct io_host *io = bound();

    assert_int_equal(io_bind(io), 0);
    assert_int_equal(io_open(io), 0);
    return io;
}

static void a_part_gets_its_name_at_commit(void **state)
{
    struct io_host *io = opened();

    (void)state;
    assert_string_equal(files(), "");
    assert_int_equal(io_send(io, "a\nb\n"), STREAMD_OK);
    assert_string_equal(files(), "./.part-0-0.txt ");
    assert_int_equal(io_prepare(io, 1), STREAMD_OK);
    assert_string_equal(files(), "./.part-0-0.txt ");
    assert_string_equal(io_shell("cat out/.part-0-0.txt"), "#\na\nb\n");
    assert_int_equal(io_commit(io, 1), STREAMD_OK);
    assert_string_equal(files(), "./part-0-0.txt ");
    assert_string_equal(io_shell("cat out/part-0-0.txt"), "#\na\nb\n");
    io_free(io);
}

static void commit_is_for_its_checkpoint_and_those_before(void **state)
{
    struct io_host *io = opened();

    (void)state;
    assert_int_equal(io_send(io, "1\n"), STREAMD_OK);
    assert_int_equal(io_prepare(io, 1), STREAMD_OK);
    assert_int_equal(io_send(io, "2\n"), STREAMD_OK);
    assert_int_equal(io_prepare(io, 2), STREAMD_OK);
    assert_int_equal(io_send(io, "3\n"), STREAMD_OK);
    assert_int_equal(io_prepare(io, 3), STREAMD_OK);
    assert_int_equal(io_commit(io, 2), STREAMD_OK);
    assert_string_equal(files(), "./.part-0-2.txt ./part-0-0.txt ./part-0-1.txt ");
    assert_int_equal(io_commit(io, 2), STREAMD_OK);
    assert_int_equal(io_send(io, "4\n"), STREAMD_OK);
    assert_int_equal(io_commit(io, 3), STREAMD_OK);
    assert_string_equal(files(), "./.part-0-3.txt ./part-0-0.txt ./part-0-1.txt ./part-0-2.txt ");
    io_free(io);
    /* What no checkpoint holds goes when the task ends. */
    assert_string_equal(files(), "./part-0-0.txt ./part-0-1.txt ./part-0-2.txt ");
}

static void an_interval_without_rows_makes_no_part(void **state)
{
    struct io_host *io = opened();

    (void)state;
    assert_int_equal(io_prepare(io, 1), STREAMD_OK);
    assert_int_equal(io_commit(io, 1), STREAMD_OK);
    assert_string_equal(files(), "");
    io_free(io);
}

static void a_prepared_part_survives_the_task(void **state)
{
    struct io_host *io = opened();

    (void)state;
    assert_int_equal(io_send(io, "1\n"), STREAMD_OK);
    assert_int_equal(io_prepare(io, 7), STREAMD_OK);
    assert_int_equal(io_send(io, "lost\n"), STREAMD_OK);
    assert_int_equal(io_reopen(io), 0);
    assert_string_equal(files(), "./.part-0-0.txt ");
    assert_int_equal(io_send(io, "2\n"), STREAMD_OK);
    assert_int_equal(io_commit(io, 7), STREAMD_OK);
    assert_string_equal(files(), "./.part-0-1.txt ./part-0-0.txt ");
    assert_int_equal(io_commit(io, 7), STREAMD_OK);
    io_free(io);
}

static void a_commit_that_was_cut_short_is_finished(void **state)
{
    struct io_host *io = opened();

    (void)state;
    assert_int_equal(io_send(io, "1\n"), STREAMD_OK);
    assert_int_equal(io_prepare(io, 1), STREAMD_OK);
    /* The name was given, and the row was not erased. */
    io_shell("mv out/.part-0-0.txt out/part-0-0.txt");
    assert_int_equal(io_commit(io, 1), STREAMD_OK);
    assert_string_equal(files(), "./part-0-0.txt ");
    /* Both names lead to the file, as a hard link on the way leaves it. */
    assert_int_equal(io_send(io, "2\n"), STREAMD_OK);
    assert_int_equal(io_prepare(io, 2), STREAMD_OK);
    io_shell("ln out/.part-0-1.txt out/part-0-1.txt");
    assert_int_equal(io_commit(io, 2), STREAMD_OK);
    assert_string_equal(files(), "./part-0-0.txt ./part-0-1.txt ");
    /* Gone in the same run: that is a loss. */
    assert_int_equal(io_send(io, "3\n"), STREAMD_OK);
    assert_int_equal(io_prepare(io, 3), STREAMD_OK);
    io_shell("rm out/.part-0-2.txt");
    assert_int_equal(io_commit(io, 3), STREAMD_FAILED);
    assert_non_null(strstr(io_message(io), "/out/.part-0-2.txt' is gone before it got its name"));
    io_free(io);
}

/* ---- with checkpoints -------------------------------------------------------------------- */

/* Where `bucket` is in the sink's options: behind path and roll. */
#define BUCKET_OFFSET (sizeof(char *) + 3 * sizeof(int64_t))

#define LINEAGE IO_LINEAGE
#define PARENT "ffffffffffffffffffffffffffffffff"

static struct io_host *durable(const char *attempt, uint64_t checkpoint)
{
    struct io_host *io = bound();

    io_set_attempt(io, attempt, checkpoint);
    assert_int_equal(io_bind(io), 0);
    return io;
}

static void parts_are_named_by_their_owner(void **state)
{
    struct io_host *io = durable("a1", 0);

    (void)state;
    assert_int_equal(io_open(io), 0);
    assert_int_equal(io_send(io, "a\n"), STREAMD_OK);
    assert_string_equal(files(), "./.streamd." LINEAGE ".out.a1.0.0.tmp ");
    assert_int_equal(io_prepare(io, 4), STREAMD_OK);
    assert_string_equal(files(), "./.streamd." LINEAGE ".out.a1.0.0.4.part ");
    assert_int_equal(io_send(io, "b\n"), STREAMD_OK);
    assert_int_equal(io_commit(io, 4), STREAMD_OK);
    assert_string_equal(files(), "./.streamd." LINEAGE ".out.4.mark ./.streamd." LINEAGE
                                 ".out.a1.0.1.tmp ./part-0-0.txt ");
    assert_int_equal(io_prepare(io, 5), STREAMD_OK);
    assert_int_equal(io_commit(io, 5), STREAMD_OK);
    assert_string_equal(files(),
                        "./.streamd." LINEAGE ".out.5.mark ./part-0-0.txt ./part-0-1.txt ");
    io_free(io);
}

/* An aborted checkpoint joins the next one, whose commit takes both. */
static void an_aborted_interval_joins_the_next(void **state)
{
    struct io_host *io = durable("a1", 0);

    (void)state;
    assert_int_equal(io_open(io), 0);
    assert_int_equal(io_send(io, "a\n"), STREAMD_OK);
    assert_int_equal(io_prepare(io, 4), STREAMD_OK);
    assert_int_equal(io_send(io, "b\n"), STREAMD_OK);
    assert_int_equal(io_prepare(io, 5), STREAMD_OK);
    io_set_attempt(io, "a2", 5);
    assert_int_equal(io_reopen(io), 0);
    assert_int_equal(io_commit(io, 5), STREAMD_OK);
    assert_string_equal(io_shell("cat out/part-*"), "#\na\n#\nb\n");
    io_free(io);
}

static void a_killed_attempt_leaves_nothing(void **state)
{
    struct io_host *io;

    (void)state;
    io_shell("mkdir out; cd out; touch "
             ".streamd." LINEAGE ".out.a1.0.0.tmp .streamd." LINEAGE ".out.a1.7.3.tmp "
             ".streamd." LINEAGE ".out.a1.3.0.6.part .streamd." LINEAGE ".out.a1.3.1.5.part "
             ".streamd." LINEAGE ".out.a2.1.0.tmp .streamd." LINEAGE ".other.a1.0.0.tmp "
             ".streamd." PARENT ".out.a1.0.0.tmp .streamd.x .part-0-0.txt part-0-1.txt");
    io = durable("a2", 5);
    harness_context(io_harness(io))->task = 1;
    harness_context(io_harness(io))->parallelism = 2;
    assert_int_equal(io_open(io), 0); /* not the first task: removes nothing */
    assert_string_equal(io_shell("ls -A out | wc -l"), "10\n");
    harness_context(io_harness(io))->task = 0;
    assert_int_equal(io_reopen(io), 0);
    assert_string_equal(
        files(), "./.part-0-0.txt ./.streamd." LINEAGE ".other.a1.0.0.tmp ./.streamd." LINEAGE
                 ".out.a1.3.1.5.part ./.streamd." LINEAGE ".out.a2.1.0.tmp ./.streamd." PARENT
                 ".out.a1.0.0.tmp ./.streamd.x ./part-0-1.txt ");
    io_free(io);
}

/* Buckets have their parts in their own folders, and leftovers there are found too. */
static void parts_of_buckets(void **state)
{
    static const struct streamd_expr expr = {.type = {.id = STREAMD_STRING}};
    struct io_host *io;

    (void)state;
    io_shell("mkdir -p out/b out/.c out/d/e; touch out/b/.streamd." LINEAGE
             ".out.a1.7.3.tmp out/b/.streamd." LINEAGE ".out.a1.7.3.5.part out/.c/.streamd." LINEAGE
             ".out.a1.7.3.tmp out/d/e/.streamd." LINEAGE ".out.a1.7.3.tmp");
    io = durable("a2", 5);
    *(const struct streamd_expr **)((char *)io_options(io) + BUCKET_OFFSET) = &expr;
    assert_int_equal(io_open(io), 0);
    assert_string_equal(files(), "./.c/.streamd." LINEAGE ".out.a1.7.3.tmp ./b/.streamd." LINEAGE
                                 ".out.a1.7.3.5.part ./d/e/.streamd." LINEAGE ".out.a1.7.3.tmp ");
    io_free(io);
}

static void a_crash_after_the_checkpoint_is_finished(void **state)
{
    struct io_host *io = durable("a1", 0);

    (void)state;
    assert_int_equal(io_open(io), 0);
    assert_int_equal(io_send(io, "1\n"), STREAMD_OK);
    assert_int_equal(io_prepare(io, 7), STREAMD_OK);
    assert_int_equal(io_send(io, "lost\n"), STREAMD_OK);
    io_set_attempt(io, "a2", 7);
    assert_int_equal(io_reopen(io), 0);
    assert_int_equal(io_commit(io, 7), STREAMD_OK);
    assert_string_equal(files(), "./.streamd." LINEAGE ".out.7.mark ./part-0-0.txt ");
    assert_string_equal(io_shell("cat out/part-0-0.txt"), "#\n1\n");
    io_free(io);
}

/* Rows restored of parts that an earlier attempt made final, one of which was taken away. */
static void a_commit_is_repeated(void **state)
{
    struct io_host *io = durable("a1", 0);

    (void)state;
    assert_int_equal(io_open(io), 0);
    assert_int_equal(io_send(io, "1\n"), STREAMD_OK);
    assert_int_equal(io_prepare(io, 7), STREAMD_OK);
    assert_int_equal(io_send(io, "2\n"), STREAMD_OK);
    assert_int_equal(io_prepare(io, 8), STREAMD_OK);
    io_shell("cd out && rm .streamd.*.0.0.7.part && mv .streamd.*.0.1.8.part part-0-1.txt && "
             "touch .streamd." LINEAGE ".out.8.mark");
    io_set_attempt(io, "a2", 8);
    assert_int_equal(io_reopen(io), 0);
    assert_int_equal(io_commit(io, 8), STREAMD_OK);
    assert_int_equal(io_counter(io, "missing_parts"), 1);
    assert_string_equal(files(), "./.streamd." LINEAGE ".out.8.mark ./part-0-1.txt ");
    io_free(io);
}

static void a_part_that_is_gone_is_a_loss(void **state)
{
    struct io_host *io = durable("a1", 0);

    (void)state;
    assert_int_equal(io_open(io), 0);
    assert_int_equal(io_send(io, "1\n"), STREAMD_OK);
    assert_int_equal(io_prepare(io, 7), STREAMD_OK);
    io_shell("rm out/.streamd.*");
    assert_int_equal(io_commit(io, 7), STREAMD_FAILED);
    assert_non_null(strstr(io_message(io), "SD5244"));
    assert_int_equal(io_class(io), STREAMD_FAIL_PIPELINE);
    io_free(io);
}

static void a_name_that_is_taken_is_passed_over(void **state)
{
    struct io_host *io = durable("a1", 0);

    (void)state;
    assert_int_equal(io_open(io), 0);
    assert_int_equal(io_send(io, "a\n"), STREAMD_OK);
    io_shell("cd out && echo other > part-0-0.txt && echo other > part-0-1.txt");
    assert_int_equal(io_prepare(io, 1), STREAMD_OK);
    assert_int_equal(io_commit(io, 1), STREAMD_OK);
    assert_string_equal(io_shell("cd out && cat part-0-0.txt part-0-1.txt part-0-2.txt"),
                        "other\nother\n#\na\n");
    io_free(io);
}

static void newer_output_is_not_written_again(void **state)
{
    struct io_host *io = durable("a1", 1);

    (void)state;
    io_shell("mkdir out; touch out/.streamd." PARENT ".out.40.mark");
    io_set_parent(io, PARENT, 39);
    assert_true(io_open(io) < 0);
    assert_non_null(strstr(io_message(io), "SD5243"));
    assert_non_null(strstr(io_message(io), "of checkpoint 40, and the snapshot restored is of 39"));
    assert_int_equal(io_class(io), STREAMD_FAIL_PIPELINE);
    harness_context(io_harness(io))->accept_duplicates = 1;
    assert_int_equal(io_open(io), 0);
    io_free(io);
    /* The newest savepoint is fine; but restored once more, after something was written, not. */
    io = durable("a1", 1);
    io_set_parent(io, PARENT, 40);
    assert_int_equal(io_open(io), 0);
    assert_int_equal(io_send(io, "a\n"), STREAMD_OK);
    assert_int_equal(io_prepare(io, 2), STREAMD_OK);
    assert_int_equal(io_commit(io, 2), STREAMD_OK);
    io_set_attempt(io, "a2", 2);
    assert_int_equal(io_reopen(io), 0); /* a crash */
    io_free(io);
    io = durable("b1", 1);
    harness_context(io_harness(io))->lineage = "00000000000000000000000000000000";
    io_set_parent(io, PARENT, 40);
    assert_true(io_open(io) < 0);
    assert_non_null(strstr(io_message(io), "SD5243"));
    io_set_parent(io, "", 0);
    assert_int_equal(io_open(io), 0); /* a pipeline that has nothing to do with it */
    io_free(io);
}

/* Rows of a savepoint: of another lineage, whose ids may be larger than ours. */
static void parts_of_a_savepoint_are_done(void **state)
{
    struct io_host *io = durable("a1", 0);

    (void)state;
    assert_int_equal(io_open(io), 0);
    assert_int_equal(io_send(io, "a\n"), STREAMD_OK);
    assert_int_equal(io_prepare(io, 40), STREAMD_OK);
    io_shell("mv out/.streamd.*.40.part out/part-0-0.txt");
    io_set_attempt(io, "b1", 3);
    harness_context(io_harness(io))->lineage = "00000000000000000000000000000000";
    io_set_parent(io, LINEAGE, 40);
    assert_int_equal(io_reopen(io), 0);
    assert_int_equal(io_commit(io, 3), STREAMD_OK);
    assert_int_equal(harness_state_rows(io_harness(io)), 0);
    io_free(io);
}

static void nothing_is_overwritten(void **state)
{
    struct io_host *io;

    (void)state;
    io_shell("mkdir out; echo old > out/part-0-7.json; echo old > out/.part-0-9.txt.gz; "
             "echo old > out/part-1-50.txt; echo old > out/part-0-x.txt");
    io = opened();
    assert_int_equal(io_send(io, "a\n"), STREAMD_OK);
    assert_non_null(strstr(io_message(io), "1 unfinished parts of an earlier run, such as "
                                           ".part-0-9.txt.gz"));
    assert_int_equal(io_prepare(io, 1), STREAMD_OK);
    assert_int_equal(io_commit(io, 1), STREAMD_OK);
    assert_string_equal(io_shell("cat out/part-0-10.txt"), "#\na\n");
    /* Somebody else takes a name while the part is in progress, and one before it is. */
    io_shell("echo other > out/part-0-11.txt");
    assert_int_equal(io_send(io, "b\n"), STREAMD_OK);
    io_shell("echo other > out/part-0-12.txt");
    assert_int_equal(io_prepare(io, 2), STREAMD_OK);
    assert_int_equal(io_commit(io, 2), STREAMD_FAILED);
    assert_non_null(strstr(io_message(io), "SD5221"));
    assert_non_null(strstr(io_message(io), "/out/part-0-12.txt' is there already"));
    assert_string_equal(io_shell("cat out/part-0-11.txt out/part-0-12.txt"), "other\nother\n");
    io_free(io);
}

static void parts_roll_by_size(void **state)
{
    struct io_host *io = bound();

    (void)state;
    io_set_number(io, "roll.size", 10);
    assert_int_equal(io_bind(io), 0);
    assert_int_equal(io_open(io), 0);
    assert_int_equal(io_send(io, "1234\n"), STREAMD_OK);
    assert_string_equal(files(), "./.part-0-0.txt ");
    assert_int_equal(io_send(io, "5678\n"), STREAMD_OK);
    assert_int_equal(io_send(io, "9\n"), STREAMD_OK);
    assert_string_equal(files(), "./.part-0-0.txt ./.part-0-1.txt ");
    assert_int_equal(io_prepare(io, 1), STREAMD_OK);
    assert_int_equal(io_commit(io, 1), STREAMD_OK);
    assert_string_equal(io_shell("cat out/part*"), "#\n1234\n5678\n#\n9\n");
    io_free(io);
}

static void parts_roll_by_time(void **state)
{
    struct io_host *io = bound();

    (void)state;
    io_set_number(io, "roll.every", 5000000);
    io_set_number(io, "roll.idle", 2000000);
    assert_int_equal(io_bind(io), 0);
    assert_int_equal(io_open(io), 0);
    io_clock(io, 100000000);
    assert_int_equal(io_send(io, "1\n"), STREAMD_OK);
    assert_int_equal(io_until(io), 102000000);
    io_clock(io, 101000000);
    assert_int_equal(io_send(io, "2\n"), STREAMD_OK);
    io_clock(io, 102000000);
    assert_int_equal(io_timer(io), STREAMD_OK);
    assert_int_equal(io_until(io), 103000000);
    io_clock(io, 103000000);
    assert_int_equal(io_timer(io), STREAMD_OK);
    assert_int_equal(io_send(io, "3\n"), STREAMD_OK);
    assert_string_equal(files(), "./.part-0-0.txt ./.part-0-1.txt ");
    for (int i = 0; i < 5; i++) {
        io_clock(io, 104000000 + i * 1000000);
        assert_int_equal(io_timer(io), STREAMD_OK);
        assert_int_equal(io_send(io, "4\n"), STREAMD_OK);
    }
    assert_string_equal(files(), "./.part-0-0.txt ./.part-0-1.txt ./.part-0-2.txt ");
    io_free(io);
}

static void parts_are_compressed(void **state)
{
    static const char *const commands[] = {"", "gzip -dc out/part-0-0.txt.gz",
                                           "zstd -qdc out/part-0-0.txt.zst"};

    (void)state;
#if !defined(STREAMD_WITH_ZLIB) || !defined(STREAMD_WITH_ZSTD)
    skip();
#endif
    for (int kind = 1; kind <= 2; kind++) {
        struct io_host *io = bound();

        io_set_number(io, "compression", kind);
        assert_int_equal(io_bind(io), 0);
        assert_int_equal(io_open(io), 0);
        assert_int_equal(io_send(io, "one\n"), STREAMD_OK);
        assert_int_equal(io_send(io, "two\n"), STREAMD_OK);
        assert_int_equal(io_prepare(io, 1), STREAMD_OK);
        assert_int_equal(io_commit(io, 1), STREAMD_OK);
        assert_string_equal(io_shell(commands[kind]), "#\none\ntwo\n");
        io_free(io);
        io_shell("rm -r out");
    }
}

static void changes_are_a_field(void **state)
{
    struct io_host *io = bound();

    (void)state;
    io_set_text(io, "changelog.field", "_op");
    assert_int_equal(io_bind(io), 0);
    assert_int_equal(io_open(io), 0);
    assert_int_equal(io_send(io, "+ a\n< b\n> c\n- d\n"), STREAMD_OK);
    assert_int_equal(io_send(io, "e\n"), STREAMD_OK);
    assert_int_equal(io_prepare(io, 1), STREAMD_OK);
    assert_int_equal(io_commit(io, 1), STREAMD_OK);
    assert_string_equal(io_shell("cat out/part-0-0.txt"), "#\n+I,a\n-U,b\n+U,c\n-D,d\n+I,e\n");
    io_free(io);

    io = bound();
    io_set_text(io, "changelog.field", "v");
    assert_int_equal(io_bind(io), STREAMD_E_REPORTED);
    assert_non_null(strstr(io_message(io), "SD2142 at 'changelog.field'"));
    io_free(io);
}

static void says_what_cannot_be_written(void **state)
{
    struct io_host *io;
    struct rlimit limit, saved;

    (void)state;
    io_shell("echo > out");
    io = bound();
    assert_int_equal(io_bind(io), 0);
    assert_int_not_equal(io_open(io), 0);
    assert_string_equal(io_message(io), "SD5220: cannot use as a folder 'out': Not a directory");
    io_free(io);

    io_shell("rm out");
    io = opened();
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &saved), 0);
    limit = saved;
    limit.rlim_cur = 5;
    assert_int_equal(io_send(io, "123456789\n"), STREAMD_OK);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(io_prepare(io, 1), STREAMD_FAILED);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &saved), 0);
    assert_non_null(strstr(io_message(io), "SD5220: cannot write at byte 5 of '"));
    assert_non_null(strstr(io_message(io), "/out/.part-0-0.txt': File too large"));
    assert_int_equal(io_class(io), STREAMD_FAIL_TASK);
    io_free(io);
    assert_string_equal(files(), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_part_gets_its_name_at_commit, io_folder_begin,
                                        io_folder_end),
        cmocka_unit_test_setup_teardown(commit_is_for_its_checkpoint_and_those_before,
                                        io_folder_begin, io_folder_end),
        cmocka_unit_test_setup_teardown(an_interval_without_rows_makes_no_part, io_folder_begin,
                                        io_folder_end),
        cmocka_unit_test_setup_teardown(a_prepared_part_survives_the_task, io_folder_begin,
                                        io_folder_end),
        cmocka_unit_test_setup_teardown(a_commit_that_was_cut_short_is_finished, io_folder_begin,
                                        io_folder_end),
        cmocka_unit_test_setup_teardown(parts_are_named_by_their_owner, io_folder_begin,
                                        io_folder_end),
        cmocka_unit_test_setup_teardown(an_aborted_interval_joins_the_next, io_folder_begin,
                                        io_folder_end),
        cmocka_unit_test_setup_teardown(a_killed_attempt_leaves_nothing, io_folder_begin,
                                        io_folder_end),
        cmocka_unit_test_setup_teardown(parts_of_buckets, io_folder_begin, io_folder_end),
        cmocka_unit_test_setup_teardown(a_crash_after_the_checkpoint_is_finished, io_folder_begin,
                                        io_folder_end),
        cmocka_unit_test_setup_teardown(a_commit_is_repeated, io_folder_begin, io_folder_end),
        cmocka_unit_test_setup_teardown(a_part_that_is_gone_is_a_loss, io_folder_begin,
                                        io_folder_end),
        cmocka_unit_test_setup_teardown(a_name_that_is_taken_is_passed_over, io_folder_begin,
                                        io_folder_end),
        cmocka_unit_test_setup_teardown(newer_output_is_not_written_again, io_folder_begin,
                                        io_folder_end),
        cmocka_unit_test_setup_teardown(parts_of_a_savepoint_are_done, io_folder_begin,
                                        io_folder_end),
        cmocka_unit_test_setup_teardown(nothing_is_overwritten, io_folder_begin, io_folder_end),
        cmocka_unit_test_setup_teardown(parts_roll_by_size, io_folder_begin, io_folder_end),
        cmocka_unit_test_setup_teardown(parts_roll_by_time, io_folder_begin, io_folder_end),
        cmocka_unit_test_setup_teardown(parts_are_compressed, io_folder_begin, io_folder_end),
        cmocka_unit_test_setup_teardown(changes_are_a_field, io_folder_begin, io_folder_end),
        cmocka_unit_test_setup_teardown(says_what_cannot_be_written, io_folder_begin,
                                        io_folder_end),
    };

    /* A file that grows beyond a limit is an error, no signal. */
    (void)signal(SIGXFSZ, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
