# Layer 0: the plugin interface, installed in $(includedir)/streamd.

streamd_headers = \
	%D%/aggregate.h \
	%D%/arrow.h \
	%D%/backend.h \
	%D%/batch.h \
	%D%/bind.h \
	%D%/cell.h \
	%D%/context.h \
	%D%/convert.h \
	%D%/convert_bytes.h \
	%D%/convert_float.h \
	%D%/convert_number.h \
	%D%/convert_time.h \
	%D%/digits.h \
	%D%/error.h \
	%D%/expr.h \
	%D%/format.h \
	%D%/function.h \
	%D%/json_text.h \
	%D%/lines.h \
	%D%/operator.h \
	%D%/option.h \
	%D%/plugin.h \
	%D%/source.h \
	%D%/state.h \
	%D%/streamd.h \
	%D%/types.h \
	%D%/utf8.h

streamdincludedir = $(includedir)/streamd
streamdinclude_HEADERS = $(streamd_headers)

EXTRA_DIST += %D%/README

unit_tests += tests/unit/test_convert
tests_unit_test_convert_SOURCES = tests/unit/test_convert.c
tests_unit_test_convert_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_unit_test_convert_LDADD = $(CMOCKA_LIBS)
EXTRA_DIST += tests/unit/cases.h tests/unit/convert-cases.py tests/unit/convert-cases.tsv
