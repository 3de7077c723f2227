/*
 * The sink `sqlite` with checkpoints: rows go through the outbox into the table exactly once,
 * wherever a crash falls. What it does without checkpoints is in tests/e2e/sqlite-sink.sh.
 */
#include "io_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINEAGE IO_LINEAGE
#define OTHER "00000000000000000000000000000000"

/* As in the sink. */
struct sink_options {
    const char *path, *table;
    int64_t mode;
    struct streamd_strings key;
    int64_t busy_timeout;
};

/* What a query says: columns with | between them, rows with a blank behind them. */
static const char *query(const char *sql)
{
    static char text[8192];
    sqlite3_stmt *q;
    sqlite3 *db;

    text[0] = '\0';
    assert_int_equal(sqlite3_open("out.db", &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
    while (sqlite3_step(q) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(q); i++) {
            const unsigned char *value = sqlite3_column_text(q, i);

            strcat(strcat(text, i ? "|" : ""), value ? (const char *)value : "NULL");
        }
        strcat(text, " ");
    }
    sqlite3_finalize(q);
    sqlite3_close(db);
    return text;
}

static void run_sql(const char *sql)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open("out.db", &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static const char *rows(void)
{
    return query("SELECT n, s FROM t ORDER BY rowid");
}

static const char *marker(void)
{
    return query("SELECT checkpoint FROM _streamd_commits WHERE lineage = '" LINEAGE
                 "' AND node = 'out'");
}

static void expect_segments(const char *names)
{
    assert_string_equal(io_shell("cd outbox && ls | tr '\\n' ' '"), names);
}

static struct io_host *bound(uint32_t changelog, const char *key)
{
    static const char *keys[1];
    struct io_host *io = io_new("sink-sqlite");
    struct sink_options *o = io_options(io);

    o->path = "out.db";
    o->table = "t";
    o->busy_timeout = 1000000;
    keys[0] = key;
    if (key) {
        o->mode = 1;
        o->key = (struct streamd_strings){.count = 1, .items = keys};
    }
    io_input(io, key ? "n: int64, s: string|null" : "n: decimal(38,0), s: string|null", changelog);
    io_set_attempt(io, "a1", 0);
    assert_int_equal(io_bind(io), 0);
    return io;
}

static struct io_host *opened(void)
{
    struct io_host *io = bound(STREAMD_APPEND, NULL);

    assert_int_equal(io_open(io), 0);
    return io;
}

static void crash(struct io_host *io, const char *attempt, uint64_t checkpoint)
{
    io_set_attempt(io, attempt, checkpoint);
    assert_int_equal(io_reopen(io), 0);
}

static void rows_come_with_their_marker(void **state)
{
    struct io_host *io = opened();

    (void)state;
    assert_int_equal(io_send(io, "1 | a\n2 | null\n"), STREAMD_OK);
    assert_int_equal(io_send(io, "3 | c\n"), STREAMD_OK);
    assert_string_equal(rows(), "");
    assert_int_equal(io_prepare(io, 4), STREAMD_OK);
    expect_segments("out.0.a1.0.4.seg ");
    assert_int_equal(io_send(io, "4 | d\n"), STREAMD_OK);
    assert_int_equal(io_commit(io, 4), STREAMD_OK);
    assert_string_equal(rows(), "1|a 2|NULL 3|c ");
    assert_string_equal(marker(), "4 ");
    expect_segments("out.0.a1.1.open ");
    assert_int_equal(io_prepare(io, 5), STREAMD_OK);
    assert_int_equal(io_commit(io, 5), STREAMD_OK);
    assert_int_equal(io_prepare(io, 6), STREAMD_OK); /* nothing came */
    assert_int_equal(io_commit(io, 6), STREAMD_OK);
    assert_string_equal(rows(), "1|a 2|NULL 3|c 4|d ");
    assert_string_equal(marker(), "5 ");
    expect_segments("");
    assert_int_equal(harness_state_rows(io_harness(io)), 0);
    io_free(io);
}

static void a_crash_before_commit_is_made_good(void **state)
{
    struct io_host *io = opened();

    (void)state;
    assert_int_equal(io_send(io, "1 | a\n"), STREAMD_OK);
    assert_int_equal(io_prepare(io, 4), STREAMD_OK);
    assert_int_equal(io_send(io, "2 | lost\n"), STREAMD_OK);
    crash(io, "a2", 4);
    expect_segments("out.0.a1.0.4.seg ");
    assert_int_equal(io_commit(io, 4), STREAMD_OK);
    assert_int_equal(io_commit(io, 4), STREAMD_OK);
    assert_string_equal(rows(), "1|a ");
    expect_segments("");
    io_free(io);
}

/* The transaction went through, and the crash came before the segments were erased, or in the
   middle of that. */
static void a_commit_that_was_done_is_not_done_again(void **state)
{
    struct io_host *io = opened();

    (void)state;
    assert_int_equal(io_send(io, "1 | a\n"), STREAMD_OK);
    assert_int_equal(io_prepare(io, 4), STREAMD_OK);
    assert_int_equal(io_send(io, "2 | b\n"), STREAMD_OK);
    assert_int_equal(io_prepare(io, 5), STREAMD_OK);
    run_sql("INSERT INTO t VALUES (1, 'a'), (2, 'b'); "
            "INSERT INTO _streamd_commits VALUES ('" LINEAGE "', 'out', 5, 0)");
    assert_int_equal(unlink("outbox/out.0.a1.0.4.seg"), 0);
    crash(io, "a2", 5);
    assert_int_equal(io_commit(io, 5), STREAMD_OK);
    assert_string_equal(rows(), "1|a 2|b ");
    expect_segments("");
    io_free(io);
}

static void an_aborted_interval_joins_the_next(void **state)
{
    struct io_host *io = opened();

    (void)state;
    assert_int_equal(io_send(io, "1 | a\n"), STREAMD_OK);
    assert_int_equal(io_prepare(io, 4), STREAMD_OK);
    assert_int_equal(io_send(io, "2 | b\n"), STREAMD_OK);
    assert_int_equal(io_prepare(io, 5), STREAMD_OK);
    assert_int_equal(io_commit(io, 5), STREAMD_OK);
    assert_string_equal(rows(), "1|a 2|b ");
    io_free(io);
}

static void another_lineage_never_says_done(void **state)
{
    struct io_host *io = opened();

    (void)state;
    run_sql("INSERT INTO _streamd_commits VALUES ('" OTHER "', 'out', 50, 0), ('" LINEAGE
            "', 'other', 60, 0)");
    assert_int_equal(io_send(io, "1 | a\n"), STREAMD_OK);
    assert_int_equal(io_prepare(io, 4), STREAMD_OK);
    assert_int_equal(io_commit(io, 4), STREAMD_OK);
    assert_string_equal(rows(), "1|a ");
    assert_string_equal(marker(), "4 ");
    io_free(io);
}

static void what_is_missing_is_a_loss(void **state)
{
    struct io_host *io = opened();

    (void)state;
    assert_int_equal(io_send(io, "1 | a\n"), STREAMD_OK);
    assert_int_equal(io_prepare(io, 4), STREAMD_OK);
    assert_int_equal(unlink("outbox/out.0.a1.0.4.seg"), 0);
    assert_int_equal(io_commit(io, 4), STREAMD_FAILED);
    assert_non_null(strstr(io_message(io), "SD5241"));
    assert_int_equal(io_class(io), STREAMD_FAIL_PIPELINE);
    crash(io, "a2", 4);
    assert_int_equal(io_commit(io, 4), STREAMD_FAILED); /* and stays one */
    assert_string_equal(marker(), "");
    io_free(io);
}

static void what_is_damaged_is_kept(void **state)
{
    struct io_host *io = opened();
    FILE *f;

    (void)state;
    assert_int_equal(io_send(io, "1 | a\n"), STREAMD_OK);
    assert_int_equal(io_prepare(io, 4), STREAMD_OK);
    assert_int_equal(io_send(io, "2 | b\n"), STREAMD_OK);
    assert_int_equal(io_prepare(io, 5), STREAMD_OK);
    f = fopen("outbox/out.0.a1.1.5.seg", "r+b");
    fseek(f, -3, SEEK_END);
    fputc('x', f);
    fclose(f);
    assert_int_equal(io_commit(io, 5), STREAMD_FAILED);
    assert_non_null(strstr(io_message(io), "SD5242"));
    crash(io, "a2", 5);
    assert_string_equal(rows(), "");
    assert_string_equal(marker(), "");
    expect_segments("out.0.a1.0.4.seg out.0.a1.1.5.seg ");
    io_free(io);
}

static void a_row_that_does_not_fit_fails_and_stays(void **state)
{
    struct io_host *io = opened();

    (void)state;
    run_sql("CREATE UNIQUE INDEX u ON t(n)");
    assert_int_equal(io_send(io, "1 | a\n1 | b\n"), STREAMD_OK);
    assert_int_equal(io_prepare(io, 4), STREAMD_OK);
    assert_int_equal(io_commit(io, 4), STREAMD_FAILED);
    assert_non_null(strstr(io_message(io), "SD5230"));
    assert_int_equal(io_class(io), STREAMD_FAIL_PIPELINE);
    crash(io, "a2", 4);
    run_sql("DROP INDEX u");
    assert_int_equal(io_commit(io, 4), STREAMD_OK);
    assert_string_equal(rows(), "1|a 1|b ");
    io_free(io);
}

static void a_locked_database_is_waited_for(void **state)
{
    struct io_host *io = opened();
    sqlite3 *db;

    (void)state;
    assert_int_equal(io_send(io, "1 | a\n"), STREAMD_OK);
    assert_int_equal(io_prepare(io, 4), STREAMD_OK);
    assert_int_equal(sqlite3_open("out.db", &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(io_commit(io, 4), STREAMD_FAILED);
    assert_non_null(strstr(io_message(io), "SD5232"));
    assert_int_equal(io_class(io), STREAMD_RETRY);
    sqlite3_close(db);
    crash(io, "a2", 4);
    assert_int_equal(io_commit(io, 4), STREAMD_OK);
    assert_string_equal(rows(), "1|a ");
    io_free(io);
}

static void large_numbers_are_rejected_before(void **state)
{
    struct io_host *io = opened();

    (void)state;
    assert_int_equal(io_send(io, "1 | a\n9223372036854775808 | b\n3 | c\n"), STREAMD_OK);
    assert_non_null(strstr(harness_rejects(io_harness(io)), "1 SD"));
    assert_int_equal(io_send(io, "9223372036854775808 | b\n"), STREAMD_OK);
    assert_int_equal(io_prepare(io, 4), STREAMD_OK);
    assert_int_equal(io_commit(io, 4), STREAMD_OK);
    assert_string_equal(rows(), "1|a 3|c ");
    io_free(io);
}

static void changes_are_applied_in_order(void **state)
{
    struct io_host *io = bound(STREAMD_UPSERT, "n");

    (void)state;
    assert_int_equal(io_open(io), 0);
    assert_int_equal(io_send(io, "+ 1 | a\n+ 2 | b\n> 1 | c\n- 2 | null\n+ 3 | d\n"), STREAMD_OK);
    assert_int_equal(io_prepare(io, 4), STREAMD_OK);
    crash(io, "a2", 4);
    assert_int_equal(io_commit(io, 4), STREAMD_OK);
    assert_string_equal(rows(), "1|c 3|d ");
    io_free(io);
}

/* More rows than one call writes. */
static void a_long_commit_is_one_transaction(void **state)
{
    struct io_host *io = opened();
    char text[20000] = "";

    (void)state;
    for (int i = 0; i < 1000; i++)
        snprintf(text + strlen(text), 20, "%d | x\n", i);
    for (int i = 0; i < 50; i++)
        assert_int_equal(io_send(io, text), STREAMD_OK);
    assert_int_equal(io_prepare(io, 4), STREAMD_OK);
    assert_int_equal(io_commit(io, 4), STREAMD_OK);
    assert_string_equal(query("SELECT count(*), sum(n) FROM t"), "50000|24975000 ");
    io_free(io);
}

static void newer_rows_are_not_written_again(void **state)
{
    struct io_host *io = opened();

    (void)state;
    run_sql("INSERT INTO _streamd_commits VALUES ('" OTHER "', 'out', 40, 0)");
    io_set_attempt(io, "b1", 1);
    io_set_parent(io, OTHER, 39);
    assert_true(io_reopen(io) < 0);
    assert_non_null(strstr(io_message(io), "SD5243"));
    assert_int_equal(io_class(io), STREAMD_FAIL_PIPELINE);
    harness_context(io_harness(io))->accept_duplicates = 1;
    assert_int_equal(io_reopen(io), 0);
    harness_context(io_harness(io))->accept_duplicates = 0;
    io_set_parent(io, OTHER, 40);
    assert_int_equal(io_reopen(io), 0);
    assert_int_equal(io_commit(io, 1), STREAMD_OK);
    assert_int_equal(io_reopen(io), 0); /* nothing was written yet */
    assert_int_equal(io_send(io, "1 | a\n"), STREAMD_OK);
    assert_int_equal(io_prepare(io, 2), STREAMD_OK);
    assert_int_equal(io_commit(io, 2), STREAMD_OK);
    crash(io, "b2", 2);
    /* The same savepoint once more. */
    io_set_attempt(io, "c1", 1);
    harness_context(io_harness(io))->lineage = "11111111111111111111111111111111";
    assert_true(io_reopen(io) < 0);
    assert_non_null(strstr(io_message(io), "SD5243"));
    io_free(io);
}

/* A savepoint brings rows of its own lineage: what is not there was committed; what is there is
   committed under that lineage, once. */
static void segments_of_a_savepoint(void **state)
{
    struct io_host *io = opened();

    (void)state;
    assert_int_equal(io_send(io, "1 | a\n"), STREAMD_OK);
    assert_int_equal(io_prepare(io, 40), STREAMD_OK);
    assert_int_equal(io_send(io, "2 | b\n"), STREAMD_OK);
    assert_int_equal(io_prepare(io, 41), STREAMD_OK);
    assert_int_equal(unlink("outbox/out.0.a1.0.40.seg"), 0);
    io_set_attempt(io, "b1", 3);
    harness_context(io_harness(io))->lineage = OTHER;
    io_set_parent(io, LINEAGE, 41);
    assert_int_equal(io_reopen(io), 0);
    assert_int_equal(io_commit(io, 3), STREAMD_OK);
    assert_string_equal(rows(), "2|b ");
    assert_string_equal(marker(), "41 ");
    expect_segments("");
    assert_int_equal(harness_state_rows(io_harness(io)), 0);
    io_free(io);
}

static void leftovers_of_a_killed_attempt_go(void **state)
{
    struct io_host *io = opened();

    (void)state;
    assert_int_equal(io_send(io, "1 | a\n"), STREAMD_OK);
    assert_int_equal(io_prepare(io, 4), STREAMD_OK);
    assert_int_equal(system("cd outbox && touch out.3.a1.9.open out.3.a1.8.5.seg x.0.a1.0.open"),
                     0);
    crash(io, "a2", 4);
    expect_segments("out.0.a1.0.4.seg x.0.a1.0.open ");
    io_free(io);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, io_folder_begin, io_folder_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(rows_come_with_their_marker),
        CASE(a_crash_before_commit_is_made_good),
        CASE(a_commit_that_was_done_is_not_done_again),
        CASE(an_aborted_interval_joins_the_next),
        CASE(another_lineage_never_says_done),
        CASE(what_is_missing_is_a_loss),
        CASE(what_is_damaged_is_kept),
        CASE(a_row_that_does_not_fit_fails_and_stays),
        CASE(a_locked_database_is_waited_for),
        CASE(large_numbers_are_rejected_before),
        CASE(changes_are_applied_in_order),
        CASE(a_long_commit_is_one_transaction),
        CASE(newer_rows_are_not_written_again),
        CASE(segments_of_a_savepoint),
        CASE(leftovers_of_a_killed_attempt_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
