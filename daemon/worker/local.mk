# Layer 6: the dataflow loop.

noinst_LTLIBRARIES += %D%/libworker.la
%C%_libworker_la_SOURCES = \
	%D%/batches.c \
	%D%/host.c \
	%D%/host.h \
	%D%/loop.c \
	%D%/task.c \
	%D%/task.h \
	%D%/open.c \
	%D%/reject.c \
	%D%/reject.h \
	%D%/source.c \
	%D%/source.h \
	%D%/splits.h \
	%D%/worker.h
%C%_libworker_la_CFLAGS = $(hot_cflags)

EXTRA_DIST += %D%/README
