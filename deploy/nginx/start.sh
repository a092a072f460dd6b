#!/bin/sh
# Starts nginx with the newest certificate there is and reloads it when that changes: a certificate of yours in /tls, one from ACME in /acme, and until
# there is either one that this script signs itself, so that the ACME challenge can be answered.
set -eu

umask 077
mkdir -p /tmp/tls

# Copies a pair. A key is mostly read-only and its copy too, so the old copy is removed, not written over.
take() {
  for file in fullchain.pem privkey.pem; do
    rm -f "/tmp/tls/$file.new"
    cp "$1/$file" "/tmp/tls/$file.new" && mv -f "/tmp/tls/$file.new" "/tmp/tls/$file" || return 1
  done
}

# Puts the certificate in force into /tmp/tls.
choose() {
  acme="/acme/config/live/$DOMAIN"
  if [ -s /tls/fullchain.pem ] && [ -s /tls/privkey.pem ]; then
    take /tls
  elif [ -s "$acme/fullchain.pem" ] && [ -s "$acme/privkey.pem" ]; then
    take "$acme"
  elif [ ! -s /tmp/tls/fullchain.pem ]; then
    echo "start.sh: no certificate in deploy/tls and none from ACME yet: signing one that browsers will warn about" >&2
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj "/CN=$DOMAIN" \
      -addext "subjectAltName=DNS:$DOMAIN,DNS:$N8N_DOMAIN" -keyout /tmp/tls/privkey.pem -out /tmp/tls/fullchain.pem 2>/tmp/openssl.log ||
      { cat /tmp/openssl.log >&2; exit 1; }
  fi
}

for name in "$DOMAIN" "$N8N_DOMAIN"; do
  case "$name" in
    *[!A-Za-z0-9.-]* | '') echo "start.sh: \`$name\` is no host name: look at DOMAIN and N8N_DOMAIN" >&2; exit 2 ;;
  esac
done
sed -e "s/@DOMAIN@/$DOMAIN/g" -e "s/@N8N_DOMAIN@/$N8N_DOMAIN/g" /etc/quantapilot/nginx.conf >/tmp/nginx.conf
choose
nginx -t -q -c /tmp/nginx.conf

(
  before=$(cat /tmp/tls/*.pem | cksum)
  while sleep "${CERTIFICATE_CHECK_SECONDS:-60}"; do
    choose || echo "start.sh: cannot read the certificate in deploy/tls or from ACME: is it readable for user 101?" >&2
    now=$(cat /tmp/tls/*.pem | cksum)
    if [ "$now" != "$before" ]; then
      before=$now
      if nginx -t -q -c /tmp/nginx.conf; then
        echo "start.sh: the certificate changed: reloading" >&2
        nginx -c /tmp/nginx.conf -s reload
      else
        echo "start.sh: the new certificate is not usable; the old one stays in force" >&2
      fi
    fi
  done
) &

exec nginx -c /tmp/nginx.conf -g 'daemon off;'
