#!/bin/sh
# Plays the service of a Consul server in a drill. Its world is the folder it lies in:
#   mesh          every call, one line each
#   mesh_starts   every start that went well: the agent has met nobody then
#   data/raft     its Raft folder; a peers.json in it is taken at the start, as Consul does
#   mesh_stopped  exists while the service is stopped
#   mesh_led      exists while the server leads
#   fail_mesh     the call that fails
#   fail_leader   exists while nobody is elected
#   slow_mesh     seconds that each call takes, or, with its name after them, one
#   working       exists while a call is under way
set -eu
here=${0%/*}

echo "$1" >>"$here/mesh"
if [ -e "$here/slow_mesh" ]; then
	read -r seconds only <"$here/slow_mesh" || :
	if [ "${only:-$1}" = "$1" ]; then
		: >"$here/working"
		trap 'rm -f "$here/working"' EXIT
		sleep "$seconds"
	fi
fi
if [ -e "$here/fail_mesh" ] && [ "$(cat "$here/fail_mesh")" = "$1" ]; then
	echo "service-discover: cannot $1" >&2
	exit 1
fi
case $1 in
stop)
	: >"$here/mesh_stopped"
	;;
start)
	if [ -e "$here/data/raft/peers.json" ]; then
		cat "$here/data/raft/peers.json" >>"$here/peers_taken"
		rm "$here/data/raft/peers.json"
		echo recovered >"$here/data/raft/raft.db"
	fi
	rm -f "$here/mesh_led"
	if [ ! -e "$here/fail_leader" ] && [ "$(cat "$here/data/raft/raft.db")" = recovered ]; then
		: >"$here/mesh_led"
	fi
	rm -f "$here/mesh_stopped"
	echo >>"$here/mesh_starts"
	;;
esac
