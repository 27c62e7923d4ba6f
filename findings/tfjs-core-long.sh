#!/usr/bin/env bash
# Compiling a program that uses @tensorflow/tfjs-core with `skipLibCheck: false`.
# One would guess that the types which its declarations need come with it: it depends on @types/long.
# Seen 2026-11-30: the declarations use Long without importing or referencing it, so that they hold only where every installed
# @types package is included. With a list of `types` (or with TypeScript 6, which includes none unless asked) "Cannot find name
# 'Long'" is reported twice, and goes away once "long" is in that list.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
printf '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund @tensorflow/tfjs-core@4.22.0 @types/node@20.19.43 typescript@5.9.3 next@npm:typescript@6.0.3
echo "import * as tf from '@tensorflow/tfjs-core'; console.log(tf.version_core);" > program.ts
faults() { node "node_modules/$1/bin/tsc" --noEmit --module nodenext --target es2022 --skipLibCheck false "${@:2}" program.ts | grep -c "name 'Long'" || true; }
five=$(faults typescript)
listed=$(faults typescript --types node,offscreencanvas,seedrandom)
six=$(faults next)
mended=$(faults next --types node,offscreencanvas,seedrandom,long)
echo "tfjs-core 4.22.0: TypeScript 5.9.3: $five; with types listed: $listed; TypeScript 6.0.3: $six; with long listed: $mended"
[ "$five $listed $six $mended" = "0 2 2 0" ]
