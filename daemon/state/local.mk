# Layer 5: state tables.

noinst_LTLIBRARIES += %D%/libstate.la
%C%_libstate_la_SOURCES = \
	%D%/aggregate.c %D%/aggregate.h %D%/aggregate_runner.h \
	%D%/aggregate_declare.c \
	%D%/aggregate_distinct.c \
	%D%/aggregate_result.c \
	%D%/aggregate_update.c \
	%D%/distinct.c %D%/distinct.h
%C%_libstate_la_CFLAGS = $(hot_cflags)

EXTRA_DIST += %D%/README
