# Layer 9: the programs. Wiring and argv only.

bin_PROGRAMS += streamctl
streamctl_SOURCES = %D%/streamctl.c
streamctl_LDFLAGS = $(host_ldflags)
streamctl_LDADD = $(L8)

EXTRA_DIST += %D%/README
