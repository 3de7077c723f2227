/*
 * Snapshot files and manifests: those that a Python program wrote from the description of the
 * format are read, and written again byte by byte; damaged in every way that fits into a loop they
 * are refused; and every system call fails once.
 */
#include "base/memory.h"
#include "checkpoint/manifest.h"
#include "checkpoint/native.h"
#include "columnar/rowcode.h"
#include "faulty_files.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#define LINEAGE "00112233445566778899aabbccddeeff"

static char golden[PATH_MAX - 128], scratch[64];

static void golden_path(char path[PATH_MAX], const char *name)
{
    snprintf(path, PATH_MAX, "%s/%s", golden, name);
}

static char *read_whole(const char *path, size_t *length)
{
    struct streamd_error e;
    char *data;

    assert_int_equal(file_read_all(file_system(), path, 1 << 20, &data, length, &e), 0);
    return data;
}

static void write_whole(const char *path, const void *data, size_t length)
{
    int fd;

    unlink(path); /* a file that is cut to nothing and written again may be flushed at once */
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, length), length);
    close(fd);
}

static struct snapshot_identity identity_of(uint32_t task)
{
    return (struct snapshot_identity){.lineage = LINEAGE,
                                      .checkpoint = 7,
                                      .pipeline = "orders",
                                      .task = task,
                                      .parallelism = 2,
                                      .key_groups = 128};
}

static struct snapshot_reader *open_golden(uint32_t task)
{
    struct snapshot_identity id = identity_of(task);
    struct snapshot_reader *r;
    struct streamd_error e;
    char path[PATH_MAX], name[64];

    snprintf(name, sizeof(name), LINEAGE "/chk-7/task-%u.snap", task);
    golden_path(path, name);
    assert_int_equal(snapshot_reader_open(file_system(), path, &id, &r, &e), 0);
    return r;
}

/* ---- the golden files -------------------------------------------------------------------------
 */

static void dump_values(FILE *out, const struct rowcode *code, const struct rowcode_value *values)
{
    for (uint32_t i = 0; i < code->count; i++) {
        fputc(' ', out);
        if (values[i].null)
            fputc('~', out);
        else if (!values[i].length)
            fputc('-', out);
        for (uint32_t k = 0; !values[i].null && k < values[i].length; k++)
            fprintf(out, "%02x", values[i].data[k]);
    }
    fputc('\n', out);
}

/* All rows of all sections. Nothing is asserted about bytes from a damaged file; returns 0 or -1.
 */
static int dump(struct snapshot_reader *r, FILE *out)
{
    const struct snapshot_identity *id = snapshot_reader_identity(r);
    struct streamd_error e;
    int rc = 0;

    fprintf(out, "%s %llu %u %u %u %s\n", id->lineage, (unsigned long long)id->checkpoint, id->task,
            id->parallelism, id->key_groups, id->pipeline);
    for (uint32_t i = 0; i < snapshot_reader_sections(r) && !rc; i++) {
        const struct snapshot_section *s = snapshot_reader_section(r, i);
        uint32_t count = s->key_count + s->column_count, rows, group;
        struct rowcode_value *values = calloc(count + 1, sizeof(*values));
        struct snapshot_cursor cursor;
        struct rowcode code;
        const uint8_t *bytes;
        size_t length;

        fprintf(out, "%s.%s %u %u %u %u\n", s->node, s->table, s->flags, s->order_by, s->key_count,
                count);
        rc = rowcode_init(&code, s->fields, count, (s->flags & STREAMD_TABLE_NAMESPACED) != 0);
        snapshot_reader_begin(r, i, 0, UINT64_C(1) << 32, &cursor);
        while (!rc &&
               (rc = snapshot_reader_next(r, &cursor, &bytes, &length, &rows, &group, &e)) > 0) {
            for (rc = 0; rows > 0 && !rc; rows--) {
                int64_t ns;
                size_t used = rowcode_decode(&code, bytes, length, &ns, values);

                rc = used ? 0 : -1;
                bytes += used;
                length -= used;
                if (!rc) {
                    fprintf(out, "%u %lld", group, (long long)ns);
                    dump_values(out, &code, values);
                }
            }
        }
        free(values);
    }
    return rc;
}

