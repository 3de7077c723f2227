# Layer 1: what everything stands on.

noinst_LTLIBRARIES += %D%/libbase.la
%C%_libbase_la_SOURCES = \
	%D%/arena.c %D%/arena.h \
	%D%/array.h \
	%D%/clock.c %D%/clock.h \
	%D%/error.c %D%/error.h \
	%D%/failpoint.h \
	%D%/file.c %D%/file.h \
	%D%/log.c %D%/log.h \
	%D%/memory.c %D%/memory.h \
	%D%/text.c %D%/text.h
if FAILPOINTS
%C%_libbase_la_SOURCES += %D%/failpoint.c
endif
%C%_libbase_la_CPPFLAGS = $(AM_CPPFLAGS) $(XXHASH_CFLAGS)
%C%_libbase_la_LIBADD = $(XXHASH_LIBS) -lm

EXTRA_DIST += %D%/README

if FAILPOINTS
unit_tests += tests/unit/test_failpoint
tests_unit_test_failpoint_SOURCES = tests/unit/test_failpoint.c
tests_unit_test_failpoint_LDADD = $(L1) $(CMOCKA_LIBS)
endif
