/* Once a minute a kind: the log must not make the trouble worse. */
#include "alarm.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "lib/log.h"
#include "lib/mono.h"

#define EVERY_US (60 * UINT64_C(1000000))

static bool is_time(uint64_t *told_us)
{
	uint64_t now_us = mono_us();

	if (*told_us != 0 && now_us - *told_us < EVERY_US)
		return false;
	*told_us = now_us;
	return true;
}

void alarm_local(struct alarms *a, const struct probe *p, enum reason reason, int code)
{
	char target[ADDR_TEXT_MAX];

	if (!is_time(&a->told_us[reason]))
		return;
	log_err("a check could not be made, %s%s%s; its servers stay as they are "
		"reason=%s code=%d address=%s",
	    reason_text(reason), code != 0 ? ": " : "", code != 0 ? strerror(code) : "",
	    reason_name(reason), code, addr_port_text(&p->addr, p->port, target));
}

void alarm_late(struct alarms *a, const struct checker_figures *f)
{
	if (is_time(&a->told_late_us))
		log_warnx(
		    "checks begin late, since as many as may be are under way: raise "
		    "the limit of open files, global checks max-in-flight, or the "
		    "intervals "
		    "max_in_flight=%" PRIu32 " late=%" PRIu64 " skipped=%" PRIu64,
		    f->max_in_flight, f->late, f->skipped);
}
