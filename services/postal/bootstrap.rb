# frozen_string_literal: true

# What our mails need in Postal: an administrator, a mail server, the sending domain and the SMTP credential that the
# orchestrator and Keycloak use. Run by `rails runner`; says what it changed, and the second time nothing.
# Written from Postal's models (contracts/billing.md D); not yet tried on the real image.

def required(name)
  value = ENV.fetch(name, "").strip
  return value unless value.empty?

  warn "WHAT  Postal could not be set up\nWHY   #{name} is not set\nFIX   set it in .env, or run scripts/install.sh again"
  exit 78
end

email = required("OPERATOR_EMAIL")
password = required("LAGO_ADMIN_PASSWORD")
domain_name = required("MAIL_DOMAIN")
smtp_key = required("POSTAL_SMTP_KEY")
webhook_url = ENV.fetch("POSTAL_WEBHOOK_URL", "").strip

changes = []

ActiveRecord::Base.transaction do
  user = User.find_by(email_address: email)
  # Once: whoever changes the password in Postal keeps it.
  unless user
    user = User.create!(
      email_address: email, first_name: "Operator", last_name: "Bastide", password: password,
      admin: true, email_verified_at: Time.now
    )
    changes << "+ user #{email}"
  end

  organization = Organization.find_by(permalink: "bastide")
  unless organization
    organization = Organization.create!(name: "Bastide", permalink: "bastide", owner: user)
    changes << "+ organization bastide"
  end
  unless organization.organization_users.exists?(user: user)
    organization.organization_users.create!(user: user, admin: true, all_servers: true)
    changes << "+ #{email} in organization bastide"
  end
end

organization = Organization.find_by!(permalink: "bastide")
server = organization.servers.find_by(permalink: "app")
unless server
  # Makes the database postal-server-N as well.
  server = organization.servers.create!(name: "App", permalink: "app", mode: "Live")
  changes << "+ mail server bastide/app"
end
# A kill may have left the row without its database, or that half-made. Never `provision` one that is there: it drops first.
provisioner = server.message_db.provisioner
provisioner.exists? ? provisioner.migrate : provisioner.provision

domain = server.domains.find_by(name: domain_name)
unless domain
  domain = server.domains.create!(name: domain_name, verification_method: "DNS")
  changes << "+ domain #{domain_name}"
end
# It is this installation's own domain: nobody has to prove it.
changes << "~ domain #{domain_name}: verified" if !domain.verified? && domain.mark_as_verified

credential = server.credentials.find_by(name: "bastide", type: "SMTP")
unless credential
  credential = server.credentials.create!(name: "bastide", type: "SMTP")
  changes << "+ SMTP credential bastide"
end
unless credential.key == smtp_key
  # The model makes a key of its own and lets nobody change it.
  credential.update_column(:key, smtp_key)
  changes << "~ SMTP credential bastide: key"
end

unless webhook_url.empty?
  webhook = server.webhooks.find_by(name: "bastide")
  if webhook.nil?
    server.webhooks.create!(name: "bastide", url: webhook_url, all_events: true, sign: true)
    changes << "+ webhook #{webhook_url}"
  elsif webhook.url != webhook_url
    webhook.update!(url: webhook_url)
    changes << "~ webhook #{webhook_url}"
  end
end

changes.each { |change| puts change }
puts "#{changes.size} changes"
puts "DNS  TXT #{domain.dkim_record_name}.#{domain_name} = #{domain.dkim_record}"
puts "DNS  TXT #{domain_name} = #{domain.spf_record}"
puts "DNS  CNAME #{domain.return_path_domain} = #{Postal::Config.dns.return_path_domain}"
