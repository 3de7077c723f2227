# Layer 5: state tables.

noinst_LTLIBRARIES += %D%/libstate.la
%C%_libstate_la_SOURCES =
%C%_libstate_la_CFLAGS = $(hot_cflags)

EXTRA_DIST += %D%/README
