#!/bin/sh
# Plays a fence in a drill: a command that makes sure that the old active cannot serve. Its world
# is the folder it lies in:
#   calls         every call, one line each
#   fail_fence    if it exists: it cannot make sure
set -eu
here=${0%/*}

echo fence >>"$here/calls"
if [ -e "$here/fail_fence" ]; then
	echo 'the power switch does not answer' >&2
	exit 1
fi
