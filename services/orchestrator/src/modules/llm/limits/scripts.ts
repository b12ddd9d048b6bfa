/**
 * Hands over usage that comes by another way than the settlement of a reservation, and counts it once, however often it
 * comes: an estimate as long as nothing better is known, then what it was wrong by. Counters that nobody has asked for do
 * not begin here: they are read from the database when they are.
 *
 * KEYS: late, usage, epoch, counters…
 * ARGV: usage, epoch of the reservation ('' = it is known to be lost), estimate or true, then what is added to each
 * counter: a cost, or m = one message.
 * Answers 0 when there is nothing to do: it was settled before.
 */
export const ADD_LATE = `
local call = redis.call
local mark = call('GET', KEYS[1])
if not mark and ARGV[2] ~= '' and call('GET', KEYS[3]) == ARGV[2] then return 0 end
call('XADD', KEYS[2], '*', 'usage', ARGV[1])
local estimated = mark and string.match(mark, '^estimated (%d+)$')
if mark == 'counted' or (estimated and ARGV[3] == 'estimate') then return 1 end
local cost = '0'
for i = 4, #KEYS do
  local amount = ARGV[i]
  if amount == 'm' then
    amount = estimated and 0 or 1
  else
    cost = amount
    amount = amount - (estimated or 0)
  end
  if amount ~= 0 and call('EXISTS', KEYS[i]) == 1 then call('INCRBY', KEYS[i], string.format('%.0f', amount)) end
end
call('SET', KEYS[1], ARGV[3] == 'estimate' and 'estimated ' .. cost or 'counted', 'EX', 172800)
return 1
`;

/**
 * KEYS: gateways, reserved, zone, epoch. ARGV: gateway, then its zone with its first beat, '' later. Days of a zone that
 * was left and is taken up again were not counted in between: nothing of it is believed to be 0.
 * Answers how many reservations the gateway has.
 */
export const BEAT = `
local call = redis.call
if ARGV[2] ~= '' then
  local before = call('GETSET', KEYS[3], ARGV[2])
  if before and before ~= ARGV[2] then call('DEL', KEYS[4]) end
end
call('HINCRBY', KEYS[1], ARGV[1], 1)
return call('HLEN', KEYS[2])
`;

/** Forgets a gateway unless it has come back to life. KEYS: gateways, reserved. ARGV: gateway, its last beat. */
export const BURY = `
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] and redis.call('EXISTS', KEYS[2]) == 0 then
  redis.call('HDEL', KEYS[1], ARGV[1])
end
`;
