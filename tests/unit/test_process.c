/* Child processes: what they inherit, how their end is told, and that nobody of them stays. */
#include "event/process.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

struct ending {
    int count;
    struct process_end end;
};

static void ended(void *self, struct process *p, const struct process_end *end)
{
    struct ending *e = self;

    e->count++;
    e->end = *end;
    process_free(p);
}

/* Runs a shell script to its end, with its output in `out`. */
static struct ending run_script(const char *script, struct process_spec spec, char *out,
                                size_t size)
{
    const char *argv[] = {"sh", "-c", script, NULL};
    struct ending e = {0};
    struct process *p;
    uv_loop_t loop;
    ssize_t got;

    assert_int_equal(uv_loop_init(&loop), 0);
    spec.path = "/bin/sh";
    spec.argv = argv;
    if (spec.input == 0)
        spec.input = -1;
    spec.output = memfd_create("out", MFD_CLOEXEC);
    spec.complaints = -1;
    spec.ended = ended;
    spec.self = &e;
    assert_int_equal(process_start(&loop, &spec, &p, NULL), 0);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    assert_int_equal(e.count, 1);
    got = pread(spec.output, out, size - 1, 0);
    out[got > 0 ? got : 0] = '\0';
    close(spec.output);
    return e;
}

static void tells_how_it_ended(void **state)
{
    char out[100], text[100];
    struct ending e = run_script("exit 7", (struct process_spec){0}, out, sizeof(out));

    (void)state;
    assert_int_equal(e.end.exit_code, 7);
    assert_int_equal(e.end.signal, 0);
    process_describe(&e.end, text, sizeof(text));
    assert_string_equal(text, "exited with code 7");
    e = run_script("kill -9 $$", (struct process_spec){0}, out, sizeof(out));
    assert_int_equal(e.end.exit_code, -1);
    assert_int_equal(e.end.signal, SIGKILL);
    process_describe(&e.end, text, sizeof(text));
    assert_string_equal(text, "was killed by signal 9 (Killed)");
}

/* Open files that are not close-on-exec, a blocked and an ignored signal: none of it gets over. */
static void inherits_nothing(void **state)
{
    char out[400];
    int low = open("/dev/null", O_RDONLY), high = dup2(low, 200);
    sigset_t set, old;

    (void)state;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    assert_int_equal(sigprocmask(SIG_BLOCK, &set, &old), 0);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)run_script("ls /proc/self/fd | tr '\\n' ' '", (struct process_spec){0}, out, sizeof(out));
    assert_string_equal(out, "0 1 2 3 "); /* 3 is the folder that ls reads */
    (void)run_script("grep -E '^SigBlk' /proc/$$/status | tr -d '\\n\\t'", (struct process_spec){0},
                     out, sizeof(out));
    assert_string_equal(out, "SigBlk:0000000000000000");
    /* What the C library keeps for itself (32, 33) and the terminal's signals are the caller's. */
    (void)run_script("mask=$(sed -n 's/^SigIgn:\t*//p' /proc/$$/status); "
                     "printf %d $(( (0x$mask >> 12) & 1 ))",
                     (struct process_spec){0}, out, sizeof(out));
    assert_string_equal(out, "0");
    (void)sigprocmask(SIG_SETMASK, &old, NULL);
    (void)signal(SIGPIPE, SIG_DFL);
    close(low);
    close(high);
}

