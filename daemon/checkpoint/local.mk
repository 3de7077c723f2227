# Layer 3: checkpoint and restart decisions, and the files of checkpoints.

noinst_LTLIBRARIES += %D%/libcheckpoint.la
%C%_libcheckpoint_la_SOURCES = \
	%D%/checksum.h \
	%D%/outbox.h %D%/outbox_folder.c %D%/outbox_form.h %D%/outbox_read.c %D%/outbox_write.c \
	%D%/protocol.c %D%/protocol.h \
	%D%/fits.c %D%/fits.h \
	%D%/manifest.c %D%/manifest.h \
	%D%/native.h %D%/native_form.h \
	%D%/native_parse.c %D%/native_parse.h \
	%D%/native_read.c \
	%D%/native_write.c \
	%D%/restart.c %D%/restart.h \
	%D%/savepoint.h \
	%D%/savepoint_diff.c %D%/savepoint_diff.h \
	%D%/savepoint_form.c %D%/savepoint_form.h \
	%D%/savepoint_open.c \
	%D%/savepoint_restore.c \
	%D%/savepoint_role.c %D%/savepoint_role.h \
	%D%/savepoint_scan.c \
	%D%/savepoint_seal.c \
	%D%/savepoint_sql.c %D%/savepoint_sql.h \
	%D%/savepoint_value.c %D%/savepoint_value.h \
	%D%/savepoint_write.c \
	%D%/store.c %D%/store.h \
	%D%/store_clean.c \
	%D%/store_folder.c %D%/store_form.h \
	%D%/store_meta.c
%C%_libcheckpoint_la_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) $(XXHASH_CFLAGS) \
	$(CORE_SQLITE_CFLAGS)
%C%_libcheckpoint_la_CFLAGS = $(hot_cflags)
%C%_libcheckpoint_la_LIBADD = $(JANSSON_LIBS) $(XXHASH_LIBS) $(CORE_SQLITE_LIBS)

EXTRA_DIST += %D%/README

unit_tests += tests/unit/test_protocol
tests_unit_test_protocol_LDADD = $(L3) $(CMOCKA_LIBS)

unit_tests += tests/unit/test_protocol_storm
tests_unit_test_protocol_storm_SOURCES = tests/unit/test_protocol_storm.c tests/unit/storm.h \
	tests/unit/storm_worker.c tests/unit/storm_coordinator.c
tests_unit_test_protocol_storm_LDADD = $(L3) $(CMOCKA_LIBS)

unit_tests += tests/unit/test_restart
tests_unit_test_restart_LDADD = $(L3) $(CMOCKA_LIBS)

unit_tests += tests/unit/test_outbox
tests_unit_test_outbox_LDADD = $(L3) $(CMOCKA_LIBS)

unit_tests += tests/unit/test_store
tests_unit_test_store_SOURCES = tests/unit/test_store.c tests/unit/store_case.h
tests_unit_test_store_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
tests_unit_test_store_LDADD = $(L3) $(CMOCKA_LIBS)

unit_tests += tests/unit/test_savepoint
tests_unit_test_savepoint_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) $(CORE_SQLITE_CFLAGS)
tests_unit_test_savepoint_LDADD = $(L3) $(CMOCKA_LIBS)

# What Python's sqlite3 sees of savepoints, and makes of them.
check_PROGRAMS += tests/unit/savepoint_tool
tests_unit_savepoint_tool_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
tests_unit_savepoint_tool_LDADD = $(L3) $(JANSSON_LIBS)
unit_scripts += tests/unit/savepoint.py

unit_tests += tests/unit/test_native
tests_unit_test_native_SOURCES = tests/unit/test_native.c tests/unit/faulty_files.h
tests_unit_test_native_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) $(XXHASH_CFLAGS)
tests_unit_test_native_LDADD = $(L3) $(CMOCKA_LIBS)

unit_tests += tests/unit/test_store_crash
tests_unit_test_store_crash_SOURCES = tests/unit/test_store_crash.c tests/unit/store_case.h \
	tests/unit/faulty_files.h
tests_unit_test_store_crash_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS)
tests_unit_test_store_crash_LDADD = $(L3) $(CMOCKA_LIBS)

unit_tests += tests/unit/test_store_meta
tests_unit_test_store_meta_SOURCES = tests/unit/test_store_meta.c tests/unit/store_case.h \
	tests/unit/sqlite_disk.c tests/unit/sqlite_disk.h
tests_unit_test_store_meta_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) $(CORE_SQLITE_CFLAGS)
tests_unit_test_store_meta_LDADD = $(L3) $(CORE_SQLITE_LIBS) $(CMOCKA_LIBS)
