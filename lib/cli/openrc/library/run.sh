# Runs actions of a script: the last part, behind the functions. The arguments are the actions; _rc_settings reads the settings.

# _rc_source FILE
_rc_source() {
	. "$1" || {
		_rc_is_read=yes
		eerror "$RC_SVCNAME: error loading $1"
		exit 1
	}
}

# _rc_is_function NAME: to ask for the name in full takes a process, so it is done for what may be one.
_rc_is_function() {
	command -v "$1" >/dev/null && [ "$(command -v "$1")" = "$1" ]
}

_rc_must_be_booted() {
	[ ! -e "$RC_SVCDIR/softlevel" ] || return 0
	eerror "You are attempting to run an openrc service on a"
	eerror "system which openrc did not boot."
	eerror "You may be inside a chroot or you may have used"
	eerror "another initialization system to boot this system."
	eerror "In this situation, you will get unpredictable results!"
	eerror "If you really want to do this, issue the following command:"
	eerror "touch $RC_SVCDIR/softlevel"
	exit 1
}

# _rc_need_state STATE ACTION WORD...: an action that is among the words must find the service in a state.
_rc_need_state() {
	local state="$1" action="$2" word
	shift 2
	for word; do
		[ "$word" = "$action" ] || continue
		_rc_must_be_booted
		_rc_state
		[ "$_rc_is" = "$state" ] || {
			eerror "$RC_SVCNAME: cannot \`$action' as it has not been $state"
			exit 1
		}
	done
}

# _rc_need_files PHRASE TEST WORDS: the words are a shell's. Unquoted, their lines are words, and no commands.
_rc_need_files() {
	local phrase="$1" test="$2" file=
	# shellcheck disable=SC2086
	eval set -- $3
	for file; do
		[ -z "$file" ] || test "$test" "$file" || {
			eerror "$RC_SVCNAME: \`$file' is not $phrase"
			exit 1
		}
	done
}

# _rc_has_action ACTION WORD...
_rc_has_action() {
	local action="$1"
	shift
	while [ $# -gt 0 ]; do
		[ "$1" != "$action" ] || return 0
		shift
	done
	return 1
}

# A service that works in the background, as a network that is asked to come up, may have actions left out.
_rc_is_faked() {
	! _rc_yes "$IN_BACKGROUND" || ! _rc_has_action "$1" $in_background_fake || return 0
	return 1
}

_rc_act() {
	_rc_has_action "$1" describe start stop status $_rc_own_restart healthcheck unhealthy \
		$extra_commands $opts $extra_started_commands $extra_stopped_commands || {
		eerror "$RC_SVCNAME: unknown function \`$1'"
		exit 1
	}
	_rc_has_action "$1" describe start stop status || _rc_is_function "$1" || {
		eerror "$RC_SVCNAME: function \`$1' defined but does not exist"
		exit 1
	}
	! _rc_is_faked "$1" || return 0
	_rc_need_state started "$1" $extra_started_commands
	_rc_need_state stopped "$1" $extra_stopped_commands
	case $1 in
	start | stop | status) _rc_must_be_booted ;;
	esac
	[ "$1" != start ] || _rc_enter_group
	! _rc_is_function "$1_pre" || "$1_pre" || exit $?
	"$1" || exit $?
	! _rc_is_function "$1_post" || "$1_post" || exit $?
	[ "$1" != stop ] || _rc_leave_group
}

! _rc_yes "$RC_DEBUG" || set -x

# _rc_at_exit STATUS: tells of a script that ends the shell while it is read, where more than OpenRC says is wanted.
_rc_at_exit() {
	[ "$1" = 0 ] || [ -n "$_rc_is_read" ] || ! _rc_yes "$EINFO_VERBOSE" ||
		eerror "$RC_SVCNAME: $RC_SERVICE ends with status $1 while it is read: an \`exit' or an error at top level"
}

# A script may set another trap: this one is of no use any more then.
_rc_is_read=
trap '_rc_at_exit $?' EXIT
_rc_settings
_rc_source "$RC_SERVICE"
_rc_is_read=yes

! yesno "${rc_verbose:-$RC_VERBOSE}" || export EINFO_VERBOSE=yes

for _rc_action; do
	case $_rc_action in
	status | describe) continue ;;
	esac
	# shellcheck disable=SC2086 # several words
	[ -z "${rc_ulimit:-$RC_ULIMIT}" ] || ulimit ${rc_ulimit:-$RC_ULIMIT} ||
		eerror "$RC_SVCNAME: unable to apply RC_ULIMIT settings"
	break
done

[ -z "$required_dirs" ] || _rc_need_files 'a directory' -d "$required_dirs"
[ -z "$required_files" ] || _rc_need_files readable -r "$required_files"

if [ -n "$opts" ]; then
	ewarn "Use of the opts variable is deprecated and will be"
	ewarn "removed in the future."
	ewarn "Please use extra_commands, extra_started_commands or extra_stopped_commands."
fi

for _rc_action; do
	if [ "$_rc_action" = depend ]; then
		cd "${RC_SERVICE%/*}" || exit
		_rc_depend
		cd /
	else
		_rc_act "$_rc_action"
	fi
done

exit 0
