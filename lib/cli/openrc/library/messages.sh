# OpenrcMessages. The shell prints them itself: none takes a process.
#
# rouse sets beforehand, if terminals have colours: _rc_good, _rc_warn, _rc_bad, _rc_bracket, _rc_normal, _rc_erase, _rc_up;
# and always _rc_columns, the width of the terminal.

# True for a variable's yes.
_rc_yes() {
	case $1 in
	[Yy] | [Yy][Ee][Ss] | [Tt][Rr][Uu][Ee] | [Oo][Nn] | 1) ;;
	*) return 1 ;;
	esac
}

# Colours are in use, so messages that are not ended need no newline: the next one goes on below.
if [ -t 1 ]; then
	case $EINFO_COLOR in
	[Nn] | [Nn][Oo] | [Ff][Aa][Ll][Ss][Ee] | [Oo][Ff][Ff] | 0) _rc_keeps_last=yes ;;
	*) _rc_keeps_last= ;;
	esac
else
	_rc_keeps_last=yes
fi

# _rc_last NAME [STATUS]: notes the last message, for this shell and what it runs.
_rc_last() {
	[ -z "$_rc_keeps_last" ] || export EINFO_LASTCMD="$1"
	return "${2:-0}"
}

# _rc_text COLOUR WORD...: a message without the end of its line; nothing where there are no words.
_rc_text() {
	local colour="$1" IFS=' '
	shift
	[ $# -gt 0 ] || return 1
	if [ -n "$_rc_normal" ] && [ -t 1 ]; then
		printf ' %s*%s %*s%s%s' "$colour" "$_rc_normal" "${EINFO_INDENT:-0}" '' "$*" "$_rc_erase"
	else
		case $EINFO_LASTCMD in
		ewarn) ;;
		*n) printf '\n' ;;
		esac
		printf ' * %*s%s' "${EINFO_INDENT:-0}" '' "$*"
	fi
}

# The same with the end.
_rc_line() {
	! _rc_text "$@" || printf '\n'
}

_rc_begin() {
	_rc_text "$_rc_good" "$@" || return 0
	printf ' ...'
	[ -z "$_rc_normal" ] || [ ! -t 1 ] || printf '\n'
}

# _rc_outcome STATUS USED: ok, or not, at the end of the line. USED is the width of a message that stands before it.
_rc_outcome() {
	local colour="$_rc_good" word=ok columns=80
	[ "$1" = 0 ] || { colour=$_rc_bad word='!!'; }
	[ ! -t 1 ] || columns=$_rc_columns
	case $COLUMNS in
	'' | *[!0-9]*) ;;
	*) columns=$COLUMNS ;;
	esac
	columns=$((columns - 7))
	if [ -n "$_rc_normal" ] && [ "$columns" -gt 0 ] && [ -t 1 ]; then
		printf '%s\033[%dG %s[%s %s %s]%s\n' "$_rc_up" $((columns + 1)) "$_rc_bracket" "$colour" "$word" \
			"$_rc_bracket" "$_rc_normal"
	else
		[ "$2" -gt 0 ] && [ "$columns" -gt "$2" ] && columns=$((columns - $2)) || columns=0
		printf '%*s [ %s ]\n' "$columns" '' "$word"
	fi
}