static void golden_files_are_read(void **state)
{
    (void)state;
    for (uint32_t task = 0; task < 2; task++) {
        struct snapshot_reader *r = open_golden(task);
        char path[PATH_MAX], name[32], *text, *expected;
        size_t size, length;
        FILE *out = open_memstream(&text, &size);

        snprintf(name, sizeof(name), "task-%u.txt", task);
        golden_path(path, name);
        expected = read_whole(path, &length);
        assert_int_equal(dump(r, out), 0);
        fclose(out);
        assert_string_equal(text, expected);
        free(text);
        memory_free(expected);
        snapshot_reader_close(r);
    }
}

static void only_the_groups_asked_for(void **state)
{
    struct snapshot_reader *r = open_golden(1);

    (void)state;
    assert_int_equal(snapshot_reader_find(r, "totals", "windows"), 0);
    assert_int_equal(snapshot_reader_find(r, "totals", "left"), -1);
    assert_int_equal(snapshot_reader_rows(r, 0, 0, 128), 3);
    assert_int_equal(snapshot_reader_rows(r, 0, 4, 71), 0);
    assert_int_equal(snapshot_reader_rows(r, 0, 3, 4), 2);
    assert_int_equal(snapshot_reader_rows(r, 0, 71, 72), 1);
    assert_int_equal(snapshot_reader_rows(r, 2, 0, 128), 0);
    assert_int_equal(snapshot_reader_rows(r, 2, 0, UINT64_C(1) << 32), 2);
    snapshot_reader_close(r);
}

/* Copies a snapshot by way of reader and writer, block by block. */
static int copy(struct snapshot_reader *r, const struct file_ops *ops, const char *path,
                struct streamd_error *e)
{
    struct snapshot_writer *w;
    char checksum[33];
    uint64_t size = 0;
    int rc = snapshot_writer_open(ops, path, snapshot_reader_identity(r), &w, e);

    if (rc)
        return rc;
    for (uint32_t i = 0; i < snapshot_reader_sections(r) && !rc; i++) {
        struct snapshot_cursor cursor;
        const uint8_t *bytes;
        uint32_t rows, group;
        size_t length;

        rc = snapshot_writer_section(w, snapshot_reader_section(r, i), e);
        snapshot_reader_begin(r, i, 0, UINT64_C(1) << 32, &cursor);
        while (!rc &&
               (rc = snapshot_reader_next(r, &cursor, &bytes, &length, &rows, &group, e)) > 0)
            rc = snapshot_writer_rows(w, group, bytes, length, rows, e);
    }
    if (rc) {
        snapshot_writer_abandon(w);
        return rc;
    }
    return snapshot_writer_close(w, &size, checksum, e);
}

static void golden_files_are_written(void **state)
{
    (void)state;
    for (uint32_t task = 0; task < 2; task++) {
        struct snapshot_reader *r = open_golden(task);
        char path[PATH_MAX], name[64], *was, *is;
        struct streamd_error e;
        size_t length, other;

        snprintf(name, sizeof(name), LINEAGE "/chk-7/task-%u.snap", task);
        golden_path(path, name);
        was = read_whole(path, &length);
        assert_int_equal(copy(r, file_system(), scratch, &e), 0);
        is = read_whole(scratch, &other);
        assert_int_equal(length, other);
        assert_memory_equal(was, is, length);
        memory_free(was);
        memory_free(is);
        snapshot_reader_close(r);
    }
}

static void the_golden_manifest(void **state)
{
    char path[PATH_MAX], folder[PATH_MAX], *was, *is;
    struct streamd_error e;
    struct manifest m;
    size_t length, other;

    (void)state;
    golden_path(folder, LINEAGE "/chk-7");
    assert_int_equal(manifest_read(file_system(), folder, &m, &e), 0);
    assert_string_equal(m.pipeline, "orders");
    assert_string_equal(m.lineage, LINEAGE);
    assert_int_equal(m.id, 7);
    assert_int_equal(m.parallelism, 2);
    assert_int_equal(m.key_groups, 128);
    assert_int_equal(m.file_count, 2);
    assert_string_equal(m.files[1].name, "task-1.snap");
    assert_int_equal(m.files[1].checkpoint, 7);
    assert_int_equal(manifest_verify(file_system(), folder, &m, &e), 0);
    assert_int_equal(manifest_write(file_system(), ".", &m, NULL, &e), 0);
    golden_path(path, LINEAGE "/chk-7/manifest");
    was = read_whole(path, &length);
    is = read_whole("manifest", &other);
    assert_int_equal(length, other);
    assert_memory_equal(was, is, length);
    memory_free(was);
    memory_free(is);
    manifest_clear(&m);
    unlink("manifest");
}

