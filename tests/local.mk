# Unit tests of the pure parts, and the small programs of the lab.
unit_ldadd = libdaemon.a libcheck.a libipvs.a libparser.a liblib.a \
	$(LIBNL_LIBS) $(LIBEV_LIBS) $(LIBBSD_LIBS) $(OPENSSL_LIBS) $(CAPNG_LIBS) \
	$(JANSSON_LIBS) $(CMOCKA_LIBS)

unit_tests = \
	tests/unit/test_ipvs \
	tests/unit/test_plan
tests_unit_test_ipvs_SOURCES = tests/unit/test_ipvs.c
tests_unit_test_ipvs_LDADD = $(unit_ldadd)
tests_unit_test_plan_SOURCES = tests/unit/test_plan.c
tests_unit_test_plan_LDADD = $(unit_ldadd)

lab_programs = \
	tests/lab/backend \
	tests/lab/hammer \
	tests/lab/ipvswait \
	tests/lab/monotime
tests_lab_backend_SOURCES = tests/lab/backend.c
tests_lab_backend_LDADD = liblib.a $(LIBBSD_LIBS)
tests_lab_hammer_SOURCES = tests/lab/hammer.c
tests_lab_hammer_LDADD = liblib.a $(LIBBSD_LIBS)
tests_lab_ipvswait_SOURCES = tests/lab/ipvswait.c
tests_lab_ipvswait_LDADD = liblib.a $(LIBBSD_LIBS)
tests_lab_monotime_SOURCES = tests/lab/monotime.c
tests_lab_monotime_LDADD = liblib.a $(LIBBSD_LIBS)

check_PROGRAMS += $(unit_tests) $(lab_programs)
TESTS += $(unit_tests)
