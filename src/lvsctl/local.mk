sbin_PROGRAMS += lvsctl
lvsctl_SOURCES = \
	src/lvsctl/ask.c \
	src/lvsctl/call.c \
	src/lvsctl/command.c \
	src/lvsctl/doctor.c src/lvsctl/doctor.h \
	src/lvsctl/doctor_flow.c \
	src/lvsctl/doctor_kernel.c \
	src/lvsctl/doctor_network.c \
	src/lvsctl/doctor_others.c \
	src/lvsctl/doctor_route.c \
	src/lvsctl/drain.c \
	src/lvsctl/events.c \
	src/lvsctl/explain.c \
	src/lvsctl/import.c src/lvsctl/import.h \
	src/lvsctl/import_brace.c \
	src/lvsctl/import_ipvsadm.c src/lvsctl/import_ipvsadm.h \
	src/lvsctl/import_ipvsadm_command.c \
	src/lvsctl/import_keepalived.c \
	src/lvsctl/import_keepalived_check.c \
	src/lvsctl/import_keepalived_virtual.c \
	src/lvsctl/import_match.c \
	src/lvsctl/import_ldirectord.c src/lvsctl/import_ldirectord.h \
	src/lvsctl/import_ldirectord_check.c \
	src/lvsctl/import_ldirectord_virtual.c \
	src/lvsctl/import_name.c \
	src/lvsctl/import_prove.c \
	src/lvsctl/import_settle.c \
	src/lvsctl/import_text.c \
	src/lvsctl/import_write.c \
	src/lvsctl/incoming.c src/lvsctl/incoming.h \
	src/lvsctl/lvsctl.h \
	src/lvsctl/main.c \
	src/lvsctl/plan.c \
	src/lvsctl/progress.c src/lvsctl/progress.h \
	src/lvsctl/rollout.c src/lvsctl/rollout.h \
	src/lvsctl/rollout_run.c \
	src/lvsctl/rollout_wait.c \
	src/lvsctl/status.c src/lvsctl/status.h \
	src/lvsctl/status_director.c \
	src/lvsctl/status_main.c \
	src/lvsctl/top.c src/lvsctl/top.h \
	src/lvsctl/top_page.c \
	src/lvsctl/words.c src/lvsctl/words.h
lvsctl_LDADD = libparser.a liblib.a $(LIBNL_LIBS) $(JANSSON_LIBS) $(LIBBSD_LIBS)
