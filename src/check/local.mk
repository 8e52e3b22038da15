noinst_LIBRARIES += libcheck.a
libcheck_a_SOURCES = \
	src/check/agent.c src/check/agent.h \
	src/check/alarm.c src/check/alarm.h \
	src/check/answer.c src/check/answer.h \
	src/check/arp.c src/check/arp.h \
	src/check/checker.c src/check/checker.h \
	src/check/conn.c src/check/conn.h \
	src/check/dns_message.c src/check/dns_message.h \
	src/check/drop.c src/check/drop.h \
	src/check/due.c src/check/due.h \
	src/check/external.c src/check/external.h \
	src/check/external_trust.c \
	src/check/health.c src/check/health.h \
	src/check/http.c \
	src/check/http_body.c src/check/http_body.h \
	src/check/http_status.c src/check/http_status.h \
	src/check/icmp.c src/check/icmp.h \
	src/check/loop.c src/check/loop.h \
	src/check/method.c src/check/method.h \
	src/check/nets.c src/check/nets.h \
	src/check/probe.c src/check/probe.h \
	src/check/raw_filter.c \
	src/check/raw.c src/check/raw.h \
	src/check/reason.c src/check/reason.h \
	src/check/report.c src/check/report.h \
	src/check/run.c src/check/run.h \
	src/check/sockets.c src/check/sockets.h \
	src/check/stream.c src/check/stream.h \
	src/check/target.c src/check/target.h \
	src/check/tcp.c \
	src/check/tls.c src/check/tls.h src/check/tls_library.h \
	src/check/udp.c \
	src/check/wheel.c src/check/wheel.h

# OpenSSL, loaded by the checker when a check uses TLS.
moduledir = $(pkglibdir)
module_PROGRAMS = lvsd-tls.so
lvsd_tls_so_SOURCES = src/check/tls_openssl.c
lvsd_tls_so_CFLAGS = $(AM_CFLAGS) -fPIC
lvsd_tls_so_LDFLAGS = $(AM_LDFLAGS) -shared
lvsd_tls_so_LDADD = $(OPENSSL_LIBS)
# The same for tests, which load nothing.
noinst_LIBRARIES += libtls.a
libtls_a_SOURCES = src/check/tls_openssl.c
