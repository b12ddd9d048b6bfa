# shellcheck shell=bash
# How each secret is changed, and what that interrupts. Recipes: mariadb, postgres, both (a user of these), valkey, owner
# (its program reads it at its start), bootstrap (told by the bootstrap), keycloak_admin, grafana, repository, restart (only
# programs of ours compare it), given (issued by others: --from), refuse.

recipes() {
  sed 's/  *| */\t/g' <<'TABLE'
database_password | mariadb | API, gateway and worker restart: about 15 s without answers; sites stay up.
keycloak_db_password | mariadb | Keycloak restarts: about 30 s without log-ins; sessions stay.
postal_db_password | mariadb | Postal restarts: mail waits for some seconds.
bench_db_password | mariadb | The programs that make sites restart; sites stay up.
mariadb_root_password | mariadb | Nothing.
backup_db_password | both | The backup container restarts.
monitoring_db_password | both | Metrics of the databases pause for some seconds.
postgres_password | postgres | Nothing.
lago_db_password | postgres | Lago restarts: about 30 s without billing; usage waits and is billed after it.
valkey_queue_password | owner | The queue and everything that uses it restart: about 30 s without answers; jobs wait.
valkey_frappe_password | owner | The queue and the benches restart: about 30 s without sites.
valkey_cache_password | owner | The cache and what uses it restart: about 30 s without sites.
s3_root_password | owner | The object store restarts: files cannot be read for some seconds.
s3_bastide_secret_key | bootstrap | API and worker restart: about 15 s without answers.
s3_lago_secret_key | bootstrap | Lago restarts: about 30 s without billing.
s3_backup_secret_key | bootstrap | Nothing.
oidc_client_secret | bootstrap | API, gateway and worker restart: about 15 s without answers; sessions stay.
grafana_oidc_client_secret | bootstrap | Grafana restarts.
keycloak_admin_client_secret | keycloak_admin | Nothing.
grafana_admin_password | grafana | Nothing.
bench_runner_token | restart | bench-runner, API and worker restart: about 15 s without answers; sites stay up.
lago_secret_key_base | restart | Lago restarts, and everybody who is logged in there has to log in again.
lago_rsa_private_key | restart | Lago restarts; who checks its webhooks by JWT has to fetch the new public key.
traefik_dashboard_password | restart | The edge restarts: about 5 s without anything.
postal_rails_secret | restart | Postal restarts, and everybody who is logged in there has to log in again.
backup_repository_password | repository | Nothing. Keep the new one where the server cannot be lost with it: without it no backup opens.
stripe_secret_key | given | API, gateway and worker restart: about 15 s without answers.
stripe_webhook_secret | given | API, gateway and worker restart: about 15 s without answers; Stripe repeats what is refused meanwhile.
chargily_secret_key | given | API, gateway and worker restart: about 15 s without answers. Webhooks of open pages are signed by the old key and refused: their payments are found by asking.
llm_provider_keys | given | API, gateway and worker restart: about 15 s without answers. The file holds the keys of all providers: --from a whole one.
llm_upstream_key | given | API, gateway and worker restart: about 15 s without answers.
smtp_password | given | What sends mail restarts: about 15 s without answers.
alert_webhook_url | given | Alertmanager restarts.
github_client_secret | given | Nothing.
google_client_secret | given | Nothing.
linkedin_client_secret | given | Nothing.
acme-dns.env | given | The edge restarts: about 5 s without anything.
backup-offsite.env | given | The backup container restarts.
backup_offsite_ssh_key | given | The backup container restarts.
encryption_key | refuse | Columns of the database are encrypted with it. It would take a second key that reads beside the first, and a job that writes every row anew; that does not exist yet. If it was seen by others, change what it protects (provider keys, tokens) one by one.
lago_encryption_primary_key | refuse | Lago encrypts columns with it (Rails active record encryption) and has no command that writes them anew. If it was seen by others, change the payment providers' keys that Lago keeps.
lago_encryption_deterministic_key | refuse | Lago finds encrypted columns by it; another one finds nothing. See lago_encryption_primary_key.
lago_encryption_key_derivation_salt | refuse | Lago derives its encryption keys with it. See lago_encryption_primary_key.
lago_api_key | refuse | Lago keeps it itself: make a new key in Lago (Developers, API keys), put it here with --from, then delete the old one there. Use: scripts/rotate-secret.sh lago_api_key --from FILE
lago_admin_password | refuse | Change it in Lago (profile), and keep it yourself: the file is only read when Lago's first account is made.
first_admin_password | refuse | It was a temporary password for the first log-in. Change yours in the account pages of Keycloak.
postal_signing_key | refuse | Its public half stands in DNS as the DKIM record: publish a new one under another selector first, or mail is taken for forged.
postal_smtp_key | refuse | Postal keeps it itself: make a new SMTP credential there, put it here with --from, then delete the old one. Use: scripts/rotate-secret.sh postal_smtp_key --from FILE
TABLE
  secret_list | awk '$2 == "derived" { print $1 "\tderived\tIt is composed of others and follows them." }'
}

recipe_of() { recipes | awk -F'\t' -v name="$1" '$1 == name { print $2 }'; }
interruption_of() { recipes | awk -F'\t' -v name="$1" '$1 == name { print $3 }'; }

list_recipes() {
  local name recipe text age
  printf '%-38s %-9s %-11s %s\n' NAME 'AGE' 'HOW' 'WHAT IT INTERRUPTS, OR WHY NOT'
  while IFS=$'\t' read -r name recipe text; do
    age=-
    [[ ! -s $SECRETS_DIR/$name ]] || age="$((($(date +%s) - $(stat -c %Y "$SECRETS_DIR/$name")) / 86400)) d"
    case $recipe in given) recipe='--from' ;; derived | refuse) ;; *) recipe='itself' ;; esac
    printf '%-38s %-9s %-11s %s\n' "$name" "$age" "$recipe" "$text"
  done < <(recipes)
}

# Some that are refused can still be told a value that their owner made.
refuse_what_cannot() {
  local name=$1 recipe=$2
  case $recipe in
    derived) fail "$EXIT_CONFIG" "$name is not changed by itself." 'It is composed of other secrets and follows them.' 'scripts/rotate-secret.sh --list' ;;
    refuse)
      if [[ -n $FROM && $(interruption_of "$name") == *'--from'* ]]; then return 0; fi
      fail "$EXIT_CONFIG" "$name is not changed by this script." "$(interruption_of "$name")" 'The reason above says what to do instead.'
      ;;
    given)
      [[ -n $FROM || -e $ROTATING/$name ]] || $DRY_RUN || fail "$EXIT_CONFIG" "$name is issued by others." 'A value made here would mean nothing to them.' \
        "Have a new one issued, then: scripts/rotate-secret.sh $name --from FILE"
      ;;
    *) [[ -z $FROM ]] || fail "$EXIT_CONFIG" "$name is made here." 'A value that is chosen is weaker than a random one.' "scripts/rotate-secret.sh $name" ;;
  esac
}
