#!/bin/sh
# Plays a program that asks the hypervisor in a drill. Its world is the folder it lies in:
#   peer_runs     exists while the hypervisor sees the peer run
set -eu
here=${0%/*}

if [ -e "$here/peer_runs" ]; then
	echo 'running'
	exit 0
fi
echo 'powered off'
exit 1
