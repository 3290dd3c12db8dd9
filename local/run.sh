#!/bin/sh
# The way into every command: needs npm and nothing else. It installs the packages of the lockfiles, unless they are
# installed, and goes on with the Node that is one of them, since the machine's own may be too old to run TypeScript.
set -eu
checkout=$(cd "$(dirname "$0")/.." && pwd)
for package in "$checkout" "$checkout/services"; do
  if ! cmp -s "$package/package-lock.json" "$package/node_modules/.zeromq-stack-lock"; then
    echo "Installing the npm packages of ${package#"$checkout"/}" >&2
    npm ci --prefix "$package" --no-audit --no-fund --loglevel=error >&2
    cp "$package/package-lock.json" "$package/node_modules/.zeromq-stack-lock"
  fi
done
if [ ! -x "$checkout/node_modules/.bin/node" ]; then
  echo "npm did not install Node for this project: does its setting ignore-scripts forbid it?" >&2
  exit 1
fi
program=$1
shift
case $program in
  *.ts) exec "$checkout/node_modules/.bin/node" "$checkout/$program" "$@" ;;
  *) PATH="$checkout/node_modules/.bin:$PATH" exec "$checkout/node_modules/.bin/$program" "$@" ;;
esac
