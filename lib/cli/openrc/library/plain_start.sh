# Starting a daemon without start-stop-daemon, which takes longer than all else that a start does. It is for what most
# scripts ask: a program and a pid file that is not there yet, and nothing else.
#
# rouse sets beforehand: _rc_setsid, the path of util-linux's setsid, or nothing; and _rc_user and _rc_home.

# True where the variables of the script ask for no more than that.
_rc_is_plain() {
	[ -n "$_rc_setsid" ] || return 1
	[ -z "$chroot$directory$output_log$error_log$output_logger$error_logger$capabilities$secbits$no_new_privs" ] &&
		[ -z "$procname$command_user$umask$notify$start_stop_daemon_args$rc_start_wait" ] &&
		[ -z "$SSD_NICELEVEL$SSD_IONICELEVEL$SSD_OOM_SCORE_ADJ$SSD_STARTWAIT" ] || return 1
	! _rc_yes "$EINFO_VERBOSE" && ! _rc_yes "$EINFO_QUIET" || return 1
	case $command$pidfile in
	*[!A-Za-z0-9_./:@%+=,-]*) return 1 ;;
	esac
	case $command:$pidfile:$PATH: in
	*::* | *:/lib/rc/*) return 1 ;;
	/*:/*/*) ;;
	*) return 1 ;;
	esac
	[ ! -e "$pidfile" ] && [ ! -L "$pidfile" ] && [ ! -e "$RC_SVCDIR/daemons/$RC_SVCNAME" ] &&
		[ -f "$command" ] && [ -x "$command" ] && _rc_can_be_executed
}

# True for a program of the machine's, and for a script whose interpreter is there: what goes wrong with others is for
# start-stop-daemon to tell.
_rc_can_be_executed() {
	local head=
	IFS= read -r head <"$command" || :
	case $head in
	?ELF*) return 0 ;;
	'#!'*) ;;
	*) return 1 ;;
	esac
	head=${head#??}
	head=${head#"${head%%[! ]*}"}
	[ -x "${head%% *}" ]
}

# What a daemon inherits: of the variables of OpenRC only two.
_rc_as_daemon() {
	umask 022
	[ -n "${USER+set}" ] || export USER="$_rc_user"
	[ -n "${HOME+set}" ] || export HOME="$_rc_home"
	unset RC_BOOTLEVEL RC_CMD RC_DEBUG RC_DEFAULTLEVEL RC_GOINGDOWN RC_LIBEXECDIR RC_NODEPS RC_OPENRC_PID RC_PID \
		RC_REBOOT RC_RUNLEVEL RC_RUNSCRIPT_PID RC_SVCDIR RC_SYS RC_TMPDIR RC_UNAME RC_VERSION
	exec "$_rc_setsid" "$@"
}

# Becomes the daemon once its number is in the pid file. Its caller reads its output until then.
_rc_launcher='set -C; echo $$ >"$0" && exec "$@" >/dev/null'

# _rc_start_plain PROGRAM WORD...
_rc_start_plain() {
	if [ -z "$_rc_background" ]; then
		(_rc_as_daemon "$@") || {
			eerror "start-stop-daemon: failed to start \`$1'"
			return 1
		}
	else
		: "$(_rc_as_daemon -f /bin/sh -c "$_rc_launcher" "$pidfile" "$@" </dev/null 2>/dev/null)"
		[ -s "$pidfile" ] || {
			_rc_ssd_start
			return
		}
	fi
	_rc_note_daemon "$@"
}

# _rc_note_daemon PROGRAM WORD...: as the first daemon of the service. Its number, for plain_stop.sh, stands apart: the note
# has OpenRC's form.
_rc_note_daemon() {
	local directory="$RC_SVCDIR/daemons/$RC_SVCNAME" options="$RC_SVCDIR/options/$RC_SVCNAME" word number=0 pid=
	mkdir -p "$directory" "$options" || return 1
	if [ -n "$_rc_background" ] && read -r pid <"$pidfile"; then
		echo "$pid" >"$options/.started"
	fi
	{
		printf 'exec=%s\n' "$1"
		for word; do
			printf 'argv_%s=%s\n' "$number" "$word"
			number=$((number + 1))
		done
		printf 'pidfile=%s\n' "$pidfile"
	} >"$directory/001"
}
