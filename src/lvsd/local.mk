sbin_PROGRAMS += lvsd
# What the daemon is made of, but main.c: the unit tests link it too.
noinst_LIBRARIES += libdaemon.a
libdaemon_a_SOURCES = \
	src/lvsd/agents.c src/lvsd/agents.h \
	src/lvsd/aside.c src/lvsd/aside.h \
	src/lvsd/audit.c src/lvsd/audit.h \
	src/lvsd/carry.c src/lvsd/carry.h \
	src/lvsd/children.c src/lvsd/children.h \
	src/lvsd/client.c src/lvsd/client.h \
	src/lvsd/confirm.c src/lvsd/confirm.h \
	src/lvsd/counts.c src/lvsd/counts.h \
	src/lvsd/control.c src/lvsd/control.h \
	src/lvsd/daemon.c src/lvsd/daemon.h \
	src/lvsd/decide.c src/lvsd/decide.h \
	src/lvsd/events.c src/lvsd/events.h \
	src/lvsd/explain.c src/lvsd/explain.h \
	src/lvsd/explain_server.c src/lvsd/explain_server.h \
	src/lvsd/job.c src/lvsd/job.h \
	src/lvsd/keeping.c src/lvsd/keeping.h \
	src/lvsd/large.c src/lvsd/large.h \
	src/lvsd/lvsd.h \
	src/lvsd/marking.c src/lvsd/marking.h \
	src/lvsd/newfile.c src/lvsd/newfile.h \
	src/lvsd/notify.c src/lvsd/notify.h \
	src/lvsd/own.c src/lvsd/own.h \
	src/lvsd/pace.c src/lvsd/pace.h \
	src/lvsd/path.c src/lvsd/path.h \
	src/lvsd/pieces.c src/lvsd/pieces.h \
	src/lvsd/plan.c src/lvsd/plan.h \
	src/lvsd/run.c src/lvsd/run.h \
	src/lvsd/service.c src/lvsd/service.h \
	src/lvsd/serving.c src/lvsd/serving.h \
	src/lvsd/preview.c src/lvsd/preview.h \
	src/lvsd/programs.c src/lvsd/programs.h \
	src/lvsd/reconcile.c src/lvsd/reconcile.h \
	src/lvsd/put.c src/lvsd/put.h \
	src/lvsd/record.c src/lvsd/record.h \
	src/lvsd/record_read.c \
	src/lvsd/reload.c src/lvsd/reload.h \
	src/lvsd/reply.h \
	src/lvsd/request.c src/lvsd/request.h \
	src/lvsd/settings.c src/lvsd/settings.h \
	src/lvsd/show.c src/lvsd/show.h \
	src/lvsd/state.c src/lvsd/state.h \
	src/lvsd/statefile.c src/lvsd/statefile.h \
	src/lvsd/status.c src/lvsd/status.h \
	src/lvsd/status_brief.c src/lvsd/status_brief.h \
	src/lvsd/status_director.c src/lvsd/status_director.h \
	src/lvsd/status_server.c src/lvsd/status_server.h \
	src/lvsd/status_totals.c src/lvsd/status_totals.h \
	src/lvsd/sync.c src/lvsd/sync.h \
	src/lvsd/table.c src/lvsd/table.h \
	src/lvsd/tick.c src/lvsd/tick.h \
	src/lvsd/turn.c src/lvsd/turn.h \
	src/lvsd/user.c src/lvsd/user.h \
	src/lvsd/writer.c src/lvsd/writer.h
lvsd_SOURCES = src/lvsd/main.c
lvsd_LDADD = libdaemon.a libcheck.a libflow.a libipvs.a libparser.a liblib.a \
	$(LIBNL_LIBS) $(LIBEV_LIBS) $(LIBBSD_LIBS) $(CAPNG_LIBS) \
	$(JANSSON_LIBS) $(IPSET_LIBS) $(ROUTE_LIBS)
