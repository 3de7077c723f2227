# Layer 4: messages between processes.

noinst_LTLIBRARIES += %D%/libcontrol.la
%C%_libcontrol_la_SOURCES = \
	%D%/members.c \
	%D%/message.c %D%/message.h \
	%D%/stats.c %D%/stats.h
%C%_libcontrol_la_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
%C%_libcontrol_la_LIBADD = $(JANSSON_LIBS) -lpthread

EXTRA_DIST += %D%/README

unit_tests += tests/unit/test_control tests/unit/test_stats
tests_unit_test_control_SOURCES = tests/unit/test_control.c
tests_unit_test_control_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
tests_unit_test_control_LDADD = $(L4) $(JANSSON_LIBS) $(CMOCKA_LIBS)
tests_unit_test_stats_SOURCES = tests/unit/test_stats.c
tests_unit_test_stats_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
tests_unit_test_stats_LDADD = $(L4) $(JANSSON_LIBS) $(CMOCKA_LIBS)
