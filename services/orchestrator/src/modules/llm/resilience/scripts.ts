/**
 * One field per provider: `<state> <until> <streak> <version>`. Times are microseconds of Redis' own clock, so that
 * processes need not agree on theirs. A version is the time of its change, so that it rises even if Redis lost the last.
 * A message is `<state> <milliseconds left> <streak> <version> <provider>`.
 */
const SHARED = `
  local time = redis.call('TIME')
  local now = time[1] * 1000000 + time[2]
  local function parse(text)
    local state, till, streak, version = string.match(text or '', '^(%a+) (%d+) (%d+) (%d+)$')
    if state then
      return { state = state, till = tonumber(till), streak = tonumber(streak), version = tonumber(version) }
    end
  end
  local function message(entry, provider)
    local left = math.max(0, math.ceil((entry.till - now) / 1000))
    return string.format('%s %.0f %d %.0f %s', entry.state, left, entry.streak, entry.version, provider)
  end
`;

/** KEYS states, probe; ARGV channel, provider, state, forMs, streak, token of the teller, how long it is kept. */
export const CHANGE = `${SHARED}
  local entry = { state = ARGV[3], till = now + ARGV[4] * 1000, streak = tonumber(ARGV[5]), version = now }
  local known = parse(redis.call('HGET', KEYS[1], ARGV[2]))
  if known then
    entry.version = math.max(now, known.version + 1)
    if entry.state == 'open' and known.state == 'open' and known.till > now then
      entry.till = math.max(entry.till, known.till)
      entry.streak = math.max(entry.streak, known.streak)
    end
  end
  local text = string.format('%s %.0f %d %.0f', entry.state, entry.till, entry.streak, entry.version)
  redis.call('HSET', KEYS[1], ARGV[2], text)
  redis.call('PEXPIRE', KEYS[1], ARGV[7])
  if redis.call('GET', KEYS[2]) == ARGV[6] then redis.call('DEL', KEYS[2]) end
  redis.call('PUBLISH', ARGV[1], message(entry, ARGV[2]))
`;

/** KEYS states, probe; ARGV provider, token, forMs. What others have decided meanwhile is the answer, if there is any. */
export const TAKE_PROBE = `${SHARED}
  local known = parse(redis.call('HGET', KEYS[1], ARGV[1]))
  if known and (known.state == 'closed' or known.till > now) then return message(known, ARGV[1]) end
  if redis.call('SET', KEYS[2], ARGV[2], 'NX', 'PX', ARGV[3]) then return 'granted' end
  return 'taken'
`;

/** KEYS probe; ARGV token: only who holds it gives it back. */
export const GIVE_BACK = `
  if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
`;

/** KEYS states → a message for each provider. */
export const READ = `${SHARED}
  local messages = {}
  local fields = redis.call('HGETALL', KEYS[1])
  for i = 1, #fields, 2 do
    local entry = parse(fields[i + 1])
    if entry then messages[#messages + 1] = message(entry, fields[i]) end
  end
  return messages
`;
