/* Failpoints: each case is a child process with a setting and a folder of its own. */
#include "base/failpoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[] = "/tmp/streamd-failpoint-XXXXXX";

/* Passes `point` in a fresh process up to `times` times; the wait status. Exit status: how many
   passings failed, with 100 added where one failed with ENOSPC. */
static int child(const char *setting, int worker, const char *point, int times)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int failed = 0;
        setenv("STREAMD_FAILPOINTS", setting, 1);
        setenv("STREAMD_FAILPOINTS_FOLDER", folder, 1);
        if (worker >= 0)
            failpoint_set_worker((uint32_t)worker);
        for (int i = 0; i < times; i++) {
            int r = failpoint_errno(point);
            failed += (r != 0) + (r == ENOSPC ? 100 : 0);
        }
        _exit(failed);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
    if (WIFSTOPPED(status)) {
        kill(pid, SIGCONT);
        int last;
        assert_int_equal(waitpid(pid, &last, 0), pid);
        assert_true(WIFEXITED(last));
    }
    return status;
}

static int fired(const char *token)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, token);
    return unlink(path) == 0;
}

static void kill_fires_at_its_passing_and_once(void **state)
{
    (void)state;
    int status = child("W5=kill@2", 3, "W5", 1);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    status = child("W5=kill@2", 3, "W5", 2);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    status = child("W5=kill@2", 3, "W5", 5);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_true(fired("1-W5-kill"));
}

static void errors_are_given_once_and_by_number(void **state)
{
    (void)state;
    int status = child("W6=eio;W7=enospc", -1, "W6", 9);
    assert_int_equal(WEXITSTATUS(status), 1);
    status = child("W6=eio;W7=enospc", -1, "W7", 9);
    assert_int_equal(WEXITSTATUS(status), 101);
    assert_true(fired("1-W6-eio") && fired("2-W7-enospc"));
}

static void only_the_named_worker(void **state)
{
    (void)state;
    assert_int_equal(WEXITSTATUS(child("W6:1=eio", 0, "W6", 3)), 0);
    assert_int_equal(WEXITSTATUS(child("W6:1=eio", -1, "W6", 3)), 0);
    assert_false(fired("1-W6-eio"));
    assert_int_equal(WEXITSTATUS(child("W6:1=eio", 1, "W6", 3)), 1);
    assert_true(fired("1-W6-eio"));
}

static void the_second_waits_for_the_first(void **state)
{
    (void)state;
    assert_int_equal(WEXITSTATUS(child("C4=eio;>W6=eio", 0, "W6", 3)), 0);
    assert_int_equal(WEXITSTATUS(child("C4=eio;>W6=eio", 0, "C4", 3)), 1);
    assert_int_equal(WEXITSTATUS(child("C4=eio;>W6=eio", 0, "W6", 3)), 1);
    assert_true(fired("1-C4-eio") && fired("2-W6-eio"));
}

static void stop_can_be_continued(void **state)
{
    (void)state;
    int status = child("C1=stop", -1, "C1", 1);
    assert_true(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
    assert_true(fired("1-C1-stop"));
}

static void delay_takes_its_time(void **state)
{
    (void)state;
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    assert_int_equal(WEXITSTATUS(child("C1=delay:120", -1, "C1", 1)), 0);
    clock_gettime(CLOCK_MONOTONIC, &after);
    long ms = (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000;
    assert_true(ms >= 120);
    assert_true(fired("1-C1-delay"));
}

static void nonsense_is_refused(void **state)
{
    static const char *const bad[] = {"W5",          "W5=",         "W5=burn",      "W5=kill@0",
                                      "W5=delay",    "W5=delay:5x", ">W5=kill",     "=kill",
                                      "W5:one=kill", "W5=kill@",    "W5:1=kill@2 ", "W5=eiox"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(WEXITSTATUS(child(bad[i], -1, "C9", 1)), 70);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kill_fires_at_its_passing_and_once),
        cmocka_unit_test(errors_are_given_once_and_by_number),
        cmocka_unit_test(only_the_named_worker),
        cmocka_unit_test(the_second_waits_for_the_first),
        cmocka_unit_test(stop_can_be_continued),
        cmocka_unit_test(delay_takes_its_time),
        cmocka_unit_test(nonsense_is_refused),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
