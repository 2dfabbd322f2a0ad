#!/bin/sh
# Plays `zmprov fc` in a drill. Its world is the folder it lies in:
#   calls         every call, one line each
#   flushed       every name whose cache was flushed, one per line
#   fail_flush    if it exists: a call with a name that matches this expression flushes nothing
#   slow_flush    if it exists: a call takes that many seconds; meanwhile `flushing` exists
set -eu
PATH=/usr/bin:/bin
LC_ALL=C
export PATH LC_ALL
here=${0%/*}

# Appends its input to a file in one piece, whatever other calls do. A call that died with the
# lock held is waited for in vain, once, and then passed over.
append() {
	tries=0
	until mkdir "$here/lock" 2>/dev/null || [ "$tries" -ge 200 ]; do
		tries=$((tries + 1))
		sleep 0.01
	done
	cat >>"$here/$1"
	rmdir "$here/lock" 2>/dev/null || :
}

printf '%s\n' "zmprov $*" | append calls

if [ "${1-}" != fc ]; then
	echo 'the drill only knows: fc' >&2
	exit 1
fi
shift
[ "${1-}" != -a ] || shift
# Without a name the whole cache would go.
if [ "${1-}" != account ] || [ "$#" -lt 2 ]; then
	echo 'usage: flushCache(fc) [-a] account NAME ...' >&2
	exit 1
fi
shift

if [ -e "$here/fail_flush" ] && printf '%s\n' "$@" | grep -E -q -f "$here/fail_flush"; then
	echo 'ERROR: service.FAILURE (system failure: cache is busy)' >&2
	exit 2
fi
if [ -e "$here/slow_flush" ]; then
	seconds=$(cat "$here/slow_flush")
	: >"$here/flushing"
	sleep "$seconds"
	rm -f "$here/flushing"
fi
printf '%s\n' "$@" | append flushed
