#!/bin/sh
# Renders the page's sentences to DIR/zh and DIR/en by espeak-ng, and to Opus if opusenc is there
# (apt-get install espeak-ng opus-tools). A bank that records a person instead puts files of the same
# names there. Usage: sh device/touch/voice/render.sh DIR [WORDS]
set -eu
out=${1:?folder to write to}
words=${2:-$(dirname "$0")/../words}
command -v espeak-ng >/dev/null || { echo "render.sh: espeak-ng is missing: apt-get install espeak-ng" >&2; exit 1; }
for file in "$words"/*.json; do
	language=$(basename "$file" .json)
	case $language in zh) voice=cmn ;; *) voice=$language ;; esac
	mkdir -p "$out/$language"
	# One text a line is how the files are written; the bars are places to break it.
	sed -n 's/^ *"\(please\|chosen\|why\|question-[a-z0-9-]*\|level-[1-5]\)": "\(.*\)",*$/\1	\2/p' "$file" | tr -d '|' |
	while IFS='	' read -r key text; do
		wav=$out/$language/$key.wav
		espeak-ng -v "$voice" -s 150 -w "$wav" "$text"
		if command -v opusenc >/dev/null; then
			opusenc --quiet --bitrate 16 "$wav" "${wav%.wav}.opus"
			rm "$wav"
		fi
	done
	echo "$language: $(find "$out/$language" -type f | wc -l) sentences"
done
du -sk "$out" | cut -f1 | sed 's/$/ KB in all/'
