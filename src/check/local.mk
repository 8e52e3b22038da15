noinst_LIBRARIES += libcheck.a
libcheck_a_SOURCES = \
	src/check/checker.h \
	src/check/health.c src/check/health.h \
	src/check/probe.h
