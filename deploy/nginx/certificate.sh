#!/bin/sh
# Gets a certificate by HTTP-01 through nginx's /.well-known/acme-challenge/, and looks twice a day whether it is to be renewed.
set -eu

if [ -z "$ACME_EMAIL" ]; then
  echo "certificate.sh: set ACME_EMAIL: the authority warns there before a certificate runs out" >&2
  exit 2
fi
mkdir -p /acme/webroot
while :; do
  if certbot certonly --non-interactive --agree-tos --keep-until-expiring --email "$ACME_EMAIL" --server "$ACME_SERVER" \
    --webroot --webroot-path /acme/webroot --cert-name "$DOMAIN" --domain "$DOMAIN" --domain "$N8N_DOMAIN" --key-type ecdsa \
    --config-dir /acme/config --work-dir /tmp/work --logs-dir /tmp/logs; then
    sleep 43200
  else
    # Authorities allow five failures an hour.
    echo "certificate.sh: no certificate this time; trying again in 20 minutes" >&2
    sleep 1200
  fi
done
