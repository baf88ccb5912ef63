#!/bin/sh
# Makes Temporal's two databases and brings their tables to the version of this image. Once more does nothing. The user must
# be allowed to create databases, and the extension btree_gin in the second.
set -eu

: "${SQL_HOST:?}" "${SQL_USER:?}" "${SQL_PASSWORD:?}"
export SQL_PASSWORD

sql() {
  database=$1
  shift
  temporal-sql-tool --plugin postgres12 --ep "$SQL_HOST" -u "$SQL_USER" -p "${SQL_PORT:-5432}" --db "$database" "$@"
}

for schema in temporal visibility; do
  if [ "$schema" = temporal ]; then database=temporal; else database=temporal_visibility; fi
  sql "$database" create
  sql "$database" setup-schema -v 0.0
  sql "$database" update-schema -d "/etc/temporal/schema/postgresql/v12/$schema/versioned"
done
