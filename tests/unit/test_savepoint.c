/* Savepoints where memory or the disk fails: an error, nothing half done, and the next try works.
 */
#include "checkpoint/savepoint.h"

#include "base/memory.h"
#include "checkpoint/manifest.h"
#include "checkpoint/savepoint_form.h"
#include "checkpoint/savepoint_value.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define LINEAGE "0123456789abcdef0123456789abcdef"

static char folder[64], golden[500], made[128];

static int make_folder(void **state)
{
    const char *source = getenv("SRCDIR");

    (void)state;
    strcpy(folder, "/tmp/streamd-savepoint-XXXXXX");
    snprintf(golden, sizeof(golden), "%s/tests/data/golden-0/orders.savepoint",
             source ? source : ".");
    if (!mkdtemp(folder))
        return -1;
    snprintf(made, sizeof(made), "%s/made.savepoint", folder);
    return 0;
}

static int remove_folder(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    return system(command);
}

static int restore(const struct file_ops *ops, struct streamd_error *error)
{
    const struct savepoint_target target = {
        .folder = folder, .lineage = LINEAGE, .checkpoint = 3, .pipeline = "other"};
    struct savepoint_summary summary;

    return savepoint_restore(ops, golden, &target, &summary, error);
}

static int exists(const char *name)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return access(path, F_OK) == 0;
}

/* ---- values -------------------------------------------------------------------------------- */

static void test_types_are_texts_and_back(void **state)
{
    static const char *const texts[] = {
        "bool",   "int64|null", "float64",   "decimal(1,0)", "decimal(38,38)|null",
        "string", "bytes",      "json|null", "timestamp",    "date"};
    static const char *const bad[] = {"",
                                      "int",
                                      "int64 ",
                                      "int64|",
                                      "|null",
                                      "decimal",
                                      "decimal(0,0)",
                                      "decimal(39,0)",
                                      "decimal(5,6)",
                                      "decimal(05,2)",
                                      "decimal(5,2",
                                      "decimal(5,2)|null|null",
                                      "DATE"};
    char again[SAVEPOINT_TYPE_TEXT];
    struct streamd_type type;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(savepoint_type_parse(texts[i], &type), 0);
        savepoint_type_print(type, again);
        assert_string_equal(again, texts[i]);
    }
    assert_int_equal(savepoint_type_parse("decimal(12,3)|null", &type), 0);
    assert_int_equal(type.id, STREAMD_DECIMAL);
    assert_int_equal(type.precision, 12);
    assert_int_equal(type.scale, 3);
    assert_int_equal(type.nullable, 1);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_not_equal(savepoint_type_parse(bad[i], &type), 0);
}

/* ---- failures ------------------------------------------------------------------------------ */

static void test_without_memory_a_restore_says_so(void **state)
{
    struct streamd_error error;
    uint64_t n = 0;
    int rc;

    (void)state;
    do {
        n++;
        memory_fail_at(n, n % 2 == 0);
        rc = restore(file_system(), &error);
        memory_fail_at(0, 0);
        if (rc) {
            assert_int_equal(rc, STREAMD_E_NOMEM);
            assert_int_equal(error.code, STREAMD_E_NOMEM);
            assert_false(exists("manifest"));
        }
    } while (rc && n < 100000);
    assert_int_equal(rc, 0);
    assert_true(n > 50);
    assert_true(exists("manifest") && exists("task-0.snap") && exists("task-1.snap"));
}

static void test_without_memory_a_savepoint_is_not_there(void **state)
{
    struct savepoint_summary summary;
    struct streamd_error error;
    uint64_t n = 0;
    int rc;

    (void)state;
    do {
        n++;
        memory_fail_at(n, n % 2 == 0);
        rc = savepoint_write(file_system(), folder, made, &summary, &error);
        memory_fail_at(0, 0);
        if (rc) {
            assert_int_equal(rc, STREAMD_E_NOMEM);
            assert_false(exists("made.savepoint") || exists("made.savepoint.tmp"));
        }
    } while (rc && n < 100000);
    assert_int_equal(rc, 0);
    assert_true(n > 50);
    assert_true(exists("made.savepoint") && !exists("made.savepoint.tmp"));
    assert_int_equal(summary.rows, 89);
    assert_string_equal(summary.lineage, LINEAGE);
}

