/**
 * One call decides about a request and reserves what it may use: all or nothing, by the server's clock.
 *
 * A counter is something that fills up within a day: messages now, money of a key, a tenant or everybody later. Each is
 * given as limit (-1 = none), amount to reserve, and what the database counted (-1 = not asked). A counter that Redis
 * does not have starts at 0 if Redis has been counting since before the day began; otherwise it may have been wiped,
 * and the caller is asked to say what the database knows.
 *
 * KEYS: epoch, version, minute log, counters…
 * ARGV: request id, version of the principal, requests per minute (-1 = no limit), seconds east of UTC, then 3 per counter.
 * Answer: [outcome, epoch, day, now in ms, requests in the minute, ms until the minute has room, index of the counter
 * that refuses or must be seeded, then the value of each counter].
 */
export const RESERVE = `
  local time = redis.call('TIME')
  local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
  local known = redis.call('MGET', KEYS[1], KEYS[2])
  local epoch = known[1]
  if not epoch then
    epoch = string.format('%.0f', now_ms)
    redis.call('SET', KEYS[1], epoch)
  end
  if known[2] and tonumber(known[2]) > tonumber(ARGV[2]) then return {'stale', epoch} end

  local offset_s = tonumber(ARGV[4])
  local day = math.floor((time[1] + offset_s) / 86400)
  local day_began_ms = (day * 86400 - offset_s) * 1000
  local values, refused = {}, 0
  for i = 1, #KEYS - 3 do
    local at = 4 + (i - 1) * 3
    local limit, amount, seed = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
    local value = tonumber(redis.call('GET', KEYS[3 + i] .. ':' .. day))
    if not value and seed < 0 and tonumber(epoch) > day_began_ms then
      return {'unknown', epoch, day, now_ms, 0, 0, i}
    end
    value = value or math.max(seed, 0)
    values[i] = value
    if refused == 0 and limit >= 0 and value + amount > limit then refused = i end
  end

  local per_minute, in_minute, room_ms = tonumber(ARGV[3]), 0, 0
  if per_minute >= 0 then
    redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now_ms - 60000)
    in_minute = redis.call('ZCARD', KEYS[3])
    local oldest = redis.call('ZRANGE', KEYS[3], 0, 0, 'WITHSCORES')
    if oldest[2] then room_ms = oldest[2] + 60000 - now_ms end
  end

  local outcome = 'granted'
  if refused > 0 then
    outcome = 'counter'
  elseif per_minute >= 0 and in_minute >= per_minute then
    outcome = 'minute'
  else
    for i = 1, #values do
      values[i] = values[i] + tonumber(ARGV[4 + (i - 1) * 3 + 2])
      redis.call('SET', KEYS[3 + i] .. ':' .. day, string.format('%.0f', values[i]), 'EX', 172800)
    end
    if per_minute >= 0 then
      redis.call('ZADD', KEYS[3], now_ms, ARGV[1])
      redis.call('PEXPIRE', KEYS[3], 60000)
      in_minute = in_minute + 1
    end
  end
  local answer = {outcome, epoch, day, now_ms, in_minute, room_ms, refused}
  for i = 1, #values do answer[7 + i] = values[i] end
  return answer
`;

/**
 * Corrects what was reserved by what was used, on the reserving day's counters, and hands the usage over. Nothing is
 * corrected when Redis was wiped in between: what was reserved is forgotten then.
 *
 * KEYS: epoch, minute log, usage stream, counters…
 * ARGV: request id, epoch of the reservation, day, usage ('' = none), 1 to give the place in the minute back,
 * then the difference per counter.
 */
export const SETTLE = `
  if redis.call('GET', KEYS[1]) == ARGV[2] then
    for i = 1, #KEYS - 3 do
      local difference = tonumber(ARGV[5 + i])
      local key = KEYS[3 + i] .. ':' .. ARGV[3]
      if difference ~= 0 and redis.call('EXISTS', key) == 1 then redis.call('INCRBY', key, ARGV[5 + i]) end
    end
    if ARGV[5] == '1' then redis.call('ZREM', KEYS[2], ARGV[1]) end
  end
  if ARGV[4] ~= '' then redis.call('XADD', KEYS[3], '*', 'usage', ARGV[4]) end
`;