static void gets_descriptors_in_order(void **state)
{
    char out[100];
    int files[3], in = memfd_create("in", MFD_CLOEXEC);
    struct process_spec spec = {.descriptors = files, .descriptor_count = 3};

    (void)state;
    for (int i = 0; i < 3; i++) {
        files[i] = memfd_create("x", MFD_CLOEXEC);
        assert_int_equal(dprintf(files[i], "%d", i), 1);
        assert_int_equal(lseek(files[i], 0, SEEK_SET), 0);
    }
    /* Where the targets are themselves sources, in reverse. */
    if (files[0] != 5) {
        int moved = fcntl(files[0], F_DUPFD_CLOEXEC, 5);

        close(files[0]);
        files[0] = moved;
    }
    assert_int_equal(dprintf(in, "input"), 5);
    assert_int_equal(lseek(in, 0, SEEK_SET), 0);
    spec.input = in;
    (void)run_script("cat; cat <&3; cat <&4; cat <&5; ls /proc/self/fd | tr '\\n' ' '", spec, out,
                     sizeof(out));
    assert_string_equal(out, "input0120 1 2 3 4 5 6 ");
    for (int i = 0; i < 3; i++)
        close(files[i]);
    close(in);
}

static void what_cannot_be_executed(void **state)
{
    const char *argv[] = {"none", NULL};
    struct process_spec spec = {.path = "/nowhere/none",
                                .argv = argv,
                                .input = -1,
                                .output = -1,
                                .complaints = -1,
                                .ended = ended};
    struct streamd_error error = {0};
    struct process *p;
    uv_loop_t loop;

    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(process_start(&loop, &spec, &p, &error), STREAMD_E_IO);
    assert_string_equal(error.message, "cannot start /nowhere/none: No such file or directory");
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&loop), 0);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

/* The leader dies; a child that it has left behind dies with it. */
static void group_dies_with_its_leader(void **state)
{
    char out[100];
    struct ending e =
        run_script("sleep 1000 & echo $!; exit 0", (struct process_spec){0}, out, sizeof(out));
    pid_t left = (pid_t)atoi(out);
    char path[64], line[256] = "";
    FILE *f;

    (void)state;
    assert_int_equal(e.end.exit_code, 0);
    assert_true(left > 1);
    /* Gone, or dead and not yet reaped by init. */
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)left);
    for (int i = 0; i < 200; i++) {
        f = fopen(path, "r");
        if (!f)
            return;
        if (fgets(line, sizeof(line), f) && strstr(line, ") Z ")) {
            fclose(f);
            return;
        }
        fclose(f);
        usleep(10000);
    }
    fail_msg("still there: %s", line);
}

static void can_be_killed(void **state)
{
    const char *argv[] = {"sleep", "1000", NULL};
    struct ending e = {0};
    struct process_spec spec = {.path = "/bin/sleep",
                                .argv = argv,
                                .input = -1,
                                .output = -1,
                                .complaints = -1,
                                .ended = ended,
                                .self = &e};
    struct process *p;
    uv_loop_t loop;

    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(process_start(&loop, &spec, &p, NULL), 0);
    assert_int_equal(getpgid(process_id(p)), process_id(p));
    process_kill(p);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    assert_int_equal(e.count, 1);
    assert_int_equal(e.end.signal, SIGKILL);
}

static void has_limits(void **state)
{
    char out[100];
    struct process_spec spec = {
        .cpu_seconds = 1, .address_bytes = 1 << 30, .file_bytes = 4096, .expendable = 1};
    struct ending e = run_script("ulimit -v; cat /proc/self/oom_score_adj", spec, out, sizeof(out));

    (void)state;
    assert_string_equal(out, "1048576\n500\n");
    e = run_script("exec cat /dev/zero", spec, out, sizeof(out));
    assert_int_equal(e.end.signal, SIGXFSZ);
    e = run_script("while :; do :; done", spec, out, sizeof(out));
    assert_int_equal(e.end.signal, SIGXCPU);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_how_it_ended),
        cmocka_unit_test(inherits_nothing),
        cmocka_unit_test(gets_descriptors_in_order),
        cmocka_unit_test(what_cannot_be_executed),
        cmocka_unit_test(group_dies_with_its_leader),
        cmocka_unit_test(can_be_killed),
        cmocka_unit_test(has_limits),
    };

    return cmocka_run_group_tests_name("child processes", tests, NULL, NULL);
}
