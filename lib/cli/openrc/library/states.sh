# The states of services, as files say: see lib/config/openrc/states.ts. To ask takes no process.

# _rc_state [SERVICE]: sets _rc_is to what a service is doing. A state that stands later counts.
_rc_state() {
	local state
	_rc_is=stopped
	for state in started starting stopping inactive; do
		[ ! -L "$RC_SVCDIR/$state/${1:-$RC_SVCNAME}" ] || _rc_is=$state
	done
}

# _rc_is_in STATE CALLER [SERVICE]
_rc_is_in() {
	_rc_named "$2" "$3" || return
	_rc_state "$3"
	[ "$_rc_is" = "$1" ]
}

# _rc_named CALLER [SERVICE]: false, and says so, where no service is meant.
_rc_named() {
	[ -n "${2:-$RC_SVCNAME}" ] || eerror "$1: no service specified"
}

service_started() {
	_rc_is_in started service_started "$1"
}

service_stopped() {
	_rc_is_in stopped service_stopped "$1"
}

service_starting() {
	_rc_is_in starting service_starting "$1"
}

service_stopping() {
	_rc_is_in stopping service_stopping "$1"
}

service_inactive() {
	_rc_is_in inactive service_inactive "$1"
}

service_wasinactive() {
	[ -L "$RC_SVCDIR/wasinactive/${1:-$RC_SVCNAME}" ]
}

service_hotplugged() {
	[ -L "$RC_SVCDIR/hotplugged/${1:-$RC_SVCNAME}" ]
}

service_failed() {
	[ -L "$RC_SVCDIR/failed/${1:-$RC_SVCNAME}" ]
}

service_scheduled() {
	local other
	service_stopped "$1" || return
	for other in "$RC_SVCDIR"/scheduled/*/"${1:-$RC_SVCNAME}"; do
		[ ! -L "$other" ] || return 0
	done
	return 1
}

# Only a service that has noted its daemons can have lost one.
service_crashed() {
	local file
	for file in "$RC_SVCDIR/daemons/${1:-$RC_SVCNAME}"/*; do
		[ ! -e "$file" ] || {
			_rc_rouse service_crashed "${1:-$RC_SVCNAME}"
			return
		}
	done
	return 1
}

service_started_daemon() {
	_rc_rouse service_started_daemon "$@"
}

mark_service_started() {
	_rc_rouse mark_service_started "$@"
}

mark_service_stopped() {
	_rc_rouse mark_service_stopped "$@"
}

mark_service_starting() {
	_rc_rouse mark_service_starting "$@"
}

mark_service_stopping() {
	_rc_rouse mark_service_stopping "$@"
}

mark_service_inactive() {
	_rc_rouse mark_service_inactive "$@"
}

mark_service_hotplugged() {
	_rc_rouse mark_service_hotplugged "$@"
}

mark_service_failed() {
	_rc_rouse mark_service_failed "$@"
}

# Values that a service keeps until it is stopped.

service_get_value() {
	_rc_get_value service_get_value "$@"
}

service_set_value() {
	_rc_set_value service_set_value "$@"
}

get_options() {
	_rc_get_value get_options "$@"
}

save_options() {
	_rc_set_value save_options "$@"
}

# _rc_read_value NAME: sets _rc_value; false where there is no such value.
_rc_read_value() {
	local line=
	_rc_value=
	[ -f "$RC_SVCDIR/options/$RC_SVCNAME/$1" ] || return 1
	while IFS= read -r line; do
		_rc_value="$_rc_value$line
"
	done <"$RC_SVCDIR/options/$RC_SVCNAME/$1"
	_rc_value=$_rc_value$line
}

_rc_get_value() {
	[ -n "$2" ] || {
		eerror "$1: no option specified"
		return
	}
	_rc_read_value "$2" && printf '%s' "$_rc_value"
}

# A value appears whole: a file is made anew, or replaced by another.
_rc_set_value() {
	local directory="$RC_SVCDIR/options/$RC_SVCNAME"
	[ -n "$2" ] || {
		eerror "$1: no option specified"
		return
	}
	[ -d "$directory" ] || mkdir -p "$directory" || return 1
	if [ $# -lt 3 ]; then
		rm -f "$directory/$2"
	elif [ -e "$directory/$2" ] || [ -L "$directory/$2" ]; then
		printf '%s' "$3" >"$directory/.$2.$$" && mv -f "$directory/.$2.$$" "$directory/$2"
	else
		case $- in
		*C*) printf '%s' "$3" >"$directory/$2" ;;
		*)
			set -C
			printf '%s' "$3" >"$directory/$2"
			local status=$?
			set +C
			return "$status"
			;;
		esac
	fi
}