/* ---- blocks of earlier files ------------------------------------------------------------------
 */

/* A file of one section: a sealed block in it, or one that lies in the file of checkpoint 7. */
static void write_sealed(uint64_t checkpoint, const struct snapshot_block *block)
{
    static const struct streamd_field fields[] = {{"k", {.id = STREAMD_INT64}}};
    const struct snapshot_section section = {.node = "n",
                                             .table = "t",
                                             .flags = STREAMD_TABLE_NAMESPACED,
                                             .key_count = 1,
                                             .fields = fields};
    struct snapshot_identity id = identity_of(0);
    struct snapshot_writer *w;
    struct streamd_error e;
    char path[64], checksum[33];
    uint8_t row[17] = {60, [9] = (uint8_t)checkpoint};
    uint64_t bytes;

    id.checkpoint = checkpoint;
    snprintf(path, sizeof(path), "chk-%d/task-0.snap", (int)checkpoint);
    assert_int_equal(snapshot_writer_open(file_system(), path, &id, &w, &e), 0);
    assert_int_equal(snapshot_writer_section(w, &section, &e), 0);
    assert_int_equal(snapshot_writer_rows(w, 5, row, sizeof(row), 1, &e), 0);
    if (block)
        assert_int_equal(snapshot_writer_refer(w, 7, "task-0.snap", block, &e), 0);
    else
        assert_int_equal(snapshot_writer_sealed(w, 5, 60, row, sizeof(row), 1, &e), 0);
    assert_int_equal(snapshot_writer_close(w, &bytes, checksum, &e), 0);
}

/* Key of each row of the section. 0, or the diagnostic. */
static int sealed_keys(uint8_t keys[4], int *count)
{
    struct streamd_error e = {.diagnostic = 0};
    struct snapshot_cursor cursor;
    struct snapshot_reader *r;
    const uint8_t *bytes;
    uint32_t rows, group;
    size_t length;
    int rc;

    *count = 0;
    assert_int_equal(snapshot_reader_open(file_system(), "chk-8/task-0.snap", NULL, &r, &e), 0);
    snapshot_reader_begin(r, 0, 0, 128, &cursor);
    while ((rc = snapshot_reader_next(r, &cursor, &bytes, &length, &rows, &group, &e)) > 0) {
        assert_int_equal(length, 17);
        keys[(*count)++] = bytes[9];
    }
    snapshot_reader_close(r);
    return rc ? e.diagnostic : 0;
}

static void blocks_of_earlier_checkpoints(void **state)
{
    struct snapshot_reader *r;
    struct streamd_error e;
    uint8_t keys[4];
    uint32_t count;
    int rows;

    (void)state;
    mkdir("chk-7", 0700);
    mkdir("chk-8", 0700);
    write_sealed(7, NULL);
    assert_int_equal(snapshot_reader_open(file_system(), "chk-7/task-0.snap", NULL, &r, &e), 0);
    assert_int_equal(snapshot_reader_blocks(r, 0, &count)[1].sealed, 1);
    assert_int_equal(snapshot_reader_blocks(r, 0, &count)[1].ns, 60);
    write_sealed(8, &snapshot_reader_blocks(r, 0, &count)[1]);
    snapshot_reader_close(r);

    assert_int_equal(sealed_keys(keys, &rows), 0);
    assert_int_equal(rows, 2);
    assert_int_equal(keys[0], 8);
    assert_int_equal(keys[1], 7);
    assert_int_equal(truncate("chk-7/task-0.snap", 100), 0);
    assert_int_equal(sealed_keys(keys, &rows), 4406);
    unlink("chk-7/task-0.snap");
    assert_int_equal(rename("chk-8/task-0.snap", "chk-7/task-0.snap"),
                     0); /* another checkpoint's */
    assert_int_equal(link("chk-7/task-0.snap", "chk-8/task-0.snap"), 0);
    assert_int_equal(sealed_keys(keys, &rows), 4407);
    unlink("chk-7/task-0.snap");
    unlink("chk-8/task-0.snap");
    rmdir("chk-7");
    rmdir("chk-8");
}

/* ---- damage -----------------------------------------------------------------------------------
 */

