# Layer 5: channels between tasks.

noinst_LTLIBRARIES += %D%/libexchange.la
%C%_libexchange_la_SOURCES = \
	%D%/channel.c %D%/channel.h %D%/channel_body.h \
	%D%/local.c \
	%D%/queue.c %D%/queue.h \
	%D%/receiver.c \
	%D%/ring.c %D%/ring.h \
	%D%/router.c %D%/router.h \
	%D%/segment.c %D%/segment.h \
	%D%/sender.c \
	%D%/split.c %D%/split.h \
	%D%/wake.c %D%/wake.h
%C%_libexchange_la_CFLAGS = $(hot_cflags)

EXTRA_DIST += %D%/README

unit_tests += tests/unit/test_channel
tests_unit_test_channel_SOURCES = tests/unit/test_channel.c
tests_unit_test_channel_LDADD = $(L5) $(CMOCKA_LIBS)

random_batch = tests/unit/random_batch.c tests/unit/random_batch.h
unit_tests += tests/unit/test_ring
tests_unit_test_ring_SOURCES = tests/unit/test_ring.c tests/unit/ring_fixture.c tests/unit/ring_fixture.h $(random_batch)
tests_unit_test_ring_LDADD = $(L5) $(CMOCKA_LIBS) -lpthread

unit_tests += tests/unit/test_router
tests_unit_test_router_SOURCES = tests/unit/test_router.c tests/unit/ring_fixture.c tests/unit/ring_fixture.h $(random_batch)
tests_unit_test_router_LDADD = $(L5) $(CMOCKA_LIBS)

unit_tests += tests/unit/test_exchange
tests_unit_test_exchange_SOURCES = \
	tests/unit/test_exchange.c tests/unit/graph_sim.c tests/unit/graph_sim.h $(random_batch)
tests_unit_test_exchange_LDADD = $(L5) $(CMOCKA_LIBS)
