#!/bin/sh
# Plays `carbonio` in a drill. Its world is the folder it lies in:
#   accounts      one line per account, "name host"
#   own           the host this node plays: where promoted accounts go
#   calls         every call, one line each
#   moved         every account that was moved, "name from to"
#   operations    promotions that moved something, "count from to"
#   module        whether the HA module runs: started or stopped
# Files that make it misbehave:
#   only_ha       it is older than the name MailReplica
#   fail_list     getAccountStatus cannot reach the server (and still exits 0)
#   fail_promote  promoteAccounts reports an error (and still exits 0)
#   partial       the next promotion moves only that many accounts
#   slow_promote  a promotion takes that many seconds; meanwhile `promoting` exists
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

refuse() {
	printf '%s\n' "$1"
	exit 1
}

# The accounts of a host, as JSON, behind a line of noise as some releases print it.
list() {
	if [ -e "$here/fail_list" ]; then
		echo 'Unable to communicate with server'
		exit 0
	fi
	echo 'Warning: this output is not meant for machines.'
	awk -v host="$1" -v own="$(cat "$here/own")" '
		BEGIN { printf "{\"ok\":true,\"response\":{\"values\":[" }
		$2 == host {
			id = sprintf("00000000-0000-4000-8000-%012d", NR)
			printf "%s\n{\"accountId\":\"%s\",\"accountName\":\"%s\",", sep, id, $1
			printf "\"accountMailHost\":\"%s\",\"paused\":false,\"mailboxId\":%d,", $2, NR
			printf "\"sequence\":%d,\"itemId\":7,\"replicas\":[{\"accountId\":\"%s\",", NR, id
			printf "\"itemId\":7,\"sequence\":%d,\"mailboxId\":%d,", NR, NR
			printf "\"destination\":\"%s\",\"available\":true,\"priority\":10,", own
			printf "\"canConnectToKafka\":true}]}"
			sep = ","
		}
		END { printf "]}}\n" }' "$here/accounts"
}

# Moves the accounts of a host to the own host, all at one moment.
promote() {
	if [ -e "$here/fail_promote" ]; then
		echo '{"ok":false,"error":{"message":"replica storage is not reachable"}}'
		exit 0
	fi
	if [ -e "$here/slow_promote" ]; then
		seconds=$(cat "$here/slow_promote")
		: >"$here/promoting"
		sleep "$seconds"
		rm -f "$here/promoting"
	fi
	most=-1
	if [ -e "$here/partial" ]; then
		most=$(cat "$here/partial")
		rm -f "$here/partial"
	fi
	own=$(cat "$here/own")
	: >"$here/moved.$$"
	awk -v host="$1" -v own="$own" -v most="$most" -v moved="$here/moved.$$" '
		$2 == host && (most < 0 || count < most) { count++; print $1, $2, own >moved; $2 = own }
		{ print }' "$here/accounts" >"$here/accounts.$$"
	mv "$here/accounts.$$" "$here/accounts"
	count=$(wc -l <"$here/moved.$$")
	append moved <"$here/moved.$$"
	rm -f "$here/moved.$$"
	[ "$count" -eq 0 ] || echo "$((count)) $1 $own" | append operations
	echo 'promotion finished'
}

printf '%s\n' "carbonio $*" | append calls

while [ "$#" -gt 0 ]; do
	case $1 in
	--json | --sync | --progress) shift ;;
	*) break ;;
	esac
done
[ "$#" -ge 2 ] || refuse 'usage: carbonio [--json] [--sync] MODULE COMMAND [NAME VALUE ...]'
module=$1 command=$2
shift 2

case $module in
core)
	[ "$command" = getAllOperations ] || refuse "No such command: $command"
	echo '{"ok":true,"response":{"operationList":[]}}'
	exit 0
	;;
ha) ;;
MailReplica | mailreplica)
	if [ -e "$here/only_ha" ]; then refuse "No such command: $module"; fi
	;;
*) refuse "No such command: $module" ;;
esac

case $command in
getAccountStatus)
	[ "$#" -eq 2 ] && [ "$1" = mailHost ] || refuse 'the drill only knows: mailHost HOST'
	list "$2"
	;;
promoteAccounts)
	# Bare, it would promote every account there is.
	[ "${1-}" = source_mail_host ] && [ -n "${2-}" ] || refuse 'a promotion of everything'
	promote "$2"
	;;
pauseReplicas | restartReplicas)
	[ "$#" -eq 2 ] && [ "$1" = accounts ] || refuse 'the drill only knows: accounts A,B'
	echo 'done'
	;;
doStopService | doStartService)
	[ "${1-}" = module ] || refuse 'the drill only knows: module'
	[ "$command" = doStopService ] && state=stopped || state=started
	echo "$state" >"$here/module"
	echo "service $state"
	;;
*) refuse "No such command: $command" ;;
esac
