# The plugin source-generator.so. plugins/README shows the lines that make one.

pluginexec_LTLIBRARIES += %D%/source-generator.la
%C%_source_generator_la_SOURCES = \
	%D%/fill.c %D%/fill.h \
	%D%/generator.c \
	%D%/literal.c %D%/literal.h \
	%D%/options.c %D%/options.h \
	%D%/random.h \
	%D%/spec.c %D%/spec.h \
	%D%/zipf.c %D%/zipf.h
%C%_source_generator_la_CPPFLAGS = $(plugin_cppflags)
%C%_source_generator_la_CFLAGS = $(hot_cflags)
%C%_source_generator_la_LDFLAGS = $(plugin_ldflags)
%C%_source_generator_la_LIBADD = -lm

EXTRA_DIST += %D%/README

unit_tests += tests/unit/test_source_generator
tests_unit_test_source_generator_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir) \
	-I$(top_srcdir)/tests/harness
tests_unit_test_source_generator_LDADD = $(IO_HOST) $(CMOCKA_LIBS)
