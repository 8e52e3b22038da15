# Unit tests of the pure parts, and the small programs of the lab.
unit_ldadd = libdaemon.a libcheck.a $(libtls_a_OBJECTS) libflow.a libipvs.a libparser.a liblib.a \
	$(LIBNL_LIBS) $(LIBEV_LIBS) $(LIBBSD_LIBS) $(OPENSSL_LIBS) $(CAPNG_LIBS) \
	$(JANSSON_LIBS) $(IPSET_LIBS) $(ROUTE_LIBS) $(CMOCKA_LIBS)

unit_tests = \
	tests/unit/test_addr \
	tests/unit/test_agent \
	tests/unit/test_agents \
	tests/unit/test_answer \
	tests/unit/test_attributes \
	tests/unit/test_audit \
	tests/unit/test_chain \
	tests/unit/test_checker \
	tests/unit/test_checker_external \
	tests/unit/test_checker_http \
	tests/unit/test_checker_soak \
	tests/unit/test_checker_talk \
	tests/unit/test_children \
	tests/unit/test_cut \
	tests/unit/test_decide \
	tests/unit/test_dns_message \
	tests/unit/test_due \
	tests/unit/test_flow \
	tests/unit/test_events \
	tests/unit/test_health \
	tests/unit/test_http_status \
	tests/unit/test_ipvs \
	tests/unit/test_nl \
	tests/unit/test_listing \
	tests/unit/test_parser \
	tests/unit/test_parser_print \
	tests/unit/test_plan \
	tests/unit/test_probe \
	tests/unit/test_raw \
	tests/unit/test_reconcile \
	tests/unit/test_record \
	tests/unit/test_run \
	tests/unit/test_serving \
	tests/unit/test_sockets \
	tests/unit/test_statefile \
	tests/unit/test_turn \
	tests/unit/test_wheel \
	tests/unit/test_words \
	tests/unit/test_writer
tests_unit_test_addr_SOURCES = tests/unit/test_addr.c
tests_unit_test_addr_LDADD = $(unit_ldadd)
tests_unit_test_answer_SOURCES = tests/unit/test_answer.c
tests_unit_test_answer_LDADD = $(unit_ldadd)
tests_unit_test_attributes_SOURCES = tests/unit/test_attributes.c
tests_unit_test_attributes_LDADD = $(unit_ldadd)
tests_unit_test_checker_SOURCES = tests/unit/test_checker.c tests/unit/checker_bench.c tests/unit/checker_bench.h
tests_unit_test_checker_LDADD = $(unit_ldadd)
tests_unit_test_checker_http_SOURCES = tests/unit/test_checker_http.c tests/unit/checker_bench.c tests/unit/checker_bench.h
tests_unit_test_checker_http_LDADD = $(unit_ldadd)
tests_unit_test_checker_talk_SOURCES = tests/unit/test_checker_talk.c tests/unit/checker_bench.c tests/unit/checker_bench.h
tests_unit_test_checker_talk_LDADD = $(unit_ldadd)
tests_unit_test_dns_message_SOURCES = tests/unit/test_dns_message.c
tests_unit_test_dns_message_LDADD = $(unit_ldadd)
# A clock, a checker and its reports of its own making.
tests_unit_test_children_SOURCES = tests/unit/test_children.c $(plan_call)
tests_unit_test_children_LDADD = $(unit_ldadd)
tests_unit_test_children_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=clock_gettime \
	-Wl,--wrap=recvmmsg -Wl,--wrap=checker_run
# A clock and a disk of its own making.
tests_unit_test_decide_SOURCES = tests/unit/test_decide.c $(plan_call)
tests_unit_test_decide_LDADD = $(unit_ldadd)
tests_unit_test_decide_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=clock_gettime \
	-Wl,--wrap=statefile_save -Wl,--wrap=statefile_saved -Wl,--wrap=statefile_error
