# Layer 4: plugins, loaded and served.

noinst_LTLIBRARIES += %D%/libplugin.la
%C%_libplugin_la_SOURCES =

EXTRA_DIST += %D%/README
