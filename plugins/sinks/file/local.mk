# The plugin sink-file.so. plugins/README shows the lines that make one.

pluginexec_LTLIBRARIES += %D%/sink-file.la
%C%_sink_file_la_SOURCES = \
	%D%/buckets.c %D%/buckets.h \
	%D%/changelog.c %D%/changelog.h \
	%D%/file.c \
	%D%/folder.c %D%/folder.h \
	%D%/groups.c %D%/groups.h \
	%D%/ledger.c %D%/ledger.h \
	%D%/owned.c %D%/owned.h \
	%D%/packer.c %D%/packer.h \
	%D%/part.c %D%/part.h \
	%D%/sink.h
%C%_sink_file_la_CPPFLAGS = $(plugin_cppflags) $(ZLIB_CFLAGS) $(ZSTD_CFLAGS)
%C%_sink_file_la_LDFLAGS = $(plugin_ldflags)
%C%_sink_file_la_LIBADD = $(ZLIB_LIBS) $(ZSTD_LIBS)

EXTRA_DIST += %D%/README

unit_tests += tests/unit/test_sink_file
tests_unit_test_sink_file_CPPFLAGS = $(AM_CPPFLAGS) $(ZLIB_CFLAGS) $(ZSTD_CFLAGS) \
	-I$(top_srcdir)/tests/harness
tests_unit_test_sink_file_LDADD = $(IO_HOST) $(CMOCKA_LIBS)
