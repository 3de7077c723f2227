# The manual. Everything in this folder is part of the tarball; man pages (docs/man) and shell
# completions (docs/completion) are installed where they are listed here.

man_pages =
bash_completions =

man_MANS = $(man_pages)
bashcompletionsdir = $(datadir)/bash-completion/completions
bashcompletions_DATA = $(bash_completions)
doc_DATA = README.md

EXTRA_DIST += %D%

# docs/reference is written from the tables in the program; tests/meta/reference.sh finds it stale.
reference_pages = pipeline plugins diagnostics

reference: all
	$(MKDIR_P) '$(srcdir)/docs/reference'
	for page in $(reference_pages); do \
	  ./streamctl reference --plugin-path '$(abs_top_builddir)/plugins-live' $$page \
	    >'$(srcdir)/docs/reference/'$$page.new && \
	  mv '$(srcdir)/docs/reference/'$$page.new '$(srcdir)/docs/reference/'$$page.md || \
	  { rm -f '$(srcdir)/docs/reference/'$$page.new; exit 1; }; \
	done

.PHONY: reference
