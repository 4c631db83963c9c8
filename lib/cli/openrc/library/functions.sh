# What scripts ask and do beside messages and states.

# True for yes, true, on and 1; a value, or the name of a variable that has one.
yesno() {
	[ -n "$1" ] || return 1
	case $1 in
	[Yy][Ee][Ss] | [Tt][Rr][Uu][Ee] | [Oo][Nn] | 1) return 0 ;;
	[Nn][Oo] | [Ff][Aa][Ll][Ss][Ee] | [Oo][Ff][Ff] | 0) return 1 ;;
	*[!A-Za-z0-9_]* | [0-9]*) local value= ;;
	*) eval "local value=\"\$$1\"" ;;
	esac
	case $value in
	[Yy][Ee][Ss] | [Tt][Rr][Uu][Ee] | [Oo][Nn] | 1) return 0 ;;
	[Nn][Oo] | [Ff][Aa][Ll][Ss][Ee] | [Oo][Ff][Ff] | 0) return 1 ;;
	esac
	vewarn "\$$1 is not set properly"
	return 2
}

rc_runlevel() {
	local level=
	[ ! -r "$RC_SVCDIR/softlevel" ] || read -r level <"$RC_SVCDIR/softlevel" || :
	printf '%s\n' "${level:-sysinit}"
}

# shell_var WORD...: the words with an underscore for each character that a variable's name cannot have.
shell_var() {
	local rest done= first between=
	for rest; do
		done=$done$between between=' '
		while [ -n "$rest" ]; do
			first=${rest%"${rest#?}"}
			case $first in
			[A-Za-z0-9]) done=$done$first ;;
			*) done=${done}_ ;;
			esac
			rest=${rest#?}
		done
	done
	printf '%s\n' "$done"
}

_rc_command_line() {
	_rc_words=
	[ -r /proc/cmdline ] && read -r _rc_words </proc/cmdline
}

# get_bootparam NAME: true where the kernel's command line has the word, or `gentoo=` names it.
get_bootparam() {
	local word names IFS
	[ -n "$1" ] || return 1
	_rc_command_line || return 1
	for word in $_rc_words; do
		[ "$word" != "$1" ] || return 0
		case $word in
		gentoo=*)
			names=,${word#gentoo=},
			case $names in
			*",$1,"*) return 0 ;;
			esac
			;;
		esac
	done
	return 1
}

# get_bootparam_value NAME [first|last|all [SEPARATOR]]
get_bootparam_value() {
	local word value= found=
	if [ -n "$1" ] && _rc_command_line; then
		for word in $_rc_words; do
			case $word in
			"$1"=*) ;;
			*) continue ;;
			esac
			value=${word##*=}
			case $2 in
			all) found=$found${found:+${3:- }}$value ;;
			last) found=$value ;;
			*) found=${found:-$value} ;;
			esac
		done
	fi
	printf '%s\n' "$found"
}

# is_net_fs MOUNTPOINT
is_net_fs() {
	local type known
	[ -n "$1" ] || return 1
	! mountinfo --quiet --netdev "$1" || return 0
	! mountinfo --quiet --nonetdev "$1" || return 1
	type=$(mountinfo --fstype "$1")
	for known in afs ceph cifs coda davfs fuse fuse.sshfs gfs glusterfs lustre ncpfs nfs nfs4 ocfs2 shfs smbfs \
		$extra_net_fs_list; do
		[ "$known" != "$type" ] || return 0
	done
	return 1
}

is_union_fs() {
	[ -x /sbin/unionctl ] || return 1
	unionctl "$1" --list >/dev/null 2>&1
}

# ewaitfile SECONDS FILE...: waits until files are there; 0 seconds are any number.
ewaitfile() {
	local left
	case $1 in
	'' | *[!0-9]*)
		eerror "ewaitfile: invalid timeout"
		return
		;;
	esac
	[ $# -gt 1 ] || {
		eerror "ewaitfile: not enough arguments"
		return
	}
	local limit="$1" file
	left=$(($1 * 10))
	shift
	for file; do
		vebegin "Waiting for $file"
		until [ -e "$file" ]; do
			if [ "$limit" -gt 0 ] && [ "$left" -le 0 ]; then
				veend 1 "timed out waiting for $file"
				return
			fi
			sleep 0.1
			left=$((left - 1))
		done
		veend 0
	done
}

checkpath() {
	_rc_rouse checkpath "$@"
}

fstabinfo() {
	_rc_rouse fstabinfo "$@"
}

mountinfo() {
	_rc_rouse mountinfo "$@"
}

is_newer_than() {
	_rc_rouse is_newer_than "$@"
}

is_older_than() {
	_rc_rouse is_older_than "$@"
}

# esyslog FACILITY.LEVEL TAG WORD...
esyslog() {
	[ $# -gt 0 ] || return 0
	_rc_rouse esyslog "$@"
}

# need_if_exists SERVICE...: needs those that there are.
need_if_exists() {
	local name directory
	for name; do
		for directory in "$RC_SVCDIR/started" "${RC_SERVICE%/*}" /usr/local/etc/init.d /etc/init.d; do
			[ ! -x "$directory/$name" ] || {
				need "$name"
				break
			}
		done
	done
}
