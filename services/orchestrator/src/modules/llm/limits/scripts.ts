/**
 * One call decides about a request and reserves what it may use: all or nothing, by the server's clock. Only limits that
 * exist are among the keys; what is passed with each of them is prepared once per principal and day (plan.ts).
 *
 * A counter that Redis does not have is 0 only if Redis was counting when its period began, and the tenant's limits have
 * not changed since: otherwise the caller is asked to look into the database and to set it (`unknown`).
 *
 * KEYS: epoch, version, version of the configuration, cost of everybody, then counters: messages…, costs…, under way…,
 * then logs of a minute…, tokens…, then reserved, gateways, and the route's ticket if there is one.
 * ARGV: 1 known epoch, 2 version, 3 configuration's, 4 request id, 5 cost, 6 tokens, 7 the record's beginning, 8 gateway,
 * 9 beginning and 10 end of the day, 11–15 how many of each kind, 16 everybody's limit,
 * 17… beginning and seconds to keep of the cost of everybody and each message and cost counter, then each limit.
 *
 * Answers `day`, `stale_principal`, `stale_config`, `unknown` with the indexes of keys, or `granted` or `refused`:
 * [outcome, now, epoch, ticket or index of the refusing limit, 1 if the day's budget is spent, minute, ms to wait,
 * then what is used, without this request, of messages…, logs…, tokens…].
 */
export const RESERVE = `
local call = redis.call
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if now < tonumber(ARGV[9]) or now >= tonumber(ARGV[10]) then return {'day', now} end
local messages, costs, lives, logs, buckets =
  tonumber(ARGV[11]), tonumber(ARGV[12]), tonumber(ARGV[13]), tonumber(ARGV[14]), tonumber(ARGV[15])
local kept = 4 + messages + costs
local counters = kept + lives
local reserved = counters + logs + buckets + 1
local known = call('MGET', unpack(KEYS, 1, counters))

local epoch = known[1]
if epoch ~= ARGV[1] then
  if not epoch then
    epoch = string.format('%.0f', now)
    call('SET', KEYS[1], epoch)
  end
  call('HSETNX', KEYS[reserved + 1], ARGV[8], 0)
end
if known[2] ~= ARGV[2] then
  local version, mine = tonumber(known[2] or 0), tonumber(ARGV[2])
  if version > mine then return {'stale_principal', now} end
  if version < mine then
    call('SET', KEYS[2], mine)
    call('SET', KEYS[2] .. ':changed', now, 'EX', 3456000)
  end
end
if known[3] and known[3] ~= ARGV[3] and tonumber(known[3]) > tonumber(ARGV[3]) then return {'stale_config', now} end

local limits = 16 + 2 * (kept - 3) - 4
local unknown, changed
for i = 4, kept do
  if not known[i] then
    local began = tonumber(ARGV[9 + 2 * i])
    if i > 4 and not changed then changed = tonumber(call('GET', KEYS[2] .. ':changed') or 0) end
    if tonumber(epoch) > began or (i > 4 and changed >= began) then
      unknown = unknown or {'unknown', now, epoch}
      unknown[#unknown + 1] = i
    end
  end
end
if unknown then return unknown end

local cost, tokens = tonumber(ARGV[5]), tonumber(ARGV[6])
local isFallback = 0
local spent, budget = tonumber(known[4] or 0), tonumber(ARGV[16])
if spent >= budget or spent + cost > budget then
  isFallback = 1
  cost = 0
end

local answer = {'granted', now, epoch, 0, isFallback, 0, 0}
local refused, wait = 0, 0
for i = 5, kept do
  local value, amount = tonumber(known[i] or 0), cost
  if i <= 4 + messages then
    amount = 1
    answer[#answer + 1] = value
  end
  if refused == 0 and amount > 0 and value + amount > tonumber(ARGV[limits + i]) then refused = i end
end

for i = counters + 1, counters + logs do
  call('ZREMRANGEBYSCORE', KEYS[i], 0, now - 60000)
  local count = call('ZCARD', KEYS[i])
  if count >= tonumber(ARGV[limits + i]) then
    local oldest = tonumber(call('ZRANGE', KEYS[i], 0, 0, 'WITHSCORES')[2] or now)
    if oldest > now then
      -- The clock was put back: the log is of a time that is still to come.
      call('DEL', KEYS[i])
      count = 0
    end
    if refused == 0 and count >= tonumber(ARGV[limits + i]) then
      refused, wait = i, oldest + 60000 - now
    end
  end
  answer[#answer + 1] = count
end

local minute = math.floor(now / 60000)
local used
if buckets > 0 then
  used = {}
  for i = counters + logs + 1, counters + logs + buckets do
    local both = call('MGET', KEYS[i] .. ':' .. minute, KEYS[i] .. ':' .. (minute - 1))
    local current, before = tonumber(both[1] or 0), tonumber(both[2] or 0)
    local elapsed, limit = now % 60000, tonumber(ARGV[limits + i])
    local sum = math.ceil(current + before * (60000 - elapsed) / 60000)
    if refused == 0 and tokens > 0 and sum + tokens > limit then
      refused = i
      local over = sum + tokens - limit
      if over * 60000 <= before * (60000 - elapsed) then
        wait = math.ceil(over * 60000 / before)
      elseif tokens <= limit and current > 0 then
        wait = 60000 - elapsed + math.max(0, math.ceil(60000 * (1 - (limit - tokens) / current)))
      else
        wait = 60000
      end
    end
    used[i] = current
    answer[#answer + 1] = sum
  end
end

for i = kept + 1, counters do
  if refused == 0 and tonumber(known[i] or 0) + 1 > tonumber(ARGV[limits + i]) then
    refused, wait = i, 1000
  end
end

if refused > 0 then
  answer[1], answer[4], answer[7] = 'refused', refused, wait
  return answer
end

-- As it came: Lua writes large numbers in another form.
local costText = isFallback == 1 and '0' or ARGV[5]
if cost > 0 then
  if known[4] then call('INCRBY', KEYS[4], costText) else call('SET', KEYS[4], costText, 'EX', ARGV[18]) end
end
for i = 5, counters do
  local amount = '1'
  if i > 4 + messages and i <= kept then amount = costText end
  if i > kept then
    call('INCR', KEYS[i])
  elseif not known[i] then
    call('SET', KEYS[i], amount, 'EX', ARGV[10 + 2 * i])
  elseif amount ~= '0' then
    call('INCRBY', KEYS[i], amount)
  end
end
for i = counters + 1, counters + logs do
  call('ZADD', KEYS[i], now, ARGV[4])
  call('PEXPIRE', KEYS[i], 61000)
end
if buckets > 0 then
  for i, current in pairs(used) do call('SET', KEYS[i] .. ':' .. minute, current + tokens, 'EX', 180) end
end
call('HSET', KEYS[reserved], ARGV[4], ARGV[7] .. costText .. '|' .. minute)
if KEYS[reserved + 2] then answer[4] = call('INCR', KEYS[reserved + 2]) end
answer[6] = minute
return answer
`;

