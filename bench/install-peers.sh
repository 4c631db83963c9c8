#!/bin/sh
# Fetches the programs that `deno task bench` compares with, into one folder (dist/peers, or the argument), so that
# nothing of this machine is replaced, its own init above all. s6 alone is installed, if by root: its programs know
# each other by their paths. Needs apt-get and npm.
set -eu
folder=${1:-$(dirname "$0")/../dist/peers}
mkdir -p "$folder/packages" "$folder/root"
cd "$folder"

if command -v apt-get >/dev/null; then
  (
    cd packages
    apt-get -qq download supervisor python3-pkg-resources runit tini dumb-init
  )
  for package in packages/*.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar -x -C root
  done
  if [ "$(id -u)" = 0 ]; then
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends s6
  else
    echo "s6 is not installed, for that takes root" >&2
  fi
else
  echo "apt-get is not there: no supervisor, runit, s6, tini, dumb-init" >&2
fi

if command -v npm >/dev/null; then
  npm install --silent --no-audit --no-fund --prefix pm2 pm2@7
else
  echo "npm is not there: no pm2" >&2
fi
