#!/bin/sh
# One-shot before Postal's processes: makes or updates its database, then what our mails need in it (bootstrap.rb).
# May run at every start. Written from Postal's sources and documentation; not yet tried on the real image.
set -eu

cd /opt/postal/app
# Loads the schema into an empty database and migrates any other.
bundle exec rake postal:update
exec bundle exec rails runner /opt/bastide/bootstrap.rb
