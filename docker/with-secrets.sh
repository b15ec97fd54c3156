#!/bin/sh
# Runs a command with the secrets of this container in its environment: a file NAME in one of the
# folders becomes the variable NAME. Nothing is printed. A file whose name cannot be a variable
# stops the start.
set -eu
for folder in ${SECRET_FOLDERS:-/run/secrets /run/tokens /run/mail}; do
  for file in "$folder"/*; do
    if [ -f "$file" ]; then
      export "$(basename "$file")=$(cat "$file")"
    fi
  done
done
exec "$@"
