# Layer 5: channels between tasks.

noinst_LTLIBRARIES += %D%/libexchange.la
%C%_libexchange_la_SOURCES = %D%/channel.c %D%/channel.h

EXTRA_DIST += %D%/README
