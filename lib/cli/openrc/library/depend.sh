# The words of depend(), for the action of that name: each is printed as it is said.

config() {
	[ -z "$*" ] || printf '%s\n' "config $*"
}

need() {
	[ -z "$*" ] || printf '%s\n' "need $*"
}

use() {
	[ -z "$*" ] || printf '%s\n' "use $*"
}

want() {
	[ -z "$*" ] || printf '%s\n' "want $*"
}

before() {
	[ -z "$*" ] || printf '%s\n' "before $*"
}

after() {
	[ -z "$*" ] || printf '%s\n' "after $*"
}

provide() {
	[ -z "$*" ] || printf '%s\n' "provide $*"
}

# `-containers` stands for all kinds of them.
keyword() {
	local word kind all=
	# shellcheck disable=SC2048 # a word of several is several
	for word in $*; do
		case $word in
		-containers | !-containers)
			for kind in docker lxc openvz rkt systemd-nspawn uml vserver; do
				all="$all${word%containers}$kind "
			done
			;;
		*) all="$all$word " ;;
		esac
	done
	[ -z "$all" ] || printf '%s\n' "keyword $all"
}

# _rc_override WORD WORD_IN_CAPITALS: what a file of settings says beside depend().
_rc_override() {
	eval "$1 \${rc_${_rc_variable}_$1:-\${rc_$1:-\${RC_${_rc_variable}_$2:-\${RC_$2}}}}"
}

_rc_depend() {
	local _rc_variable
	depend
	_rc_variable=$(shell_var "$RC_SVCNAME")
	_rc_override config CONFIG
	_rc_override need NEED
	_rc_override use USE
	_rc_override want WANT
	_rc_override after AFTER
	_rc_override before BEFORE
	_rc_override provide PROVIDE
	_rc_override keyword KEYWORD
}
