#!/bin/sh
exec node /opt/standin/scripts/test/standins/lago/src/clock.ts