tests_unit_test_due_SOURCES = tests/unit/test_due.c
tests_unit_test_due_LDADD = $(unit_ldadd)
tests_unit_test_agent_SOURCES = tests/unit/test_agent.c
tests_unit_test_agent_LDADD = $(unit_ldadd)
plan_call = tests/plan/call.c tests/plan/call.h
plan_case = tests/unit/plan_case.c tests/unit/plan_case.h $(plan_call)
tests_unit_test_agents_SOURCES = tests/unit/test_agents.c tests/unit/record_case.h $(plan_case)
tests_unit_test_agents_LDADD = $(unit_ldadd)
tests_unit_test_audit_SOURCES = tests/unit/test_audit.c $(plan_call)
tests_unit_test_audit_LDADD = $(unit_ldadd)
tests_unit_test_chain_SOURCES = tests/unit/test_chain.c
tests_unit_test_chain_LDADD = $(unit_ldadd)
tests_unit_test_checker_external_SOURCES = tests/unit/test_checker_external.c tests/unit/checker_bench.c tests/unit/checker_bench.h
tests_unit_test_checker_external_LDADD = $(unit_ldadd)
tests_unit_test_checker_soak_SOURCES = tests/unit/test_checker_soak.c tests/unit/checker_bench.c tests/unit/checker_bench.h
tests_unit_test_checker_soak_LDADD = $(unit_ldadd)
tests_unit_test_flow_SOURCES = tests/unit/test_flow.c $(plan_call)
tests_unit_test_flow_LDADD = $(unit_ldadd)
tests_unit_test_events_SOURCES = tests/unit/test_events.c
tests_unit_test_events_LDADD = $(unit_ldadd)
tests_unit_test_health_SOURCES = tests/unit/test_health.c
tests_unit_test_health_LDADD = $(unit_ldadd)
tests_unit_test_http_status_SOURCES = tests/unit/test_http_status.c
tests_unit_test_http_status_LDADD = $(unit_ldadd)
tests_unit_test_ipvs_SOURCES = tests/unit/test_ipvs.c
tests_unit_test_ipvs_LDADD = $(unit_ldadd)
# A kernel of its own making, in place of these calls.
tests_unit_test_nl_SOURCES = tests/unit/test_nl.c
tests_unit_test_nl_LDADD = $(unit_ldadd)
tests_unit_test_nl_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=genl_connect \
	-Wl,--wrap=genl_ctrl_resolve -Wl,--wrap=sendto -Wl,--wrap=recvmmsg \
	-Wl,--wrap=poll -Wl,--wrap=clock_gettime
tests_unit_test_listing_SOURCES = tests/unit/test_listing.c
tests_unit_test_listing_LDADD = $(unit_ldadd)
tests_unit_test_parser_SOURCES = tests/unit/test_parser.c
tests_unit_test_parser_LDADD = $(unit_ldadd)
tests_unit_test_parser_print_SOURCES = tests/unit/test_parser_print.c
tests_unit_test_parser_print_LDADD = $(unit_ldadd)
tests_unit_test_plan_SOURCES = tests/unit/test_plan.c $(plan_case)
tests_unit_test_plan_LDADD = $(unit_ldadd)
tests_unit_test_probe_SOURCES = tests/unit/test_probe.c
tests_unit_test_probe_LDADD = $(unit_ldadd)
tests_unit_test_raw_SOURCES = tests/unit/test_raw.c
tests_unit_test_raw_LDADD = $(unit_ldadd)
tests_unit_test_reconcile_SOURCES = tests/unit/test_reconcile.c $(plan_call)
tests_unit_test_reconcile_LDADD = $(unit_ldadd)
tests_unit_test_record_SOURCES = tests/unit/test_record.c tests/unit/record_case.h $(plan_case)
tests_unit_test_record_LDADD = $(unit_ldadd)
tests_unit_test_run_SOURCES = tests/unit/test_run.c
tests_unit_test_run_LDADD = $(unit_ldadd)
tests_unit_test_sockets_SOURCES = tests/unit/test_sockets.c
tests_unit_test_sockets_LDADD = $(unit_ldadd)
# A writer of its own making, in place of these calls.
tests_unit_test_statefile_SOURCES = tests/unit/test_statefile.c $(plan_call)
tests_unit_test_statefile_LDADD = $(unit_ldadd)
tests_unit_test_statefile_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=writer_start \
	-Wl,--wrap=ev_timer_start \
	-Wl,--wrap=writer_tell -Wl,--wrap=control_saved
tests_unit_test_turn_SOURCES = tests/unit/test_turn.c $(plan_call)
tests_unit_test_turn_LDADD = $(unit_ldadd)
tests_unit_test_serving_SOURCES = tests/unit/test_serving.c $(plan_case)
tests_unit_test_serving_LDADD = $(unit_ldadd)
tests_unit_test_wheel_SOURCES = tests/unit/test_wheel.c
tests_unit_test_wheel_LDADD = $(unit_ldadd)
tests_unit_test_writer_SOURCES = tests/unit/test_writer.c
tests_unit_test_writer_LDADD = $(unit_ldadd)
tests_unit_test_words_SOURCES = tests/unit/test_words.c src/lvsctl/words.c
tests_unit_test_words_LDADD = $(unit_ldadd)

# A journal in place of the kernel.
if IPSET
unit_tests += tests/unit/test_flow_order
tests_unit_test_flow_order_SOURCES = tests/unit/test_flow_order.c $(plan_call)
tests_unit_test_flow_order_LDADD = $(unit_ldadd)
tests_unit_test_flow_order_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=command_run \
	-Wl,--wrap=route_apply -Wl,--wrap=set_open -Wl,--wrap=set_close \
	-Wl,--wrap=set_error -Wl,--wrap=set_operations -Wl,--wrap=set_create \
	-Wl,--wrap=set_destroy -Wl,--wrap=set_add -Wl,--wrap=set_delete \
	-Wl,--wrap=set_commit -Wl,--wrap=set_names -Wl,--wrap=forwards_nothing
