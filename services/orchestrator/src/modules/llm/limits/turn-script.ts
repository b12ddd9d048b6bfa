/**
 * All that the gateway asks of its limits in one turn of its event loop: first what is given back, then what is reserved,
 * each of them all or nothing, by the server's clock. Only limits that exist are among the keys.
 *
 * Keys and arguments come as two texts of lines and the answer is one: Redis and its client take much longer over hundreds
 * of short strings than Lua takes to cut them.
 *
 * A counter that Redis does not have is 0 only if Redis was counting when its period began and the tenant's limits have
 * not changed since: otherwise the caller is asked to look into the database and to set it.
 *
 * KEYS: epoch, version of the configuration, cost of everybody today, reserved, gateways, usage;
 * ARGV: how many are given back, how many reserved, known epoch, gateway, beginning and end of the day, beginning of the
 * month, version of the configuration, what everybody may cost today.
 * Each that is given back: request id, layout, usage ('' = none); per letter of the layout a key and, but for r and o,
 * what is added to it: c = counter, t = tokens of a minute that may be over, r = log, o = mark that its usage comes late.
 * Each that is reserved: layout, version, request id, cost, tokens, beginning of its record; key of the version. Its
 * layout is the number of counters that are read at once, then per counter a letter, a key and a limit: m = messages of
 * the day, d and n = cost of the day and the month, l = under way, r = requests and t = tokens of a minute; then k and
 * the key of a ticket, or -.
 *
 * Answers now and the epoch (or `day`, `config`, `everybody`: nothing could be reserved), then for each given back 1, or
 * 0 when it was not there (any more), then for each reserved
 *   0 or 1 (granted; the day's budget is spent), its ticket, 0, used… | 2 (refused), by which counter, ms to wait, used… |
 *   3 (the version is old) | 4 (unknown), which counters…
 * where used are the values of m, r and t without this request. What Redis refuses for one of them (a key that is not what
 * it should be) is told to that one alone, as ! and why, and what it had taken is put back: the others go on.
 */