/**
 * Corrects what was reserved by what was used and hands the usage over, once: whoever removes the reservation. Tokens of
 * a minute that is long over are left alone. Answers 0 when the reservation is not there (any more).
 *
 * KEYS: reserved, usage, late, counters…, tokens…, logs…
 * ARGV: request id, usage ('' = none), 1 if usage may still come by another way, how many counters and tokens,
 * then what is added to each of them.
 */
export const GIVE_BACK = `
local call = redis.call
if call('HDEL', KEYS[1], ARGV[1]) == 0 then return 0 end
local counters = 3 + tonumber(ARGV[4])
local tokens = counters + tonumber(ARGV[5])
for i = 4, counters do call('INCRBY', KEYS[i], ARGV[i + 2]) end
for i = counters + 1, tokens do
  if call('EXISTS', KEYS[i]) == 1 then call('INCRBY', KEYS[i], ARGV[i + 2]) end
end
for i = tokens + 1, #KEYS do call('ZREM', KEYS[i], ARGV[1]) end
if ARGV[2] ~= '' then call('XADD', KEYS[2], '*', 'usage', ARGV[2]) end
if ARGV[3] == '1' then call('SET', KEYS[3], 'open', 'EX', 172800, 'NX') end
return 1
`;

/**
 * Hands over usage that comes by another way than the settlement of a reservation, and counts it once, however often it
 * comes. Counters that nobody has asked for do not begin here: they are read from the database when they are.
 *
 * KEYS: late, usage, epoch, counters…
 * ARGV: usage, epoch of the reservation ('' = it is known to be lost), then what is added to each counter.
 * Answers 0 when there is nothing to do: it was settled before.
 */
export const ADD_LATE = `
local call = redis.call
local mark = call('GET', KEYS[1])
if not mark and ARGV[2] ~= '' and call('GET', KEYS[3]) == ARGV[2] then return 0 end
call('XADD', KEYS[2], '*', 'usage', ARGV[1])
if mark == 'counted' then return 1 end
for i = 4, #KEYS do
  if call('EXISTS', KEYS[i]) == 1 then call('INCRBY', KEYS[i], ARGV[i - 1]) end
end
call('SET', KEYS[1], 'counted', 'EX', 172800)
return 1
`;

/** KEYS: gateways, reserved. ARGV: gateway. Answers how many reservations it has. */
export const BEAT = `
redis.call('HINCRBY', KEYS[1], ARGV[1], 1)
return redis.call('HLEN', KEYS[2])
`;

/** Forgets a gateway unless it has come back to life. KEYS: gateways, reserved. ARGV: gateway, its last beat. */
export const BURY = `
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] and redis.call('EXISTS', KEYS[2]) == 0 then
  redis.call('HDEL', KEYS[1], ARGV[1])
end
`;
