# What unit tests share. The tests themselves are declared by the modules they test.

EXTRA_DIST += %D%/README

# A host for formats (format_host.h), and a program that shows what a format makes of its input.
EXTRA_DIST += %D%/format_host.h
check_LTLIBRARIES += %D%/libformathost.la
%C%_libformathost_la_SOURCES = %D%/format_host.c
%C%_libformathost_la_LIBADD = daemon/columnar/libcolumnar.la daemon/base/libbase.la

check_PROGRAMS += %D%/format_tool
%C%_format_tool_SOURCES = %D%/format_tool.c
%C%_format_tool_LDADD = %D%/libformathost.la

# A host for sources and sinks (io_host.h), on top of the harness.
EXTRA_DIST += %D%/io_host.h
check_LTLIBRARIES += %D%/libiohost.la
%C%_libiohost_la_SOURCES = %D%/io_host.c
%C%_libiohost_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/harness
IO_HOST = %D%/libiohost.la $(HARNESS)
