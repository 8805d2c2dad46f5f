#!/bin/sh
# Takes a picture of every view of keel-review with the demo archive, on a virtual display, without a GPU.
#
#   scripts/screenshots.sh PROGRAM OUT [WIDTH HEIGHT SCALE THEME]
#
# PROGRAM is the built keel-review, OUT a folder; the size is in pixels (1280 720 1), THEME is light or dark (light).
# Needs Xvfb, xdotool, ImageMagick and a software OpenGL (Debian: xvfb xdotool imagemagick libgl1-mesa-dri).
set -eu

program=$(realpath "$1")
mkdir -p "$2"
out=$(realpath "$2")
width=${3:-1280}
height=${4:-720}
scale=${5:-1}
theme=${6:-light}
wait=${SECONDS_PER_STEP:-4}
display=:$((100 + $$ % 800))
home=$(mktemp -d)

Xvfb "$display" -screen 0 "${width}x${height}x24" >/dev/null 2>&1 &
screen=$!
trap 'kill $screen ${window:-} 2>/dev/null || true; rm -r "$home"' EXIT
sleep 2
export DISPLAY="$display" LIBGL_ALWAYS_SOFTWARE=1 WINIT_X11_SCALE_FACTOR="$scale" HOME="$home"
cd "$(dirname "$0")/../testvectors/demo"
"$program" --trust-root trust-root.json borealis-research &
window=$!
sleep $((4 * wait))

id=$(xdotool search --name '^keel-review$' | tail -n 1)
xdotool windowmove "$id" 0 0 windowsize "$id" "$width" "$height" windowfocus "$id"
sleep "$wait"
if [ "$theme" = light ]; then
    # The program starts dark where the desktop names no theme; the button stands at the right end of the first line.
    xdotool mousemove $((width - 119 * scale)) $((16 * scale)) click 1
    sleep "$wait"
fi
xdotool mousemove $((width - 4)) $((height - 4))
number=0
for view in overview exceptions permits money timeline compare review report source; do
    number=$((number + 1))
    xdotool key --window "$id" "ctrl+$number"
    sleep "$wait"
    if [ "$view" = permits ]; then
        xdotool key --window "$id" Down Down
        sleep "$wait"
    fi
    import -window root -strip "$out/$view-$theme-$width.png"
done
