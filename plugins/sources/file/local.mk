# The plugin source-file.so. plugins/README shows the lines that make one.

pluginexec_LTLIBRARIES += %D%/source-file.la
%C%_source_file_la_SOURCES = \
	%D%/codec.c %D%/codec.h \
	%D%/faults.c %D%/faults.h \
	%D%/file.c \
	%D%/follow.c %D%/follow.h \
	%D%/input.c %D%/input.h \
	%D%/known.c %D%/known.h \
	%D%/listing.c %D%/listing.h \
	%D%/place.c %D%/place.h \
	%D%/reader.c %D%/reader.h \
	%D%/split.h
%C%_source_file_la_CPPFLAGS = $(plugin_cppflags) $(ZLIB_CFLAGS) $(ZSTD_CFLAGS)
%C%_source_file_la_LDFLAGS = $(plugin_ldflags)
%C%_source_file_la_LIBADD = $(ZLIB_LIBS) $(ZSTD_LIBS)

EXTRA_DIST += %D%/README

unit_tests += tests/unit/test_source_file
tests_unit_test_source_file_CPPFLAGS = $(AM_CPPFLAGS) $(ZLIB_CFLAGS) $(ZSTD_CFLAGS) \
	-I$(top_srcdir)/tests/harness
tests_unit_test_source_file_LDADD = $(IO_HOST) $(CMOCKA_LIBS)
