# Layer 2: child processes on libuv's loop.

noinst_LTLIBRARIES += %D%/libevent.la
%C%_libevent_la_SOURCES = %D%/process.c %D%/process.h
%C%_libevent_la_CPPFLAGS = $(AM_CPPFLAGS) $(UV_CFLAGS)
%C%_libevent_la_LIBADD = $(UV_LIBS)

EXTRA_DIST += %D%/README

unit_tests += tests/unit/test_process
tests_unit_test_process_SOURCES = tests/unit/test_process.c
tests_unit_test_process_CPPFLAGS = $(AM_CPPFLAGS) $(UV_CFLAGS)
tests_unit_test_process_LDADD = %D%/libevent.la $(L1) $(UV_LIBS) $(CMOCKA_LIBS)
