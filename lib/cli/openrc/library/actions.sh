# The actions of a script that has no functions of its own for them: see openrc-run(8).

describe() {
	local _rc_name _rc_said
	if [ -n "$description" ]; then
		einfo "$description"
	else
		ewarn "No description for $RC_SVCNAME"
	fi
	for _rc_name in $extra_commands $opts $extra_started_commands $extra_stopped_commands; do
		case $_rc_name in
		*[!A-Za-z0-9_]*) _rc_said= ;;
		*) eval "_rc_said=\$description_$_rc_name" ;;
		esac
		if [ -n "$_rc_said" ]; then
			einfo "$HILITE$_rc_name$NORMAL: $_rc_said"
		else
			ewarn "$HILITE$_rc_name$NORMAL: no description"
		fi
	done
}

# What supervises the service: `ssd` where that is start-stop-daemon, as it is with an unknown name.
_rc_supervisor() {
	case $supervisor in
	'') _rc_by=ssd ;;
	supervise-daemon) _rc_by=supervise ;;
	*)
		_rc_by=ssd
		ewarn "Invalid supervisor, \"$supervisor\", using start-stop-daemon"
		;;
	esac
}

default_start() {
	_rc_supervisor
	"${_rc_by}_start"
}

default_stop() {
	_rc_supervisor
	"${_rc_by}_stop"
}

default_status() {
	_rc_supervisor
	"${_rc_by}_status"
}

start() {
	default_start
}

stop() {
	default_stop
}

status() {
	default_status
}

ssd_start() {
	local _rc_background= _rc_was_inactive= _rc_status
	if [ -z "$command" ]; then
		ewarn "The command variable is undefined."
		ewarn "There is nothing for ${name:-$RC_SVCNAME} to start."
		ewarn "If this is what you intend, please write a start function."
		ewarn "This will become a failure in a future release."
		return 0
	fi
	ebegin "Starting ${name:-$RC_SVCNAME}"
	if yesno "$command_background"; then
		if [ -z "$pidfile" ]; then
			eend 1 "command_background option used but no pidfile specified"
			return 1
		fi
		if [ -n "$command_args_background" ]; then
			eend 1 "command_background used with command_args_background"
			return 1
		fi
		_rc_background="--background --make-pidfile"
	fi
	if yesno "$start_inactive"; then
		! service_inactive || _rc_was_inactive=yes
		mark_service_inactive
	fi
	# The words of the variables are a shell's, with its quotes. Unquoted, their lines are words, and no commands.
	if _rc_is_plain; then
		# shellcheck disable=SC2086
		eval _rc_start_plain $command $command_args $command_args_background
	else
		_rc_ssd_start
	fi
	_rc_status=$?
	if eend "$_rc_status" "Failed to start ${name:-$RC_SVCNAME}"; then
		service_set_value command "$command"
		[ -z "$chroot" ] || service_set_value chroot "$chroot"
		[ -z "$pidfile" ] || service_set_value pidfile "$pidfile"
		[ -z "$procname" ] || service_set_value procname "$procname"
		return 0
	fi
	! yesno "$start_inactive" || [ -n "$_rc_was_inactive" ] || mark_service_stopped
	return 1
}

_rc_ssd_start() {
	# shellcheck disable=SC2086,SC2090
	eval start-stop-daemon --start --exec $command \
		${chroot:+--chroot $chroot} \
		${directory:+--chdir $directory} \
		${output_log:+--stdout $output_log} \
		${error_log:+--stderr $error_log} \
		'${output_logger:+--stdout-logger "$output_logger"}' \
		'${error_logger:+--stderr-logger "$error_logger"}' \
		'${capabilities:+--capabilities "$capabilities"}' \
		'${secbits:+--secbits "$secbits"}' \
		${no_new_privs:+--no-new-privs} \
		${procname:+--name $procname} \
		${pidfile:+--pidfile $pidfile} \
		${command_user:+--user $command_user} \
		${umask:+--umask $umask} \
		'${notify:+--notify "$notify"}' \
		$_rc_background $start_stop_daemon_args \
		-- $command_args $command_args_background
}

# _rc_kept NAME: sets a variable to the value that it had when the service was started.
_rc_kept() {
	! _rc_read_value "$1" || [ -z "$_rc_value" ] || eval "$1=\$_rc_value"
}

ssd_stop() {
	local _rc_progress= _rc_pid=
	_rc_kept command
	_rc_kept chroot
	_rc_kept pidfile
	_rc_kept procname
	[ -n "$command$procname$pidfile" ] || {
		_rc_stop_noted
		return
	}
	! yesno "$command_progress" || _rc_progress=--progress
	ebegin "Stopping ${name:-$RC_SVCNAME}"
	if _rc_is_plain_stop; then
		_rc_stop_plain
	else
		_rc_ssd_stop
	fi
	eend $? "Failed to stop ${name:-$RC_SVCNAME}"
}

