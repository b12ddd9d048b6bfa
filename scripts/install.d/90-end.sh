# shellcheck shell=bash
# What a person needs now.

the_end() {
  if $DRY_RUN; then
    printf '\n%s\n' "$(if ((CHANGES == 0)); then echo 'Nothing to do.'; else echo "$CHANGES changes; none of them was made (--dry-run)."; fi)" >&2
    return 0
  fi
  if ((CHANGES == 0)) && [[ $(state shown) == yes ]]; then
    printf '\n✔ Nothing to do: Bastide runs as .env says. https://app.%s%s\n' "$(env_value DOMAIN)" "$(env_value URL_PORT)" >&2
    return 0
  fi
  addresses
  first_login
  recovery_kit
  next_steps
  remember shown yes
}

addresses() {
  local domain port
  domain=$(env_value DOMAIN)
  port=$(env_value URL_PORT)
  cat >&2 <<TEXT

✔ Bastide runs.

    Dashboard      https://app.$domain$port
    Operators      https://admin.$domain$port
    LLM gateway    https://llm.$domain$port/v1
    Status page    https://status.$domain$port
    Monitoring     https://grafana.$domain$port
    Sites          https://<tenant>.$domain$port
TEXT
}

# The password is for one log-in, after which Keycloak asks for another. It goes to the terminal and never to the log.
first_login() {
  printf '\n    First log-in   https://app.%s%s/auth/login\n    as             %s\n' "$(env_value DOMAIN)" "$(env_value URL_PORT)" "$(env_value OPERATOR_EMAIL)" >&2
  if [[ $(state shown) == yes ]]; then
    printf '    password       in secrets/first_admin_password, unless you have changed it since\n' >&2
  else
    printf '    password       %s   (shown this once; you choose another at the first log-in)\n' "$(secret first_admin_password)" >&2
  fi
}

recovery_kit() {
  cat >&2 <<TEXT

    Recovery kit   Backups are encrypted with secrets/backup_repository_password. Without it they are worthless:
                   keep a copy of that file off this server, now. (scripts/install.sh never shows it.)
TEXT
}

next_steps() {
  local domain
  domain=$(env_value DOMAIN)
  echo >&2
  printf '    Next\n' >&2
  if [[ $MODE == local ]]; then
    next "Let your browser trust secrets/tls/ca.crt."
    [[ $domain == *.localhost ]] || next "Names: $domain and *.$domain must lead to 127.0.0.1 (a line in /etc/hosts for each)."
  else
    next "DNS: $domain and *.$domain to this server's IPv4 address (A)."
    next 'Firewall: incoming 80/tcp, 443/tcp and your ssh; nothing else. docs/security.md'
  fi
  if [[ -z $(env_value SMTP_HOST) ]] && ! has_profile postal; then
    next 'Mail: no relay is set, so no mail leaves. SMTP_HOST, SMTP_USER in .env, secrets/smtp_password.'
  fi
  if has_secret stripe_secret_key; then
    next "Stripe: a webhook endpoint to https://api.$domain/webhooks/stripe; its secret into secrets/stripe_webhook_secret."
  else
    next "Payments: secrets/stripe_secret_key, a webhook endpoint to https://api.$domain/webhooks/stripe, secrets/stripe_webhook_secret; in dinars secrets/chargily_secret_key."
  fi
  if [[ -z $(env_value LLM_UPSTREAM_URL)$(env_value OLLAMA_URL)$(env_value VLLM_URL) ]] && ! has_secret llm_provider_keys; then
    next 'LLM: keys of providers, a line each like GROQ_API_KEY=…, in secrets/llm_provider_keys. docs/configure.md'
  fi
  [[ -n $(env_value BACKUP_OFFSITE_REPOSITORY) ]] || next 'Backups: BACKUP_OFFSITE_REPOSITORY, a second place that is not this disk. docs/backup.md'
  next 'After each change of .env or secrets/: scripts/install.sh again. At any time: scripts/doctor.sh'
  echo >&2
}

next() { printf '      · %s\n' "$*" >&2; }
