# Layer 7: the coordinator of one pipeline.

noinst_LTLIBRARIES += %D%/libcoordinator.la
%C%_libcoordinator_la_SOURCES = \
	%D%/attempt.c \
	%D%/child.c \
	%D%/coordinator.c %D%/coordinator.h \
	%D%/decisions.c \
	%D%/durable.c %D%/durable.h \
	%D%/inside.h \
	%D%/line.c %D%/line.h \
	%D%/planning.c %D%/planning.h \
	%D%/requests.c \
	%D%/server.c %D%/server.h \
	%D%/state.c \
	%D%/status.c \
	%D%/talk.c
%C%_libcoordinator_la_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) $(UV_CFLAGS)
%C%_libcoordinator_la_LIBADD = $(JANSSON_LIBS)

EXTRA_DIST += %D%/README
