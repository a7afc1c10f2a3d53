#!/usr/bin/env bash
# Runs our player beside the others in ../shared/bench, of which target/bench becomes a working copy with our package in it.
#   benches/page/run.sh --job startup --players ours,hls,rxw --streams hls_ts,dash_tl --nets 4g,hilat --reps 5
# Needs `cargo xtask build`, chromium, ffmpeg. The first run installs the other players and makes the media (minutes).
set -euo pipefail
cd "$(dirname "$0")/../.."
bench=target/bench
if [ ! -d $bench ]; then
  mkdir -p $bench && cp -r ../shared/bench/. $bench/ && chmod -R u+w $bench
  (cd $bench && npm install --no-fund --no-audit && node build-vendor.mjs)
fi
[ -s $bench/.media/index.json ] || (cd $bench && ./make-ladder.sh)
mkdir -p $bench/vendor/ours
cp pkg/player.js pkg/worker.js pkg/thalweg_bg.wasm $bench/vendor/ours/
cp benches/page/ours.html $bench/pages/
files="['player.js','worker.js','thalweg_bg.wasm'].map(f => [f, 'vendor/ours/' + f])"
sed -i "s#^  // ours:.*#  ours: { label: 'thalweg', page: 'ours.html', formats: ['hls','dash'], files: $files },#" $bench/players.mjs
cd $bench
node run.mjs "$@"