export const TURN = `
local call, byte, find, sub = redis.call, string.byte, string.find, string.sub
local function lines(text)
  local found, n, from = {}, 0, 1
  local to = find(text, '\\n', 1, true)
  while to do
    n = n + 1
    found[n] = sub(text, from, to - 1)
    from = to + 1
    to = find(text, '\\n', from, true)
  end
  return found
end
local KEYS, ARGV = lines(ARGV[1]), lines(ARGV[2])
local answers = {'0', ''}
local function answered() return table.concat(answers, '\\n') end
local function failure(why)
  local text = tostring(type(why) == 'table' and why.err or why)
  return '!' .. string.gsub(text, '[\\r\\n]', ' ')
end
local refused
local function try(...)
  local answer = redis.pcall(...)
  if type(answer) == 'table' and answer.err then refused = failure(answer) end
end
local k, a = 6, 9

for n = 1, tonumber(ARGV[1]) do
  local id, layout, usage = ARGV[a + 1], ARGV[a + 2], ARGV[a + 3]
  local isThere = call('HDEL', KEYS[4], id) == 1
  refused = nil
  a = a + 3
  for i = 1, #layout do
    local kind = byte(layout, i)
    k = k + 1
    if kind == 114 then
      if isThere then try('ZREM', KEYS[k], id) end
    elseif kind == 111 then
      if isThere then try('SET', KEYS[k], 'open', 'EX', '172800', 'NX') end
    else
      a = a + 1
      if isThere and (kind == 99 or call('EXISTS', KEYS[k]) == 1) then try('INCRBY', KEYS[k], ARGV[a]) end
    end
  end
  if isThere and usage ~= '' then try('XADD', KEYS[6], '*', 'usage', usage) end
  answers[2 + n] = refused or (isThere and '1' or '0')
end

local asked = tonumber(ARGV[2])
if asked == 0 then return answered() end
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local day, month = tonumber(ARGV[5]), tonumber(ARGV[7])
answers[1] = string.format('%.0f', now)
if now < day or now >= tonumber(ARGV[6]) then
  answers[2] = 'day'
  return answered()
end
local known = call('MGET', KEYS[1], KEYS[2], KEYS[3])
local epoch = known[1]
if epoch ~= ARGV[3] then
  if not epoch then
    epoch = string.format('%.0f', now)
    call('SET', KEYS[1], epoch)
  end
  call('HSETNX', KEYS[5], ARGV[4], '0')
end
if known[2] and known[2] ~= ARGV[8] and tonumber(known[2]) > tonumber(ARGV[8]) then
  answers[2] = 'config'
  return answered()
end
local began = tonumber(epoch)
if not known[3] and began > day then
  answers[2] = 'everybody'
  return answered()
end
answers[2] = epoch

local spent, budget, added = tonumber(known[3] or 0), tonumber(ARGV[9]), 0
local minute = math.floor(now / 60000)
local elapsed = now - minute * 60000
local records, names, currents, written = {}, {}, {}, 0
local function reserve(from, at, read, count, ticket)
  local layout, version, id, costText = ARGV[from + 1], ARGV[from + 2], ARGV[from + 3], ARGV[from + 4]
  local tokensAt, record, limits = from + 5, ARGV[from + 6], from + 6
  local tokens = tonumber(ARGV[tokensAt])
  local values, answer
  if read == 0 then
    values = {call('GET', KEYS[at])}
  else
    values = call('MGET', unpack(KEYS, at, at + read))
  end
  if values[1] ~= version then
    local theirs, ours = tonumber(values[1] or 0), tonumber(version)
    if theirs > ours then
      answer = {3}
    elseif theirs < ours then
      call('SET', KEYS[at], version)
      call('SET', KEYS[at] .. ':changed', now, 'EX', '3456000')
    end
  end
  if not answer then
    local changed
    for i = 1, read do
      local kind = byte(layout, i + 1)
      if not values[i + 1] and kind ~= 108 then
        local start = kind == 110 and month or day
        changed = changed or tonumber(call('GET', KEYS[at] .. ':changed') or 0)
        if began > start or changed >= start then
          answer = answer or {4}
          answer[#answer + 1] = i
        end
      end
    end
  end

  if not answer then
    local cost = tonumber(costText)
    local isSpent = spent >= budget or spent + cost > budget
    if isSpent then cost, costText = 0, '0' end
    local refused, wait = 0, 0
    answer = {isSpent and 1 or 0, 0, 0}
    for i = 1, read do
      local kind = byte(layout, i + 1)
      if kind ~= 108 then
        local value, amount = tonumber(values[i + 1] or 0), cost
        if kind == 109 then
          amount = 1
          answer[#answer + 1] = value
        end
        if refused == 0 and amount > 0 and value + amount > tonumber(ARGV[limits + i]) then refused = i end
      end
    end
    for i = read + 1, count do
      local key, limit = KEYS[at + i] .. ':', tonumber(ARGV[limits + i])
      local name, before = key .. minute, key .. (minute - 1)
      names[i] = name
      if byte(layout, i + 1) == 114 then
        local current, from = call('ZCARD', name), now - 59999
        local earlier = call('ZCOUNT', before, from, '+inf')
        if refused == 0 and current + earlier >= limit then
          refused, wait = i, 60000
          local over = current + earlier - limit
          local oldest
          if over < earlier then
            oldest = call('ZRANGEBYSCORE', before, from, '+inf', 'WITHSCORES', 'LIMIT', over, 1)
          else
            oldest = call('ZRANGE', name, over - earlier, over - earlier, 'WITHSCORES')
          end
          if oldest[2] then wait = math.min(60000, math.max(1, oldest[2] + 60000 - now)) end
        end
        currents[i] = current
        answer[#answer + 1] = current + earlier
      else
        local both = call('MGET', name, before)
        local current, last = tonumber(both[1] or 0), tonumber(both[2] or 0)
        local used = current + last * (60000 - elapsed) / 60000
        if refused == 0 and tokens > 0 and used + tokens > limit then
          refused, wait = i, 60000
          local room = limit - tokens
          if room >= current then
            wait = math.ceil(60000 * (1 - (room - current) / last)) - elapsed
          elseif room >= 0 then
            wait = 60000 - elapsed + math.ceil(60000 * (1 - room / current))
          end
        end
        currents[i] = current
        answer[#answer + 1] = math.ceil(used)
      end
    end
    for i = 1, read do
      if refused == 0 and byte(layout, i + 1) == 108 and tonumber(values[i + 1] or 0) >= tonumber(ARGV[limits + i]) then
        refused, wait = i, 1000
      end
    end

    if refused > 0 then
      answer[1], answer[2], answer[3] = 2, refused, wait
    else
      for i = 1, read do
        local kind = byte(layout, i + 1)
        local amount = (kind == 100 or kind == 110) and costText or '1'
        if values[i + 1] or kind == 108 then
          if amount ~= '0' then call('INCRBY', KEYS[at + i], amount) end
        else
          call('SET', KEYS[at + i], amount, 'EX', kind == 110 and '2937600' or '259200')
        end
        written = i
      end
      for i = read + 1, count do
        if byte(layout, i + 1) == 114 then
          call('ZADD', names[i], now, id)
          if currents[i] == 0 then call('EXPIRE', names[i], '180') end
        elseif currents[i] > 0 then
          call('INCRBY', names[i], ARGV[tokensAt])
        else
          call('SET', names[i], ARGV[tokensAt], 'EX', '180')
        end
        written = i
      end
      if ticket then answer[2] = call('INCR', ticket) end
      spent, added = spent + cost, added + cost
      records[#records + 1] = id
      records[#records + 1] = record .. costText .. '|' .. minute
    end
  end
  return table.concat(answer, ' ')
end
local function undo(from, at)
  local layout, id, tokens = ARGV[from + 1], ARGV[from + 3], ARGV[from + 5]
  local isFree = spent >= budget or spent + tonumber(ARGV[from + 4]) > budget
  for i = 1, written do
    local kind = byte(layout, i + 1)
    if kind == 114 then try('ZREM', names[i], id)
    elseif kind == 116 then try('DECRBY', names[i], tokens)
    elseif kind == 109 or kind == 108 then try('DECR', KEYS[at + i])
    elseif not isFree then try('DECRBY', KEYS[at + i], ARGV[from + 4]) end
  end
end
for n = 1, asked do
  local from, at, layout = a, k + 1, ARGV[a + 1]
  local read, count = byte(layout, 1) - 48, #layout - 2
  local hasTicket = byte(layout, count + 2) == 107
  k, a = at + count + (hasTicket and 1 or 0), from + 6 + count
  written = 0
  local isDone, answer = pcall(reserve, from, at, read, count, hasTicket and KEYS[k])
  if not isDone then
    undo(from, at)
    answer = failure(answer)
  end
  answers[#answers + 1] = answer
end

if #records > 0 then call('HSET', KEYS[4], unpack(records)) end
if not known[3] then
  call('SET', KEYS[3], string.format('%.0f', added), 'EX', '259200')
elseif added > 0 then
  call('INCRBY', KEYS[3], string.format('%.0f', added))
end
return answered()
`;
