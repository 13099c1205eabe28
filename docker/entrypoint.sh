#!/bin/sh
# Makes the data folder on the first start, reads the database's password from a file, and hands over.
set -eu

if [ -n "${PGPASSWORD_FILE:-}" ]; then
  PGPASSWORD="$(cat "$PGPASSWORD_FILE")"
  export PGPASSWORD
  unset PGPASSWORD_FILE
fi

# A folder that was begun and not finished is not touched: the connector says what it lacks.
if [ ! -e "$CONCORDAT_DATA/concordat.json" ]; then
  node --disable-warning=ExperimentalWarning "${CONCORDAT_HOME:-/app}/src/main.ts" init --data "$CONCORDAT_DATA"
fi

exec "$@"