static void test_without_memory_a_seal_changes_nothing(void **state)
{
    struct savepoint_summary summary;
    struct streamd_error error;
    int rc, changed = 1;
    uint64_t n = 0;

    (void)state;
    do {
        memory_fail_at(++n, 0);
        rc = savepoint_seal(made, &changed, &summary, &error);
        memory_fail_at(0, 0);
        assert_true(rc == 0 || rc == STREAMD_E_NOMEM);
    } while (rc && n < 100000);
    assert_int_equal(rc, 0);
    assert_int_equal(changed, 0);
}

/* The system's calls, of which the n-th that writes something fails. */
static int left;
static int broken_errno;

static ssize_t broken_write(void *self, int fd, const void *data, size_t size)
{
    (void)self;
    if (left-- == 1) {
        errno = broken_errno;
        return -1;
    }
    return write(fd, data, size);
}

static int broken_fsync(void *self, int fd)
{
    (void)self;
    if (left-- == 1) {
        errno = broken_errno;
        return -1;
    }
    return fsync(fd);
}

static int broken_rename(void *self, const char *from, const char *to)
{
    (void)self;
    if (left-- == 1) {
        errno = broken_errno;
        return -1;
    }
    return rename(from, to);
}

static void test_a_disk_that_fails_leaves_no_checkpoint(void **state)
{
    struct file_ops ops = *file_system();
    struct streamd_error error;
    int rc, n = 0;

    (void)state;
    remove_folder(state);
    assert_int_equal(make_folder(state), 0);
    ops.write = broken_write;
    ops.fsync = broken_fsync;
    ops.rename = broken_rename;
    do {
        left = ++n;
        broken_errno = n % 2 ? ENOSPC : EIO;
        rc = restore(&ops, &error);
        if (rc) {
            assert_int_equal(rc, STREAMD_E_IO);
            /* Behind the manifest's rename only the folder's sync is left to fail. */
            assert_true(!exists("manifest") || left == 0);
            assert_false(exists("manifest.tmp"));
            if (exists("manifest"))
                break;
        }
    } while (rc && n < 1000);
    assert_true(n > 8);
}

/* A manifest that is right in itself but names the files of too few tasks. */
static void test_a_checkpoint_without_a_task_has_no_savepoint(void **state)
{
    struct savepoint_summary summary;
    struct streamd_error error;
    struct manifest m = {0};

    (void)state;
    assert_int_equal(restore(file_system(), &error), 0);
    assert_int_equal(manifest_read(file_system(), folder, &m, &error), 0);
    assert_int_equal(m.file_count, 2);
    m.file_count = 1;
    assert_int_equal(manifest_write(file_system(), folder, &m, NULL, &error), 0);
    assert_int_equal(savepoint_write(file_system(), folder, made, &summary, &error),
                     STREAMD_E_DATA);
    assert_int_equal(error.diagnostic, 4404);
    assert_false(exists("made.savepoint"));
    manifest_clear(&m);
}

static void test_a_folder_that_cannot_be_written(void **state)
{
    struct savepoint_summary summary;
    struct streamd_error error;

    (void)state;
    assert_int_equal(restore(file_system(), &error), 0);
    assert_int_equal(savepoint_write(file_system(), folder, "/nowhere/at/all", &summary, &error),
                     STREAMD_E_IO);
    assert_non_null(strstr(error.message, "/nowhere/at/all"));
    assert_int_equal(savepoint_write(file_system(), "/nowhere", made, &summary, &error),
                     STREAMD_E_IO);
    assert_false(exists("made.savepoint") || exists("made.savepoint.tmp"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types_are_texts_and_back),
        cmocka_unit_test(test_without_memory_a_restore_says_so),
        cmocka_unit_test(test_without_memory_a_savepoint_is_not_there),
        cmocka_unit_test(test_without_memory_a_seal_changes_nothing),
        cmocka_unit_test(test_a_disk_that_fails_leaves_no_checkpoint),
        cmocka_unit_test(test_a_checkpoint_without_a_task_has_no_savepoint),
        cmocka_unit_test(test_a_folder_that_cannot_be_written),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
