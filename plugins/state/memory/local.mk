# The plugin state-memory.so.

pluginexec_LTLIBRARIES += %D%/state-memory.la
%C%_state_memory_la_SOURCES = \
	%D%/index.c \
	%D%/keys.c \
	%D%/list.c \
	%D%/lookup.c \
	%D%/memory.c \
	%D%/shadow.c \
	%D%/slab.c %D%/slab.h \
	%D%/space.c %D%/table.h
%C%_state_memory_la_CPPFLAGS = $(plugin_cppflags)
%C%_state_memory_la_CFLAGS = $(hot_cflags)
%C%_state_memory_la_LDFLAGS = $(plugin_ldflags)

EXTRA_DIST += %D%/README
