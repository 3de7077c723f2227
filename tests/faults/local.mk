# The fault tests; script/test runs those that take minutes, through `make check-faults'.

meta_tests += %D%/judge.py
fault_tests = %D%/images.py %D%/kills.py %D%/points.py %D%/rescale.py %D%/stalled.py

check_LTLIBRARIES += %D%/recorder.la
%C%_recorder_la_SOURCES = %D%/recorder.c
%C%_recorder_la_CFLAGS = $(AM_CFLAGS) -fvisibility=default
%C%_recorder_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared -rpath /nowhere
%C%_recorder_la_LIBADD = -ldl

EXTRA_DIST += %D%/README %D%/machine.py %D%/owners.py %D%/pipelines.py %D%/reader.py %D%/references.py %D%/storm.py %D%/watcher.py $(fault_tests)

check-faults: all
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(fault_tests)' test_timeout=1800

installcheck-faults: all
	$(MAKE) $(AM_MAKEFLAGS) check-faults \
	  test_streamctl='$(DESTDIR)$(bindir)/streamctl' test_plugin_path='$(DESTDIR)$(pluginexecdir)'

.PHONY: check-faults installcheck-faults
