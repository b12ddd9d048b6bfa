#!/bin/sh
exec node /opt/standin/src/main.ts "$@"
