#!/bin/sh
# install-cni.sh BIN_DIR CONF_DIR: puts the CNI executable and its configuration list onto the host. Each appears whole
# under its name or not at all, also where an older one is in use. The list comes last: the runtime calls what it names.
set -eu

# A name that begins with a dot and ends in none of .conf, .conflist, .json is nobody's configuration.
install_file() {
  new="$2/.$(basename "$1").new"
  cp "$1" "$new"
  chmod "$3" "$new"
  sync "$new"
  mv -f "$new" "$2/$(basename "$1")"
}

here="$(dirname "$0")"
install_file "$here/axoneme-cni" "$1" 755
install_file "$here/05-axoneme.conflist" "$2" 644
