# Layer 0: the plugin interface, installed in $(includedir)/streamd.

streamd_headers =

streamdincludedir = $(includedir)/streamd
streamdinclude_HEADERS = $(streamd_headers)

EXTRA_DIST += %D%/README
