# Layer 9: the programs. Wiring and argv only.

bin_PROGRAMS += streamctl streamd
streamctl_SOURCES = %D%/streamctl.c
streamctl_CPPFLAGS = $(AM_CPPFLAGS) -DSTREAMD_PLUGIN_DIR='"$(pluginexecdir)"' \
	-DSTREAMD_PROGRAM='"$(bindir)/streamd"'
streamctl_LDFLAGS = $(host_ldflags)
streamctl_LDADD = $(L8) $(UV_LIBS)

streamd_SOURCES = %D%/streamd.c
streamd_LDFLAGS = $(host_ldflags)
streamd_LDADD = $(L6)

EXTRA_DIST += %D%/README
