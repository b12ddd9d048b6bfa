#!/bin/sh
# Writes Alertmanager's configuration from the environment and the secrets, and becomes Alertmanager.
# `start.sh --render` only prints it. POSIX sh: the image has BusyBox and no templating engine.
set -eu

SECRETS=${SECRETS_DIR:-/run/secrets}
HOME_DIR=${ALERTMANAGER_DIR:-/etc/alertmanager}
RENDERED=${RENDERED:-/tmp/alertmanager.yml}

warn() { printf '! WHAT  %s\n  WHY   %s\n  FIX   %s\n' "$1" "$2" "$3" >&2; }

# A YAML string in single quotes.
quoted() { printf "'%s'" "$(printf '%s' "$1" | tr -d '\r\n' | sed "s/'/''/g")"; }

# Text for a Go template: what looks like an action would be one.
plain() { printf '%s' "$1" | tr -d '{}'; }

secret() { if [ -r "$SECRETS/$1" ]; then tr -d '\r\n' <"$SECRETS/$1"; fi; }

has_mail() { [ -n "${ALERT_EMAIL:-}" ] && [ -n "${SMTP_HOST:-}" ]; }

# 465 is TLS from the first byte, which Alertmanager knows by the port; 587 must change to TLS before the password is sent.
needs_tls() {
  case ${SMTP_REQUIRE_TLS:-} in
    true | false) echo "$SMTP_REQUIRE_TLS" ;;
    *) case ${SMTP_PORT:-25} in 465 | 587) echo true ;; *) echo false ;; esac ;;
  esac
}

render_global() {
  has_mail || return 0
  echo "global:"
  echo "  smtp_smarthost: $(quoted "$SMTP_HOST:${SMTP_PORT:-25}")"
  echo "  smtp_from: $(quoted "${MAIL_FROM:-alerts@${DOMAIN:-localhost}}")"
  echo "  smtp_hello: $(quoted "${DOMAIN:-localhost}")"
  echo "  smtp_require_tls: $(needs_tls)"
  if [ -n "${SMTP_USER:-}" ] && [ -n "$(secret smtp_password)" ]; then
    echo "  smtp_auth_username: $(quoted "$SMTP_USER")"
    echo "  smtp_auth_password_file: $(quoted "$SECRETS/smtp_password")"
  fi
}

render_receivers() {
  webhook=$(secret alert_webhook_url)
  echo "receivers:"
  echo "  - name: operator"
  if has_mail; then
    echo "    email_configs:"
    echo "      - to: $(quoted "$ALERT_EMAIL")"
    echo "        send_resolved: true"
    echo "        headers:"
    echo "          Subject: $(quoted "[$(plain "${BRAND_NAME:-Bastide}")] {{ template \"bastide.subject\" . }}")"
    echo "        html: '{{ template \"bastide.html\" . }}'"
    echo "        text: '{{ template \"bastide.text\" . }}'"
  fi
  if [ -n "$webhook" ]; then
    echo "    webhook_configs:"
    echo "      - url: $(quoted "$webhook")"
    echo "        send_resolved: true"
    echo "        max_alerts: 20"
  fi
  has_mail || [ -n "$webhook" ] || warn "Nobody is told of alerts." "Neither ALERT_EMAIL with SMTP_HOST nor secrets/alert_webhook_url is set." "Set one of them in .env or secrets/ and run: docker compose up -d alertmanager"
  echo "  - name: heartbeat"
  if [ -n "${ALERT_HEARTBEAT_URL:-}" ]; then
    echo "    webhook_configs:"
    echo "      - url: $(quoted "$ALERT_HEARTBEAT_URL")"
    echo "        send_resolved: false"
  fi
}

render() {
  echo "# Written by start.sh at every start; change services/alertmanager/ instead."
  render_global
  echo "templates:"
  echo "  - $(quoted "$HOME_DIR/templates/*.tmpl")"
  cat "$HOME_DIR/routes.yml"
  render_receivers
}

main() {
  if [ "${1:-}" = --render ]; then
    render
    return
  fi
  umask 077
  render >"$RENDERED.new"
  mv "$RENDERED.new" "$RENDERED"
  # Links in mails go to Grafana, which shows the alerts; Alertmanager itself is not reachable from outside.
  exec alertmanager --config.file="$RENDERED" --web.external-url="https://grafana.${DOMAIN:-localhost}${URL_PORT:-}" "$@"
}

main "$@"
