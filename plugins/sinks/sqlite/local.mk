# The plugin sink-sqlite.so. plugins/README shows the lines that make one.

if WITH_SQLITE
pluginexec_LTLIBRARIES += %D%/sink-sqlite.la
%C%_sink_sqlite_la_SOURCES = \
	%D%/open.c \
	%D%/replay.c %D%/replay.h \
	%D%/sink.h \
	%D%/sqlite.c \
	%D%/statements.c %D%/statements.h \
	%D%/store.c %D%/store.h \
	%D%/values.c %D%/values.h
%C%_sink_sqlite_la_CPPFLAGS = $(plugin_cppflags) $(SQLITE_CFLAGS)
%C%_sink_sqlite_la_LDFLAGS = $(plugin_ldflags)
%C%_sink_sqlite_la_LIBADD = $(SQLITE_LIBS)

unit_tests += tests/unit/test_sink_sqlite
tests_unit_test_sink_sqlite_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS) \
	-I$(top_srcdir)/tests/harness
tests_unit_test_sink_sqlite_LDADD = $(IO_HOST) $(SQLITE_LIBS) $(CMOCKA_LIBS)
endif

EXTRA_DIST += %D%/README
