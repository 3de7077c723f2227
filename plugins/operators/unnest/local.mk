# The plugin operator-unnest.so. plugins/README shows the lines that make one.

pluginexec_LTLIBRARIES += %D%/operator-unnest.la
%C%_operator_unnest_la_SOURCES = %D%/unnest.c %D%/elements.c %D%/elements.h
%C%_operator_unnest_la_CPPFLAGS = $(plugin_cppflags)
%C%_operator_unnest_la_CFLAGS = $(hot_cflags)
%C%_operator_unnest_la_LDFLAGS = $(plugin_ldflags)

EXTRA_DIST += %D%/README

unit_tests += tests/unit/test_row_operators
tests_unit_test_row_operators_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/harness
tests_unit_test_row_operators_LDADD = $(HARNESS) $(CMOCKA_LIBS)
