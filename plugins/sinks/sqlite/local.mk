# The plugin sink-sqlite.so. plugins/README shows the lines that make one.

if WITH_SQLITE
pluginexec_LTLIBRARIES += %D%/sink-sqlite.la
%C%_sink_sqlite_la_SOURCES = \
	%D%/open.c \
	%D%/sink.h \
	%D%/sqlite.c \
	%D%/statements.c %D%/statements.h \
	%D%/store.c %D%/store.h \
	%D%/values.c %D%/values.h
%C%_sink_sqlite_la_CPPFLAGS = $(plugin_cppflags) $(SQLITE_CFLAGS)
%C%_sink_sqlite_la_LDFLAGS = $(plugin_ldflags)
%C%_sink_sqlite_la_LIBADD = $(SQLITE_LIBS)
endif

EXTRA_DIST += %D%/README