_rc_ssd_stop() {
	# shellcheck disable=SC2086 # words as a shell splits them
	start-stop-daemon --stop \
		${retry:+--retry} $retry \
		${command:+--exec} $command \
		${procname:+--name} $procname \
		${pidfile:+--pidfile} $chroot$pidfile \
		${stopsig:+--signal} $stopsig \
		$_rc_progress
}

# Stops what a start() of the script's own has started by start-stop-daemon, the last first. There may be nothing.
_rc_stop_noted() {
	local _rc_note _rc_notes= _rc_key _rc_text _rc_exec _rc_pidfile _rc_status=0
	for _rc_note in "$RC_SVCDIR/daemons/$RC_SVCNAME"/*; do
		[ ! -f "$_rc_note" ] || _rc_notes="${_rc_note##*/} $_rc_notes"
	done
	[ -n "$_rc_notes" ] || return 0
	ebegin "Stopping ${name:-$RC_SVCNAME}"
	for _rc_note in $_rc_notes; do
		_rc_exec= _rc_pidfile=
		while IFS='=' read -r _rc_key _rc_text; do
			case $_rc_key in
			exec) _rc_exec=$_rc_text ;;
			pidfile) _rc_pidfile=$_rc_text ;;
			esac
		done <"$RC_SVCDIR/daemons/$RC_SVCNAME/$_rc_note"
		# shellcheck disable=SC2086 # words as a shell splits them
		start-stop-daemon --stop ${retry:+--retry} $retry \
			${_rc_exec:+--exec "$_rc_exec"} ${_rc_pidfile:+--pidfile "$_rc_pidfile"} || _rc_status=1
	done
	eend "$_rc_status" "Failed to stop ${name:-$RC_SVCNAME}"
}

ssd_status() {
	_rc_tell_status
}

_rc_tell_status() {
	_rc_state
	case $_rc_is in
	stopping)
		ewarn "status: stopping"
		return 4
		;;
	starting)
		ewarn "status: starting"
		return 8
		;;
	inactive)
		ewarn "status: inactive"
		return 16
		;;
	esac
	if service_crashed; then
		if [ "$_rc_by" = supervise ] && _rc_read_value child_pid && _rc_read_value start_time; then
			eerror "status: unsupervised"
			return 64
		fi
		eerror "status: crashed"
		return 32
	fi
	einfo "status: $_rc_is"
	[ "$_rc_is" = started ] || return 3
}

supervise_start() {
	local _rc_status
	if [ -z "$command" ]; then
		ewarn "The command variable is undefined."
		ewarn "There is nothing for ${name:-$RC_SVCNAME} to start."
		return 1
	fi
	ebegin "Starting ${name:-$RC_SVCNAME}"
	# shellcheck disable=SC2086,SC2090
	eval supervise-daemon '"$RC_SVCNAME"' --start \
		${retry:+--retry $retry} \
		${directory:+--chdir $directory} \
		${chroot:+--chroot $chroot} \
		${output_log:+--stdout $output_log} \
		${error_log:+--stderr $error_log} \
		${pidfile:+--pidfile $pidfile} \
		${respawn_delay:+--respawn-delay $respawn_delay} \
		${respawn_max:+--respawn-max $respawn_max} \
		${respawn_period:+--respawn-period $respawn_period} \
		${healthcheck_delay:+--healthcheck-delay $healthcheck_delay} \
		${healthcheck_timer:+--healthcheck-timer $healthcheck_timer} \
		'${capabilities:+--capabilities "$capabilities"}' \
		'${secbits:+--secbits "$secbits"}' \
		${no_new_privs:+--no-new-privs} \
		${command_user:+--user $command_user} \
		${umask:+--umask $umask} \
		'${notify:+--notify "$notify"}' \
		${supervise_daemon_args:-$start_stop_daemon_args} \
		$command -- $command_args $command_args_foreground
	_rc_status=$?
	if [ "$_rc_status" = 0 ]; then
		[ -z "$chroot" ] || service_set_value chroot "$chroot"
		[ -z "$pidfile" ] || service_set_value pidfile "$pidfile"
	fi
	eend "$_rc_status" "failed to start ${name:-$RC_SVCNAME}"
}

supervise_stop() {
	_rc_kept chroot
	_rc_kept pidfile
	ebegin "Stopping ${name:-$RC_SVCNAME}"
	# shellcheck disable=SC2086 # words as a shell splits them
	supervise-daemon "$RC_SVCNAME" --stop ${pidfile:+--pidfile} $chroot$pidfile
	eend $? "Failed to stop ${name:-$RC_SVCNAME}"
}

supervise_status() {
	_rc_tell_status
}

# What supervise-daemon asks of time to time, and does where it is not well.

healthcheck() {
	:
}

unhealthy() {
	:
}
