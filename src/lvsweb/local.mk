# The web page: a program of its own, for what it needs more than the others.
lvsweb_assets = src/lvsweb/style.css src/lvsweb/script.js src/lvsweb/icon.svg
EXTRA_DIST += $(lvsweb_assets)
if LVSWEB
noinst_LIBRARIES += libweb.a
libweb_a_SOURCES = \
	src/lvsweb/answer.c src/lvsweb/answer.h \
	src/lvsweb/ask.c src/lvsweb/ask.h \
	src/lvsweb/assets.c src/lvsweb/assets.h \
	src/lvsweb/changes.c src/lvsweb/changes.h \
	src/lvsweb/csv.c \
	src/lvsweb/cut.c src/lvsweb/cut.h \
	src/lvsweb/feed.c src/lvsweb/feed.h \
	src/lvsweb/hash.h \
	src/lvsweb/history.c src/lvsweb/history.h \
	src/lvsweb/html.c src/lvsweb/html.h \
	src/lvsweb/judge.c src/lvsweb/judge.h \
	src/lvsweb/listen.c src/lvsweb/listen.h \
	src/lvsweb/metrics.c src/lvsweb/metrics.h \
	src/lvsweb/metrics_values.c \
	src/lvsweb/page.c src/lvsweb/page.h \
	src/lvsweb/part_rows.c \
	src/lvsweb/part_why.c \
	src/lvsweb/parts.c src/lvsweb/parts.h \
	src/lvsweb/peers.c src/lvsweb/peers.h \
	src/lvsweb/rights.c src/lvsweb/rights.h \
	src/lvsweb/source.c src/lvsweb/source.h \
	src/lvsweb/status.c src/lvsweb/status.h \
	src/lvsweb/status_read.c src/lvsweb/status_read.h \
	src/lvsweb/view.c src/lvsweb/view.h \
	src/lvsweb/watch.c src/lvsweb/watch.h \
	src/lvsweb/web.c src/lvsweb/web.h
libweb_a_CFLAGS = $(AM_CFLAGS) $(MICROHTTPD_CFLAGS) -pthread
sbin_PROGRAMS += lvsweb
lvsweb_SOURCES = src/lvsweb/main.c
lvsweb_CFLAGS = $(libweb_a_CFLAGS)
web_ldadd = libweb.a liblib.a $(MICROHTTPD_LIBS) $(JANSSON_LIBS) $(CAPNG_LIBS) $(LIBBSD_LIBS)
lvsweb_LDADD = $(web_ldadd)
lvsweb_LDFLAGS = $(AM_LDFLAGS) -pthread
BUILT_SOURCES += src/lvsweb/assets_bytes.h
CLEANFILES += src/lvsweb/assets_bytes.h
src/lvsweb/assets_bytes.h: $(lvsweb_assets) Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && for name in style.css script.js icon.svg; do \
		echo "static const unsigned char $$(echo $$name | tr . _)[] = {" && \
		od -An -v -tx1 '$(srcdir)'/src/lvsweb/$$name | sed 's/ \(..\)/0x\1,/g' && \
		echo '};' || exit 1; \
	done >$@.new && mv $@.new $@
endif
