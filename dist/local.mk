# What a system wants to have of a daemon. The paths are this build's.
dist_made = dist/init.d/lvsd dist/systemd/lvsd.service dist/systemd/lvsweb.service dist/tmpfiles.d/lvsd.conf
CLEANFILES += $(dist_made)
$(dist_made): Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && sed -e 's,@sbindir\@,$(sbindir),g' \
		-e 's,@sysconfdir\@,$(sysconfdir),g' -e 's,@runstatedir\@,$(runstatedir),g' \
		'$(srcdir)/$@.in' >$@.new && mv $@.new $@
dist/init.d/lvsd: dist/init.d/lvsd.in
dist/systemd/lvsd.service: dist/systemd/lvsd.service.in
dist/systemd/lvsweb.service: dist/systemd/lvsweb.service.in
dist/tmpfiles.d/lvsd.conf: dist/tmpfiles.d/lvsd.conf.in

# Below prefix, where systemd looks when that is /usr or /usr/local.
initdir = $(sysconfdir)/init.d
init_SCRIPTS = dist/init.d/lvsd
unitdir = $(prefix)/lib/systemd/system
unit_DATA = dist/systemd/lvsd.service
sysusersdir = $(prefix)/lib/sysusers.d
dist_sysusers_DATA = dist/sysusers.d/lvsd.conf
if LVSWEB
unit_DATA += dist/systemd/lvsweb.service
dist_sysusers_DATA += dist/sysusers.d/lvsweb.conf
else
EXTRA_DIST += dist/sysusers.d/lvsweb.conf
endif
tmpfilesdir = $(prefix)/lib/tmpfiles.d
tmpfiles_DATA = dist/tmpfiles.d/lvsd.conf
vimsyntaxdir = $(datadir)/vim/vimfiles/syntax
dist_vimsyntax_DATA = dist/vim/syntax/lvsconf.vim
vimftdetectdir = $(datadir)/vim/vimfiles/ftdetect
dist_vimftdetect_DATA = dist/vim/ftdetect/lvsconf.vim
dist_doc_DATA = README.md \
	doc/control.md \
	doc/design.md \
	doc/migrating.md \
	doc/operations.md \
	doc/performance.md \
	doc/reliability.md \
	doc/testing.md \
	doc/tuning.md
exampledir = $(docdir)/examples
dist_example_DATA = \
	examples/all-ports.conf \
	examples/anycast.bird \
	examples/anycast.conf \
	examples/dns.conf \
	examples/dsr.conf \
	examples/ftp.conf \
	examples/https.conf \
	examples/ipv6.conf \
	examples/sorry.conf \
	examples/tunnel.conf \
	examples/web.conf
exampleprogramdir = $(exampledir)
dist_exampleprogram_SCRIPTS = examples/anycast-announce
