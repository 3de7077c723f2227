# The fake host for tests of operators and tables: $(HARNESS) in a test's LDADD.

noinst_LTLIBRARIES += %D%/libharness.la
%C%_libharness_la_SOURCES = \
	%D%/harness.h \
	%D%/host.c \
	%D%/inside.h \
	%D%/node.c \
	%D%/plan.c \
	%D%/rows.c \
	%D%/services.c
%C%_libharness_la_LIBADD = -lm

HARNESS = %D%/libharness.la $(L6)

EXTRA_DIST += %D%/README
