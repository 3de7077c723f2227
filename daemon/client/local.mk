# Layer 8: streamctl's verbs.

noinst_LTLIBRARIES += %D%/libclient.la
%C%_libclient_la_SOURCES =
%C%_libclient_la_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
%C%_libclient_la_LIBADD = $(JANSSON_LIBS)

EXTRA_DIST += %D%/README