/* Opens and reads all of the scratch file: 0, or the diagnostic. */
static int judge(void)
{
    struct streamd_error e = {.diagnostic = 0};
    struct snapshot_reader *r;

    if (snapshot_reader_open(file_system(), scratch, NULL, &r, &e))
        return e.diagnostic;
    if (!snapshot_reader_verify(r, &e))
        e.diagnostic = 0;
    snapshot_reader_close(r);
    return e.diagnostic;
}

static char *golden_task(size_t *length)
{
    char path[PATH_MAX];

    golden_path(path, LINEAGE "/chk-7/task-0.snap");
    return read_whole(path, length);
}

static void every_cut_is_found(void **state)
{
    size_t length;
    char *data = golden_task(&length);

    (void)state;
    for (size_t n = 0; n < length; n++) {
        write_whole(scratch, data, n);
        assert_int_equal(judge(), 4406);
    }
    write_whole(scratch, data, length);
    assert_int_equal(judge(), 0);
    memory_free(data);
}

static void every_bit_is_covered(void **state)
{
    size_t length;
    char *data = golden_task(&length);
    int fd, found;

    (void)state;
    write_whole(scratch, data, length);
    fd = open(scratch, O_RDWR);
    for (size_t i = 0; i < length * 8; i++) {
        char byte = (char)(data[i / 8] ^ 1 << i % 8);

        assert_int_equal(pwrite(fd, &byte, 1, (off_t)(i / 8)), 1);
        found = judge();
        assert_true(found == 4406 || (found == 4405 && i / 8 >= 8 && i / 8 < 12));
        assert_int_equal(pwrite(fd, data + i / 8, 1, (off_t)(i / 8)), 1);
    }
    close(fd);
    assert_int_equal(judge(), 0);
    memory_free(data);
}

static void bytes_behind_the_end(void **state)
{
    size_t length;
    char *data = golden_task(&length), *longer = malloc(length + 40);

    (void)state;
    for (size_t n = 1; n <= 40; n++) {
        memcpy(longer, data, length);
        memset(longer + length, 0, n);
        write_whole(scratch, longer, length + n);
        assert_int_equal(judge(), 4406);
    }
    free(longer);
    memory_free(data);
}

/* Footers and rows of nonsense whose hashes are right: they may be refused or read, never harm. */
static void nonsense_with_right_hashes(void **state)
{
    size_t length;
    char *data = golden_task(&length), *bad = malloc(length);
    uint64_t at, size, hash;
    int refused = 0;

    (void)state;
    srand(5);
    memcpy(&at, data + length - 32, 8);
    memcpy(&size, data + length - 24, 8);
    for (int round = 0; round < 20000; round++) {
        struct snapshot_reader *r;
        struct streamd_error e;
        int rc;

        memcpy(bad, data, length);
        for (int k = rand() % 4; k >= 0; k--) {
            char *byte = bad + at + (uint64_t)rand() % size;

            *byte = (char)(rand() % 3 ? *byte ^ 1 << rand() % 8 : rand() % 2 ? -1 : 0);
        }
        hash = XXH3_64bits(bad + at, size);
        memcpy(bad + length - 16, &hash, 8);
        write_whole(scratch, bad, length);
        rc = snapshot_reader_open(file_system(), scratch, NULL, &r, &e);
        refused += rc != 0;
        if (!rc) {
            FILE *nowhere = fopen("/dev/null", "w");

            dump(r, nowhere);
            fclose(nowhere);
            snapshot_reader_close(r);
        }
    }
    assert_true(refused > 5000 && refused < 20000);
    free(bad);
    memory_free(data);
}

static void another_identity_is_refused(void **state)
{
    char path[PATH_MAX];

    (void)state;
    golden_path(path, LINEAGE "/chk-7/task-0.snap");
    for (int i = 0; i < 7; i++) {
        struct snapshot_identity id = identity_of(0);
        struct snapshot_reader *r = NULL;
        struct streamd_error e = {.diagnostic = 0};

        id.lineage[0] = i == 1 ? '1' : '0';
        id.checkpoint += i == 2;
        id.pipeline = i == 3 ? "other" : "orders";
        id.task += i == 4;
        id.parallelism += i == 5;
        id.key_groups += i == 6;
        assert_int_equal(snapshot_reader_open(file_system(), path, &id, &r, &e) != 0, i > 0);
        assert_int_equal(e.diagnostic, i > 0 ? 4407 : 0);
        if (!i)
            snapshot_reader_close(r);
    }
}

