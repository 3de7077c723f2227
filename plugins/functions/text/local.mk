# The plugin functions-text.so. plugins/README shows the lines that make one.

text_sources = \
	%D%/distance.c \
	%D%/longest.c \
	%D%/slugify.c \
	%D%/text.c \
	%D%/text.h

pluginexec_LTLIBRARIES += %D%/functions-text.la
%C%_functions_text_la_SOURCES = $(text_sources)
%C%_functions_text_la_CPPFLAGS = $(plugin_cppflags)
%C%_functions_text_la_CFLAGS = $(hot_cflags)
%C%_functions_text_la_LDFLAGS = $(plugin_ldflags)

# Its test calls the kernels in place, by the helpers of the built-in functions' test.
unit_tests += tests/unit/test_functions_text
tests_unit_test_functions_text_SOURCES = tests/unit/test_functions_text.c $(text_sources)
tests_unit_test_functions_text_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_unit_test_functions_text_LDADD = $(L3) $(CMOCKA_LIBS)

e2e_tests += tests/e2e/functions-text.sh

EXTRA_DIST += %D%/README tests/unit/text-cases.py tests/unit/text-cases.tsv
