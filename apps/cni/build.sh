#!/bin/sh
# Builds the CNI executable: `sh build.sh OUTPUT`. Static, so that it starts in well under a millisecond and runs on
# any host it is copied to.
set -eu
output=$1
cd "$(dirname "$0")"
mkdir -p "$(dirname "$output")"
exec "${CC:-clang}" -std=gnu11 -O2 -Wall -Wextra -Werror -static-pie -s c/*.c -o "$output"
