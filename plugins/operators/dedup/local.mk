# The plugin operator-dedup.so.

pluginexec_LTLIBRARIES += %D%/operator-dedup.la
%C%_operator_dedup_la_SOURCES = \
	%D%/bind.c \
	%D%/dedup.c \
	%D%/dedup.h
%C%_operator_dedup_la_CPPFLAGS = $(plugin_cppflags)
%C%_operator_dedup_la_CFLAGS = $(hot_cflags)
%C%_operator_dedup_la_LDFLAGS = $(plugin_ldflags)

EXTRA_DIST += %D%/README

unit_tests += tests/unit/test_dedup
tests_unit_test_dedup_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/harness
tests_unit_test_dedup_LDADD = $(HARNESS) $(CMOCKA_LIBS)
