# The plugin format-raw.so.

pluginexec_LTLIBRARIES += %D%/format-raw.la
%C%_format_raw_la_SOURCES = %D%/raw.c
%C%_format_raw_la_CPPFLAGS = $(plugin_cppflags)
%C%_format_raw_la_LDFLAGS = $(plugin_ldflags)
%C%_format_raw_la_CFLAGS = $(hot_cflags)

unit_tests += tests/unit/test_format_raw
tests_unit_test_format_raw_LDADD = tests/unit/libformathost.la $(CMOCKA_LIBS)

EXTRA_DIST += %D%/README
