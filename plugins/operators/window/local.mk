# The plugin operator-window.so. plugins/README shows the lines that make one.

pluginexec_LTLIBRARIES += %D%/operator-window.la
%C%_operator_window_la_SOURCES = \
	%D%/aligned.c \
	%D%/assign.c \
	%D%/bind.c \
	%D%/clock.h \
	%D%/count.c \
	%D%/fire.c \
	%D%/late.c \
	%D%/merge.c \
	%D%/rows.c \
	%D%/seal.c \
	%D%/session.c \
	%D%/session.h \
	%D%/session_fire.c \
	%D%/shared.c \
	%D%/shared.h \
	%D%/shared_again.c \
	%D%/shared_fire.c \
	%D%/window.c \
	%D%/window.h
%C%_operator_window_la_CPPFLAGS = $(plugin_cppflags)
%C%_operator_window_la_CFLAGS = $(hot_cflags)
%C%_operator_window_la_LDFLAGS = $(plugin_ldflags)

EXTRA_DIST += %D%/README

unit_tests += tests/unit/test_window tests/unit/test_window_count tests/unit/test_window_session
tests_unit_test_window_SOURCES = tests/unit/test_window.c tests/unit/window_case.h
tests_unit_test_window_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/harness
tests_unit_test_window_LDADD = $(HARNESS) $(CMOCKA_LIBS)
tests_unit_test_window_count_SOURCES = tests/unit/test_window_count.c tests/unit/window_case.h
tests_unit_test_window_count_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/harness
tests_unit_test_window_count_LDADD = $(HARNESS) $(CMOCKA_LIBS)
tests_unit_test_window_session_SOURCES = tests/unit/test_window_session.c tests/unit/window_case.h
tests_unit_test_window_session_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/harness
tests_unit_test_window_session_LDADD = $(HARNESS) $(CMOCKA_LIBS)