# _rc_end COLOUR STATUS [WORD...]: the outcome, and what is wrong where it is bad.
_rc_end() {
	local colour="$1" status="$2" IFS=' ' text
	shift 2
	text="$*"
	if [ "$status" = 0 ] || [ $# = 0 ]; then
		_rc_outcome "$status" 0
	else
		{
			_rc_line "$colour" "$text"
			_rc_outcome "$status" $((${#text} + ${EINFO_INDENT:-0} + 4))
		} >&2
	fi
}

# _rc_log LEVEL WORD...: to the system's log, where there is one.
_rc_log() {
	[ -S /dev/log ] && [ -n "$EINFO_LOG" ] && [ $# -gt 1 ] || return 0
	local level="$1"
	shift
	esyslog "daemon.$level" "$EINFO_LOG" "$*"
}

einfo() {
	_rc_yes "$EINFO_QUIET" || _rc_line "$_rc_good" "$@"
	_rc_last einfo
}

einfon() {
	_rc_yes "$EINFO_QUIET" || _rc_text "$_rc_good" "$@"
	_rc_last einfon
}

ewarn() {
	_rc_yes "$EINFO_QUIET" || {
		_rc_line "$_rc_warn" "$@" >&2
		_rc_log warning "$@"
	}
	_rc_last ewarn
}

ewarnn() {
	_rc_yes "$EINFO_QUIET" || _rc_text "$_rc_warn" "$@" >&2
	_rc_last ewarnn
}

eerror() {
	_rc_yes "$EERROR_QUIET" || {
		_rc_line "$_rc_bad" "$@" >&2
		_rc_log err "$@"
	}
	return 1
}

eerrorn() {
	_rc_yes "$EERROR_QUIET" || _rc_text "$_rc_bad" "$@" >&2
	return 1
}

ebegin() {
	_rc_yes "$EINFO_QUIET" || _rc_begin "$@"
	_rc_last ebegin
}

# A first word that is no number is part of the text, and then something is wrong.
eend() {
	local status=${1:-0}
	case ${status#-} in
	*[!0-9]*) status=1 ;;
	*) [ $# = 0 ] || shift ;;
	esac
	_rc_yes "$EINFO_QUIET" || _rc_end "$_rc_bad" "$status" "$@"
	_rc_last eend $((status & 255))
}

ewend() {
	local status=${1:-0}
	case ${status#-} in
	*[!0-9]*) status=1 ;;
	*) [ $# = 0 ] || shift ;;
	esac
	_rc_yes "$EINFO_QUIET" || _rc_end "$_rc_warn" "$status" "$@"
	_rc_last ewend $((status & 255))
}

eindent() {
	EINFO_INDENT=$((${EINFO_INDENT:-0} + 2))
	[ "$EINFO_INDENT" -le 40 ] || EINFO_INDENT=40
	export EINFO_INDENT
}

eoutdent() {
	EINFO_INDENT=$((${EINFO_INDENT:-0} - 2))
	[ "$EINFO_INDENT" -ge 0 ] || EINFO_INDENT=0
	return 0
}

# The same where the user wants to read more.

veinfo() {
	! _rc_yes "$EINFO_VERBOSE" || _rc_line "$_rc_good" "$@"
	_rc_last veinfo
}

veinfon() {
	! _rc_yes "$EINFO_VERBOSE" || _rc_text "$_rc_good" "$@"
}

# The end of its line goes to the output: so scripts know it, and on a terminal it is the same.
vewarn() {
	! _rc_yes "$EINFO_VERBOSE" || ! _rc_text "$_rc_warn" "$@" >&2 || printf '\n'
	_rc_last vewarn
}

vewarnn() {
	! _rc_yes "$EINFO_VERBOSE" || _rc_text "$_rc_warn" "$@" >&2
}

vebegin() {
	! _rc_yes "$EINFO_VERBOSE" || _rc_begin "$@"
	_rc_last vebegin
}

veend() {
	local status=${1:-0}
	case ${status#-} in
	*[!0-9]*) status=1 ;;
	*) [ $# = 0 ] || shift ;;
	esac
	! _rc_yes "$EINFO_VERBOSE" || _rc_end "$_rc_bad" "$status" "$@"
	_rc_last veend $((status & 255))
}

# Its first word is text, and it is never wrong: so scripts know it.
vewend() {
	! _rc_yes "$EINFO_VERBOSE" || _rc_outcome 0 0
	_rc_last vewend
}

# They change nothing for what comes after them: so scripts know them, too.
veindent() {
	:
}

veoutdent() {
	:
}

eval_ecolors() {
	printf "%s='%s'\n" GOOD "$_rc_good" WARN "$_rc_warn" BAD "$_rc_bad" HILITE "$_rc_hilite" \
		BRACKET "$_rc_bracket" NORMAL "$_rc_normal"
}

# Scripts use the colours by their names, where standard output has them.
if [ -t 1 ] && [ -n "$_rc_normal" ]; then
	GOOD=$_rc_good WARN=$_rc_warn BAD=$_rc_bad HILITE=$_rc_hilite BRACKET=$_rc_bracket NORMAL=$_rc_normal
fi
