#!/bin/sh
# PgBouncer's list of users, from the passwords of the services' roles. Whole or not at all.
set -eu

umask 077
for role in dashboard_backend cursor_integration github_integration notification; do
  printf '"%s" "%s"\n' "$role" "$(cat "/run/quantapilot/secrets/${role}_database_password")"
done >/users/.unfinished
chown 70:70 /users/.unfinished /users
mv /users/.unfinished /users/userlist.txt
