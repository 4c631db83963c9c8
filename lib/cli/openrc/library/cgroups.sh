# Control groups of version 2, for services whose settings ask for limits, or for an end of all their processes.

# Sets _rc_group to the directory of the service's group, which need not be there; false where there can be none.
_rc_find_group() {
	local place
	for place in /sys/fs/cgroup /sys/fs/cgroup/unified; do
		_rc_group=$place/openrc.$RC_SVCNAME
		[ ! -f "$place/cgroup.controllers" ] || return 0
	done
	return 1
}

# Has this shell, and with it all that the service starts, in the service's group, if the settings ask for one.
_rc_enter_group() {
	local name key value
	for name in blkio cpu cpuacct cpuset devices hugetlb memory net_cls net_prio pids; do
		eval "value=\$rc_cgroup_$name"
		[ -z "$value" ] || ewarn "$RC_SVCNAME: rc_cgroup_$name has no effect: say in rc_cgroup_settings what it is to do"
	done
	[ -n "$rc_cgroup_settings" ] || _rc_yes "$rc_cgroup_cleanup" || return 0
	_rc_find_group && mkdir -p "$_rc_group" 2>/dev/null || {
		ewarn "$RC_SVCNAME: no control group, and no limits: there are none of version 2 in /sys/fs/cgroup to write to"
		return 0
	}
	while read -r key value; do
		[ -z "$key" ] || _rc_write_group "$key" "$value" ||
			ewarn "$RC_SVCNAME: $key cannot be set to \`$value' in $_rc_group"
	done <<-END
		$rc_cgroup_settings
	END
	_rc_write_group cgroup.procs 0 || ewarn "$RC_SVCNAME: no limits: its processes cannot be moved to $_rc_group"
}

# _rc_write_group FILE VALUE: the controller of a file that is not there yet is switched on.
_rc_write_group() {
	case $1 in
	*/*) return 1 ;;
	esac
	{
		[ -e "$_rc_group/$1" ] || printf '+%s' "${1%%.*}" >"${_rc_group%/*}/cgroup.subtree_control"
		[ -e "$_rc_group/$1" ] && printf '%s' "$2" >"$_rc_group/$1"
	} 2>/dev/null
}

# Removes the service's group. What is left in it is ended before that, if the settings say so.
_rc_leave_group() {
	_rc_find_group && [ -d "$_rc_group" ] || return 0
	if _rc_yes "$rc_cgroup_cleanup"; then
		_rc_end_group "${stopsig:-TERM}" "${rc_timeout_stopsec:-90}" ||
			! _rc_yes "${rc_send_sigkill:-yes}" || _rc_end_group KILL 5
	fi
	rmdir "$_rc_group" 2>/dev/null || :
}

# _rc_end_group SIGNAL SECONDS: signals all in the group, and waits for their end. False where some go on.
_rc_end_group() {
	local pid left="$(($2 * 10))"
	while read -r pid; do
		kill -s "$1" "$pid" 2>/dev/null
	done <"$_rc_group/cgroup.procs"
	while _rc_has_processes; do
		[ "$left" -gt 0 ] || return 1
		sleep 0.1
		left=$((left - 1))
	done
}

_rc_has_processes() {
	local pid
	read -r pid <"$_rc_group/cgroup.procs"
}
