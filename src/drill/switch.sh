#!/bin/sh
# Plays a BGP speaker's client in a drill. Its world is the folder it lies in:
#   switched      every call, one line each
#   fail_switch   the call that fails
#   slow_switch   seconds that each call takes
#   switching     exists while a call is under way
set -eu
here=${0%/*}

echo "$1" >>"$here/switched"
if [ -e "$here/slow_switch" ]; then
	: >"$here/switching"
	sleep "$(cat "$here/slow_switch")"
	rm -f "$here/switching"
fi
if [ -e "$here/fail_switch" ] && [ "$(cat "$here/fail_switch")" = "$1" ]; then
	echo 'vip: unknown protocol' >&2
	exit 1
fi
