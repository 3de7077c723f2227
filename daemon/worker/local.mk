# Layer 6: the dataflow loop.

noinst_LTLIBRARIES += %D%/libworker.la
%C%_libworker_la_SOURCES = \
	%D%/node.h \
	%D%/worker.h
%C%_libworker_la_CFLAGS = $(hot_cflags)

EXTRA_DIST += %D%/README
