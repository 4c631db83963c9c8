/** The names of files that are ignored: those of version control, backups of editors, and leftovers of package managers. */

const IGNORED: readonly RegExp[] = [
  /^\./, // hidden: .git, .svn, ..data of a ConfigMap, .#lock
  /^(RCS|CVS|CVS\.adm|SCCS|BitKeeper|\{arch\}|_darcs)$/,
  /,v$/,
  /~$/,
  /\.(bak|BAK)$/,
  /^#.*#$/s,
  /\.sw[nop]$/,
  /\.dpkg-[^.]*$/,
  /\.rpm(save|orig|new)[^.]*$/,
  /;[0-9a-fA-F]{8}$/, // RPM's while it unpacks
];

/** True for the name (not a path) of a file or directory that Upstart ignores. */
export function isIgnoredName(name: string): boolean {
  return IGNORED.some((pattern) => pattern.test(name));
}
