# shellcheck shell=bash
# What other mail servers look up before they believe a mail of ours.

check_mail() {
  local domain
  if [[ -z $(env_value SMTP_HOST) ]] && ! has_profile postal; then
    bad 'No mail relay is set.' 'Nobody gets an invitation, a password link, an invoice or an alert.' 'SMTP_HOST, SMTP_PORT, SMTP_USER in .env and secrets/smtp_password, then scripts/install.sh'
    return 0
  fi
  relay_answers
  if ! lookup_tool >/dev/null; then
    warn 'Mail records were not looked at.' 'Without SPF, DKIM and DMARC mails end up in spam.' 'apt-get install bind9-dnsutils, then again'
    return 0
  fi
  domain=$(mail_domain)
  record_spf "$domain"
  record_dmarc "$domain"
  record_dkim "$domain"
  ! has_profile postal || own_server_records "$domain"
}

# The domain of the sender.
mail_domain() {
  local from
  from=$(env_value MAIL_FROM "no-reply@$(env_value DOMAIN)")
  from=${from##*@}
  printf '%s' "${from%%>*}"
}

# Asked from the worker, which is the one that sends.
relay_answers() {
  local host port
  host=$(env_value SMTP_HOST postal-smtp)
  port=$(env_value SMTP_PORT 587)
  ! { has_profile postal && [[ -z $(env_value SMTP_HOST) ]]; } || port=25
  if inside worker node -e 'require("node:net").connect(+process.argv[2], process.argv[1]).on("data", (d) => process.exit(String(d).startsWith("220") ? 0 : 1)).on("connect", () => process.argv[2] === "465" && process.exit(0)).on("error", () => process.exit(1)).setTimeout(8000, () => process.exit(1))' "$host" "$port"; then
    fine "the relay $host:$port answers"
  else
    bad "The relay $host:$port does not answer the worker." 'Mails wait in the queue.' 'SMTP_HOST and SMTP_PORT in .env; many providers close port 25, use 587.'
  fi
}

record_spf() {
  local spf
  spf=$(records TXT "$1" | grep -i '^v=spf1' || true)
  case $(grep -c . <<<"$spf") in
    0) warn "$1 has no SPF record." 'Other servers cannot tell our mails from forged ones.' "TXT $1: \"v=spf1 include:<what your relay's documentation says> -all\"" ;;
    1) fine "SPF: $spf" ;;
    *) bad "$1 has several SPF records." 'That counts as none.' 'Merge them into one.' ;;
  esac
}

record_dmarc() {
  local dmarc
  dmarc=$(records TXT "_dmarc.$1" | grep -i '^v=DMARC1' || true)
  if [[ -n $dmarc ]]; then fine "DMARC: $dmarc"; else
    warn "$1 has no DMARC record." 'Large providers ask for one.' "TXT _dmarc.$1: \"v=DMARC1; p=none; rua=mailto:$(env_value OPERATOR_EMAIL)\""
  fi
}

# A DKIM record's name has a part that only the sender knows; these are common.
record_dkim() {
  local selector found=''
  for selector in postal default dkim mail k1 s1 selector1 google; do
    [[ -z $(records TXT "$selector._domainkey.$1" | grep -i 'p=' || true) ]] || found+=" $selector"
  done
  if [[ -n $found ]]; then fine "DKIM:$found"; else
    warn "No DKIM record was found for $1 under a usual name." 'Signed mails are believed more.' "Your relay's page for $1 shows the record; with Postal: postal.$(env_value DOMAIN), page of the domain."
  fi
}

own_server_records() {
  local address name
  if [[ -n $(records MX "$1") ]]; then
    fine "MX: $(records MX "$1" | paste -sd ',')"
  else
    warn "$1 has no MX record." 'Bounces and answers get lost.' "MX $1: 10 postal.$(env_value DOMAIN)"
  fi
  address=$(addresses_of "postal.$(env_value DOMAIN)" | grep -v : | head -n 1)
  [[ -n $address ]] || return 0
  name=$(records PTR "$(awk -F. '{ print $4 "." $3 "." $2 "." $1 ".in-addr.arpa" }' <<<"$address")" | head -n 1)
  if [[ ${name%.} == "postal.$(env_value DOMAIN)" ]]; then fine "PTR: $name"; else
    warn "The address $address is called ${name:-nothing} in reverse." 'Many servers refuse mail from an address without its name.' "At your server's provider, reverse DNS of $address: postal.$(env_value DOMAIN)"
  fi
}
