# Layer 8: streamctl's verbs.

noinst_LTLIBRARIES += %D%/libclient.la
%C%_libclient_la_SOURCES = \
	%D%/arguments.c \
	%D%/catalogue.c %D%/catalogue.h \
	%D%/client.c %D%/client.h \
	%D%/completion.c \
	%D%/describe.c %D%/describe.h \
	%D%/echo.c \
	%D%/explain.c \
	%D%/functions.c \
	%D%/graph.c \
	%D%/live.c %D%/live.h \
	%D%/load.c %D%/load.h \
	%D%/new.c \
	%D%/plugins.c \
	%D%/reference.c \
	%D%/remote.c \
	%D%/run.c \
	%D%/savepoint.c %D%/savepoint.h \
	%D%/savepoint_cell.c \
	%D%/savepoint_diff.c \
	%D%/savepoint_export.c \
	%D%/savepoint_inspect.c \
	%D%/summary.c %D%/summary.h \
	%D%/validate.c \
	%D%/verbs.c %D%/verbs.h \
	%D%/workers.c %D%/workers.h \
	%D%/wrap.c %D%/wrap.h
%C%_libclient_la_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
%C%_libclient_la_LIBADD = $(JANSSON_LIBS)

EXTRA_DIST += %D%/README
