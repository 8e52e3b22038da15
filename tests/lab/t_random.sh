# lab: -t 280
# t_random.sh: 200 random pairs of configurations and health against the kernel
# (tests/plan/random.h): what was planned is what it has, a second time there is
# nothing to do, no service is bare on the way. To see one of them again:
# tests/lab/lab -- env LVSD_SEED=1 LVSD_PAIRS=1 bash tests/lab/t_random.sh
. "$(dirname "$0")/test.sh"

lab_up 1
check "200 random pairs" ns director "$BUILDDIR/tests/plan/random_kernel"
printf '%s\n' "$tap_said" | grep '^# note'
finish
