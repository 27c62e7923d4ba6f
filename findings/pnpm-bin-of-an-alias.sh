#!/usr/bin/env bash
# One package at two versions side by side, the second under a name of its own: typescript 5.9.3, and next as npm:typescript@6.0.3.
# One would guess that with pnpm `tsc` is that of the package which is called typescript.
# Seen 2026-11-30: it is that of the higher version, whatever the names are, so that an entry which was added under another name to
# be out of the way changes what every script of the project runs; no message says so.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
printf '{"private":true}' > package.json
npm install --silent --no-audit --no-fund pnpm@10.34.8
pnpm=$work/node_modules/.bin/pnpm
seen() {
  rm -rf project; mkdir project; cd project
  printf '{"private":true,"dependencies":{"typescript":"%s","%s":"npm:typescript@%s"}}' "$@" > package.json
  printf 'packages: []\n' > pnpm-workspace.yaml
  "$pnpm" install --silent
  echo "pnpm 10.34.8: typescript $1 and $2 (typescript $3) -> tsc is $(node_modules/.bin/tsc --version)"
  node_modules/.bin/tsc --version | grep -q "Version 6.0.3"
  cd ..
}
seen 5.9.3 next 6.0.3
seen 5.9.3 typescript-next 6.0.3
seen 6.0.3 old-typescript 5.9.3
