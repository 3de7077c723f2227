# Layer 6: the dataflow loop.

noinst_LTLIBRARIES += %D%/libworker.la
%C%_libworker_la_SOURCES = \
	%D%/batches.c \
	%D%/catalogue.c %D%/catalogue.h \
	%D%/checkpoint.c \
	%D%/checkpoint.h \
	%D%/commands.c \
	%D%/commands.h \
	%D%/edge.c \
	%D%/edge.h \
	%D%/host.c \
	%D%/host.h \
	%D%/job.c %D%/job.h \
	%D%/loop.c \
	%D%/task.c \
	%D%/task.h \
	%D%/open.c \
	%D%/outbox.c %D%/outbox.h \
	%D%/outbox_rows.c %D%/outbox_rows.h \
	%D%/outbox_services.c %D%/outbox_services.h \
	%D%/positions.c \
	%D%/positions.h \
	%D%/process.c \
	%D%/process.h \
	%D%/reject.c \
	%D%/reject.h \
	%D%/restore.c \
	%D%/restore.h \
	%D%/source.c \
	%D%/source.h \
	%D%/splits.h \
	%D%/worker.h
%C%_libworker_la_CFLAGS = $(hot_cflags)

EXTRA_DIST += %D%/README

unit_tests += tests/unit/test_catalogue
tests_unit_test_catalogue_LDADD = $(L6) $(CMOCKA_LIBS)
