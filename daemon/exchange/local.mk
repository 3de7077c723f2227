# Layer 5: channels between tasks.

noinst_LTLIBRARIES += %D%/libexchange.la
%C%_libexchange_la_SOURCES = %D%/channel.c %D%/channel.h

EXTRA_DIST += %D%/README

unit_tests += tests/unit/test_channel
tests_unit_test_channel_SOURCES = tests/unit/test_channel.c
tests_unit_test_channel_LDADD = $(L5) $(CMOCKA_LIBS)