static void another_version_is_refused(void **state)
{
    struct snapshot_reader *r;
    struct streamd_error e;
    size_t length;
    char *data = golden_task(&length);

    (void)state;
    data[8] = 2;
    write_whole(scratch, data, length);
    assert_int_equal(snapshot_reader_open(file_system(), scratch, NULL, &r, &e),
                     STREAMD_E_UNSUPPORTED);
    assert_int_equal(e.diagnostic, 4405);
    assert_non_null(strstr(e.message, "format 2"));
    memory_free(data);
}

static void damaged_manifests_are_refused(void **state)
{
    char path[PATH_MAX], *data;
    struct streamd_error e;
    struct manifest m;
    size_t length;

    (void)state;
    golden_path(path, LINEAGE "/chk-7/manifest");
    data = read_whole(path, &length);
    for (size_t n = 0; n < length; n++) {
        write_whole("manifest", data, n);
        assert_int_equal(manifest_read(file_system(), ".", &m, &e), STREAMD_E_DATA);
        assert_int_equal(e.diagnostic, 4404);
    }
    for (size_t i = 0; i < length * 8; i++) {
        data[i / 8] ^= (char)(1 << i % 8);
        write_whole("manifest", data, length);
        assert_int_equal(manifest_read(file_system(), ".", &m, &e), STREAMD_E_DATA);
        data[i / 8] ^= (char)(1 << i % 8);
    }
    unlink("manifest");
    memory_free(data);
}

/* Members that cannot be, under a checksum that is right. */
static void manifests_of_nonsense_are_refused(void **state)
{
    static const char *const objects[] = {
        "{}",
        "[]",
        "1",
        "{\"format\":1}",
        "{\"format\":\"1\"}",
        "{\"format\":1,\"format\":1}",
        "{\"checkpoint\":1,\"format\":1,\"files\":[]}",
#define START                                                                                \
    "{\"format\":1,\"pipeline\":\"p\",\"id\":3,\"parallelism\":1,\"key_groups\":128,\"plan_" \
    "hash\":"                                                                                \
    "\"\",\"kind\":\"checkpoint\",\"created\":1,\"lineage\":\"" LINEAGE "\",\"files\":"
#define SUM "\"checksum\":\"" LINEAGE "\""
        START "{}}",
        START "[1]}",
        START "[{\"task\":0,\"name\":\"../x\",\"bytes\":1," SUM "}]}",
        START "[{\"task\":0,\"name\":\"x\",\"bytes\":-1," SUM "}]}",
        START "[{\"task\":0,\"name\":\"x\",\"bytes\":1,\"checksum\":\"x\"}]}",
        START "[{\"task\":0,\"name\":\"x\",\"bytes\":1,\"checkpoint\":\"1\"," SUM "}]}",
        START "[{\"task\":0,\"name\":\"x\",\"bytes\":1," SUM "}]}"};
    size_t count = sizeof(objects) / sizeof(objects[0]);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        XXH128_hash_t h = XXH3_128bits(objects[i], strlen(objects[i]));
        struct streamd_error e;
        struct manifest m;
        char text[2000];
        int rc;

        snprintf(text, sizeof(text), "{\"checksum\":\"%016llx%016llx\",\"manifest\":%s}\n",
                 (unsigned long long)h.high64, (unsigned long long)h.low64, objects[i]);
        write_whole("manifest", text, strlen(text));
        rc = manifest_read(file_system(), ".", &m, &e);
        assert_int_equal(rc, i + 1 < count ? STREAMD_E_DATA : 0);
        if (!rc)
            manifest_clear(&m);
    }
    write_whole("manifest", "", 0);
    unlink("manifest");
}

/* ---- errors of the system ---------------------------------------------------------------------
 */

static void every_call_of_a_writer_fails_once(void **state)
{
    struct snapshot_reader *r = open_golden(0);
    struct faulty_files f;
    struct streamd_error e;
    char temporary[80];
    long n = 0;

    (void)state;
    snprintf(temporary, sizeof(temporary), "%s.tmp", scratch);
    do {
        int rc;

        unlink(scratch);
        n++;
        rc = copy(r, faulty_begin(&f, n, n % 2 ? EIO : ENOSPC), scratch, &e);
        if (!rc)
            break; /* nothing failed, or the closing of the folder, which does no harm */
        assert_int_equal(rc, STREAMD_E_IO);
        assert_int_equal(e.diagnostic, 4411);
        assert_int_not_equal(access(temporary, F_OK), 0);
    } while (n < 1000);
    assert_int_equal(n, 8); /* create, write, sync, close, rename; folder: open, sync, close */
    faulty_begin(&f, 0, 0);
    f.short_writes = 1;
    assert_int_equal(copy(r, &f.ops, scratch, &e), 0);
    assert_true(f.calls > 200);
    assert_int_equal(judge(), 0);
    snapshot_reader_close(r);
}

