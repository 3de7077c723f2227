# Layer 3: SQL expressions over columns.

noinst_LTLIBRARIES += %D%/libexpr.la
%C%_libexpr_la_SOURCES = \
	%D%/aggregates.h \
	%D%/evaluate.h \
	%D%/expr.h \
	%D%/registry.h
%C%_libexpr_la_CFLAGS = $(hot_cflags)
%C%_libexpr_la_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) $(PCRE2_CFLAGS)
%C%_libexpr_la_LIBADD = $(PG_QUERY_LIBS) $(JANSSON_LIBS) $(PCRE2_LIBS)

EXTRA_DIST += %D%/README