unit_tests += tests/unit/test_flow_look
tests_unit_test_flow_look_SOURCES = tests/unit/test_flow_look.c
tests_unit_test_flow_look_LDADD = $(unit_ldadd)
tests_unit_test_flow_look_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=clock_gettime \
	-Wl,--wrap=flow_new -Wl,--wrap=set_open -Wl,--wrap=set_close \
	-Wl,--wrap=set_operations -Wl,--wrap=set_read -Wl,--wrap=family_check \
	-Wl,--wrap=audit_rules_done
endif

if LVSWEB
unit_tests += tests/unit/test_web
tests_unit_test_web_SOURCES = tests/unit/test_web.c
tests_unit_test_web_LDADD = $(web_ldadd) $(CMOCKA_LIBS)
endif

lab_programs = \
	tests/lab/backend \
	tests/lab/flowmodel \
	tests/lab/hammer \
	tests/lab/hostile \
	tests/lab/ipvswait \
	tests/lab/monotime \
	tests/lab/scripted \
	tests/lab/visitor
tests_lab_backend_SOURCES = tests/lab/backend.c
tests_lab_backend_LDADD = liblib.a $(LIBBSD_LIBS)
tests_lab_flowmodel_SOURCES = tests/lab/flowmodel.c
tests_lab_flowmodel_LDADD = liblib.a $(LIBBSD_LIBS)
tests_lab_hammer_SOURCES = tests/lab/hammer.c
tests_lab_hammer_LDADD = liblib.a $(LIBBSD_LIBS)
tests_lab_hostile_SOURCES = tests/lab/hostile.c
tests_lab_hostile_LDADD = $(LIBBSD_LIBS)
tests_lab_ipvswait_SOURCES = tests/lab/ipvswait.c
tests_lab_ipvswait_LDADD = liblib.a $(LIBBSD_LIBS)
tests_lab_monotime_SOURCES = tests/lab/monotime.c
tests_lab_monotime_LDADD = liblib.a $(LIBBSD_LIBS)
tests_lab_scripted_SOURCES = tests/lab/scripted.c
tests_lab_scripted_LDADD = $(OPENSSL_LIBS) $(LIBBSD_LIBS)

tests_lab_visitor_SOURCES = tests/lab/visitor.c
tests_lab_visitor_LDADD = liblib.a $(LIBBSD_LIBS)

tests_bench_bench_parse_SOURCES = tests/bench/bench_parse.c
tests_bench_bench_parse_LDADD = libparser.a liblib.a $(LIBBSD_LIBS)

plan_tests = \
	tests/plan/test_cases \
	tests/plan/test_random
EXTRA_DIST += \
	tests/plan/change-in-place.txt \
	tests/plan/move.txt \
	tests/plan/replace.txt \
	tests/plan/sorry.txt \
	tests/plan/two-families.txt
# Random configurations, over a table in memory and in the lab's kernel.
plan_random = tests/plan/pair.c tests/plan/random.c tests/plan/random.h $(plan_call)
tests_plan_test_cases_SOURCES = tests/plan/test_cases.c $(plan_call)
tests_plan_test_cases_LDADD = $(unit_ldadd)
tests_plan_test_random_SOURCES = tests/plan/test_random.c $(plan_random)
tests_plan_test_random_LDADD = $(unit_ldadd)
tests_plan_random_kernel_SOURCES = tests/plan/random_kernel.c $(plan_random)
tests_plan_random_kernel_LDADD = $(unit_ldadd)
# Its operations alone take time.
tests_unit_test_cut_SOURCES = tests/unit/test_cut.c $(plan_random)
tests_unit_test_cut_LDADD = $(unit_ldadd)
tests_unit_test_cut_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=clock_gettime

tests_bench_bench_checks_SOURCES = tests/bench/bench_checks.c
tests_bench_bench_checks_LDADD = $(unit_ldadd)
tests_bench_first_byte_SOURCES = tests/bench/first_byte.c
tests_bench_until_ready_SOURCES = tests/bench/until_ready.c
tests_bench_bench_reaction_SOURCES = tests/bench/bench_reaction.c
tests_bench_bench_reaction_LDADD = $(LIBBSD_LIBS)
tests_bench_floor_SOURCES = tests/bench/floor.c
tests_bench_floor_LDADD = liblib.a $(LIBNL_LIBS) $(LIBBSD_LIBS)
tests_bench_bench_turn_SOURCES = tests/bench/bench_turn.c
tests_bench_bench_turn_LDADD = $(unit_ldadd)

check_PROGRAMS += $(unit_tests) $(plan_tests) $(lab_programs) tests/plan/random_kernel tests/bench/bench_parse \
	tests/bench/bench_checks tests/bench/bench_reaction tests/bench/bench_turn tests/bench/first_byte tests/bench/floor tests/bench/until_ready
TESTS += $(unit_tests) $(plan_tests)