static void every_call_of_a_reader_fails_once(void **state)
{
    struct faulty_files f;
    char path[PATH_MAX];
    long n = 0;

    (void)state;
    golden_path(path, LINEAGE "/chk-7/task-0.snap");
    do {
        struct snapshot_reader *r;
        struct streamd_error e;
        int rc = snapshot_reader_open(faulty_begin(&f, ++n, EIO), path, NULL, &r, &e);

        if (!rc) {
            rc = snapshot_reader_verify(r, &e);
            f.fail_at = 0;
            snapshot_reader_close(r);
        }
        assert_int_equal(rc, f.fired ? STREAMD_E_IO : 0);
    } while (f.fired);
    assert_true(n > 8);
}

static void every_call_for_a_manifest_fails_once(void **state)
{
    struct streamd_error e;
    struct manifest m;
    struct faulty_files f;
    char folder[PATH_MAX];
    long n = 0;
    int rc, renamed;

    (void)state;
    golden_path(folder, LINEAGE "/chk-7");
    assert_int_equal(manifest_read(file_system(), folder, &m, &e), 0);
    do {
        unlink("manifest");
        rc = manifest_write(faulty_begin(&f, ++n, EIO), ".", &m, &renamed, &e);
        assert_true(f.fired || !rc);
        assert_int_equal(rc == 0, n >= 8);
        assert_int_equal(renamed, access("manifest", F_OK) == 0);
        assert_int_not_equal(access("manifest.tmp", F_OK), 0);
    } while (f.fired);
    assert_int_equal(n, 9); /* as for a snapshot */
    n = 0;
    do {
        rc = manifest_verify(faulty_begin(&f, ++n, EIO), folder, &m, &e);
        assert_true(f.fired || !rc); /* a close that fails does no harm */
    } while (f.fired);
    assert_true(n > 4);
    manifest_clear(&m);
    unlink("manifest");
}

static void every_allocation_fails_once(void **state)
{
    struct snapshot_reader *r = open_golden(0);
    struct streamd_error e;
    uint64_t n = 0, made;
    int rc;

    (void)state;
    do {
        memory_fail_at(++n, 0);
        rc = copy(r, file_system(), scratch, &e);
        made = memory_fail_at(0, 0);
        assert_int_equal(rc, made >= n ? STREAMD_E_NOMEM : 0);
    } while (rc);
    snapshot_reader_close(r);
    n = 0;
    do {
        memory_fail_at(++n, 0);
        rc = snapshot_reader_open(file_system(), scratch, NULL, &r, &e);
        made = memory_fail_at(0, 0);
        assert_int_equal(rc, made >= n ? STREAMD_E_NOMEM : 0);
    } while (rc);
    snapshot_reader_close(r);
}

static int make(void **state)
{
    const char *source = getenv("SRCDIR");

    (void)state;
    snprintf(golden, sizeof(golden), "%s/tests/data/golden-0", source ? source : "..");
    snprintf(scratch, sizeof(scratch), "test-native-%d.snap", (int)getpid());
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    unlink(scratch);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_files_are_read),
        cmocka_unit_test(only_the_groups_asked_for),
        cmocka_unit_test(golden_files_are_written),
        cmocka_unit_test(the_golden_manifest),
        cmocka_unit_test(blocks_of_earlier_checkpoints),
        cmocka_unit_test(every_cut_is_found),
        cmocka_unit_test(every_bit_is_covered),
        cmocka_unit_test(bytes_behind_the_end),
        cmocka_unit_test(nonsense_with_right_hashes),
        cmocka_unit_test(another_identity_is_refused),
        cmocka_unit_test(another_version_is_refused),
        cmocka_unit_test(damaged_manifests_are_refused),
        cmocka_unit_test(manifests_of_nonsense_are_refused),
        cmocka_unit_test(every_call_of_a_writer_fails_once),
        cmocka_unit_test(every_call_of_a_reader_fails_once),
        cmocka_unit_test(every_call_for_a_manifest_fails_once),
        cmocka_unit_test(every_allocation_fails_once),
    };

    return cmocka_run_group_tests(tests, make, unmake);
}
