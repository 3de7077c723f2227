# Layer 9: the programs. Wiring and argv only.

bin_PROGRAMS += streamctl
streamctl_SOURCES = %D%/streamctl.c
streamctl_CPPFLAGS = $(AM_CPPFLAGS) -DSTREAMD_PLUGIN_DIR='"$(pluginexecdir)"'
streamctl_LDFLAGS = $(host_ldflags)
streamctl_LDADD = $(L8)

EXTRA_DIST += %D%/README
