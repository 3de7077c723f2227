# Layer 5: state tables.

noinst_LTLIBRARIES += %D%/libstate.la
%C%_libstate_la_SOURCES = \
	%D%/aggregate.c %D%/aggregate.h %D%/aggregate_runner.h \
	%D%/aggregate_declare.c \
	%D%/aggregate_distinct.c \
	%D%/aggregate_result.c \
	%D%/aggregate_update.c \
	%D%/distinct.c %D%/distinct.h \
	%D%/freeze.c %D%/freeze.h \
	%D%/freezer.c %D%/freezer.h \
	%D%/frozen_write.c \
	%D%/layout.c %D%/layout.h \
	%D%/sealed.c %D%/sealed.h \
	%D%/sweep.c \
	%D%/thaw.c %D%/thaw.h
%C%_libstate_la_CFLAGS = $(hot_cflags)

EXTRA_DIST += %D%/README

unit_tests += tests/unit/test_state
tests_unit_test_state_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/harness
tests_unit_test_state_LDADD = $(HARNESS) $(CMOCKA_LIBS)

aggregate_fixture = tests/unit/aggregate_fixture.c tests/unit/aggregate_fixture.h \
	tests/unit/aggregate_functions.c

unit_tests += tests/unit/test_aggregate
tests_unit_test_aggregate_SOURCES = tests/unit/test_aggregate.c $(aggregate_fixture)
tests_unit_test_aggregate_LDADD = %D%/libstate.la $(L2) $(CMOCKA_LIBS)

unit_tests += tests/unit/test_distinct
tests_unit_test_distinct_SOURCES = tests/unit/test_distinct.c $(aggregate_fixture)
tests_unit_test_distinct_LDADD = %D%/libstate.la $(L2) $(CMOCKA_LIBS)

unit_tests += tests/unit/test_sealed
tests_unit_test_sealed_SOURCES = tests/unit/test_sealed.c tests/unit/freeze_case.h
tests_unit_test_sealed_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/harness
tests_unit_test_sealed_LDADD = $(HARNESS) $(CMOCKA_LIBS)

unit_tests += tests/unit/test_sweep
tests_unit_test_sweep_SOURCES = tests/unit/test_sweep.c tests/unit/freeze_case.h
tests_unit_test_sweep_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/harness
tests_unit_test_sweep_LDADD = $(HARNESS) $(CMOCKA_LIBS)

unit_tests += tests/unit/test_freeze
tests_unit_test_freeze_SOURCES = tests/unit/test_freeze.c tests/unit/freeze_case.h
tests_unit_test_freeze_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/harness
tests_unit_test_freeze_LDADD = $(HARNESS) $(CMOCKA_LIBS)
