# The manual. Everything in this folder is part of the tarball; the man page and the
# completions for shells are installed.

man_MANS = %D%/man/streamctl.1
bashcompletionsdir = $(datadir)/bash-completion/completions
bashcompletions_DATA = %D%/completion/streamctl
zshcompletionsdir = $(datadir)/zsh/site-functions
zshcompletions_DATA = %D%/completion/_streamctl
fishcompletionsdir = $(datadir)/fish/vendor_completions.d
fishcompletions_DATA = %D%/completion/streamctl.fish
doc_DATA = README.md CHANGELOG.md

EXTRA_DIST += %D%

# docs/reference and the completions are written from the tables in the program; tests/meta/reference.sh
# finds them stale.
reference_pages = pipeline plugins functions diagnostics

reference: all
	$(MKDIR_P) '$(srcdir)/docs/reference'
	for page in $(reference_pages); do \
	  ./streamctl reference --plugin-path '$(abs_top_builddir)/plugins-live' $$page \
	    >'$(srcdir)/docs/reference/'$$page.new && \
	  mv '$(srcdir)/docs/reference/'$$page.new '$(srcdir)/docs/reference/'$$page.md || \
	  { rm -f '$(srcdir)/docs/reference/'$$page.new; exit 1; }; \
	done
	./streamctl completion bash >'$(srcdir)/docs/completion/streamctl'
	./streamctl completion zsh >'$(srcdir)/docs/completion/_streamctl'
	./streamctl completion fish >'$(srcdir)/docs/completion/streamctl.fish'

.PHONY: reference
