# Plugins for tests. They are not installed, and lie in tests/plugins/.libs of the build tree.

check_LTLIBRARIES += %D%/state-moving.la
%C%_state_moving_la_SOURCES = %D%/state-moving/moving.c
%C%_state_moving_la_CPPFLAGS = $(plugin_cppflags)
%C%_state_moving_la_LDFLAGS = $(plugin_ldflags) -rpath /nowhere

check_LTLIBRARIES += %D%/operator-brake.la
%C%_operator_brake_la_SOURCES = %D%/brake/brake.c
%C%_operator_brake_la_CPPFLAGS = $(plugin_cppflags)
%C%_operator_brake_la_LDFLAGS = $(plugin_ldflags) -rpath /nowhere

EXTRA_DIST += %D%/README %D%/state-moving/README %D%/brake/README
