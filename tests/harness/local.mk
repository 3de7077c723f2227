# The fake host. Tests in this tree link $(HARNESS) and include "harness.h"; for plugins that are
# written elsewhere it is installed as libstreamd-harness, with <streamd/harness.h>.

noinst_LTLIBRARIES += %D%/libharness.la
%C%_libharness_la_SOURCES = \
	%D%/harness.h \
	%D%/host.c \
	%D%/inside.h \
	%D%/node.c \
	%D%/plan.c \
	%D%/restart.c \
	%D%/rows.c \
	%D%/services.c \
	%D%/source.c
%C%_libharness_la_CPPFLAGS = $(AM_CPPFLAGS) -DSTREAMD_PLUGIN_DIR='"$(pluginexecdir)"'
%C%_libharness_la_LIBADD = -lm

HARNESS = %D%/libharness.la $(L6)

# Everything of the daemon that it takes is inside, and hidden.
lib_LTLIBRARIES += libstreamd-harness.la
libstreamd_harness_la_SOURCES =
libstreamd_harness_la_LIBADD = $(HARNESS)
libstreamd_harness_la_LDFLAGS = $(AM_LDFLAGS) -version-info 0:0:0 -no-undefined \
	-export-symbols-regex '^harness_'
if !SANITIZERS
libstreamd_harness_la_LDFLAGS += -Wl,-z,defs
endif

streamdinclude_HEADERS += %D%/harness.h
pkgconfig_DATA += streamd-harness.pc

EXTRA_DIST += %D%/README
