# The plugin format-regex.so.

regex_sources = \
	%D%/decoder.c \
	%D%/pattern.c %D%/pattern.h \
	%D%/regex.c %D%/regex.h

if WITH_PCRE2
pluginexec_LTLIBRARIES += %D%/format-regex.la
%C%_format_regex_la_SOURCES = $(regex_sources)
%C%_format_regex_la_CPPFLAGS = $(plugin_cppflags) $(PCRE2_CFLAGS)
%C%_format_regex_la_LDFLAGS = $(plugin_ldflags)
%C%_format_regex_la_CFLAGS = $(hot_cflags)
%C%_format_regex_la_LIBADD = $(PCRE2_LIBS)

unit_tests += tests/unit/test_format_regex
tests_unit_test_format_regex_LDADD = tests/unit/libformathost.la $(CMOCKA_LIBS)
unit_scripts += tests/unit/format_regex.py
endif

EXTRA_DIST += %D%/README
