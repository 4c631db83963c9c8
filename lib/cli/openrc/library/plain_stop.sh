# Stopping a daemon without start-stop-daemon, which takes longer than all else that a stop does. It is for those that
# plain_start.sh starts in the background: one note, and a pid file of this machine's own in a place where only root writes,
# which names the process that was started. Whether another one is believed, start-stop-daemon decides.

# True where the variables of the script ask for no more than a signal and the usual wait. Sets _rc_pid.
_rc_is_plain_stop() {
	local _rc_note="$RC_SVCDIR/daemons/$RC_SVCNAME/001" _rc_key _rc_text _rc_noted= _rc_started=
	local _rc_begun="$RC_SVCDIR/options/$RC_SVCNAME/.started"
	[ -n "$_rc_setsid" ] && yesno "$command_background" && command -v sleep >/dev/null || return 1
	[ -z "$chroot$procname$retry$stopsig$_rc_progress" ] || return 1
	! _rc_yes "$EINFO_VERBOSE" && ! _rc_yes "$EINFO_QUIET" || return 1
	case $command$pidfile in
	*[!A-Za-z0-9_./:@%+=,-]*) return 1 ;;
	esac
	case $pidfile in
	/run/*/*) return 1 ;;
	/run/?*) ;;
	*) return 1 ;;
	esac
	case $command in
	/*) ;;
	*) return 1 ;;
	esac
	case :$PATH: in
	*::* | *:/lib/rc/*) return 1 ;;
	esac
	[ -f "$_rc_note" ] && [ ! -e "${_rc_note%1}2" ] || return 1
	[ -O /run ] && [ -f "$pidfile" ] && [ ! -L "$pidfile" ] && [ -O "$pidfile" ] || return 1
	while IFS='=' read -r _rc_key _rc_text; do
		case $_rc_key in
		exec | pidfile) _rc_noted=$_rc_noted:$_rc_text ;;
		esac
	done <"$_rc_note"
	[ "$_rc_noted" = ":$command:$pidfile" ] && read -r _rc_pid <"$pidfile" || return 1
	case $_rc_pid in
	'' | *[!0-9]* | 0* | 1) return 1 ;;
	esac
	[ -f "$_rc_begun" ] && read -r _rc_started <"$_rc_begun" && [ "$_rc_pid" = "$_rc_started" ] || return 1
	# The number may have passed on: no other program gets the signal.
	[ "/proc/$_rc_pid/exe" -ef "$command" ]
}

# _rc_await_end FILE TIMES...: sleeps so long until a file of a process is gone; false where it is not.
_rc_await_end() {
	local file="$1" time
	shift
	for time; do
		[ -e "$file" ] || return 0
		sleep "$time"
	done
	[ ! -e "$file" ]
}

_rc_stop_plain() {
	local tenths='0.1 0.1 0.1 0.1 0.1 0.1 0.1 0.1 0.1 0.1'
	kill -TERM "$_rc_pid" 2>/dev/null || {
		_rc_ssd_stop
		return
	}
	# One that has ended has no program any more.
	# shellcheck disable=SC2086 # a word each
	_rc_await_end "/proc/$_rc_pid/exe" 0.01 0.01 0.02 0.02 0.04 $tenths $tenths $tenths $tenths $tenths || {
		eerror "start-stop-daemon: 1 process refused to stop"
		return 1
	}
	# Whoever asks for its number then is to find nothing. How long its parent takes to see the end is not known.
	_rc_await_end "/proc/$_rc_pid" 0.01 0.01 0.02 0.02 0.04 0.1 0.1 0.1 0.1 || :
	rm -f "$pidfile" "$RC_SVCDIR/daemons/$RC_SVCNAME/001"
}
