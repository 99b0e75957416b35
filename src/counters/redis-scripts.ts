/**
 * What runs inside Redis: each operation is one script, hence one round trip, and atomic. All keys begin with the same
 * hash tag, so they live in one slot of a cluster. `<epoch>` names the life of this set of counters (redis-epoch.ts).
 *
 *   {tag}:epoch           hash: id, open, since, need, run, seen, quiet
 *   {tag}:<epoch>:c:<id>  a counter. u: used, h: held, s: start of its rolling window. No u: balance not loaded yet
 *   {tag}:<epoch>:m:<id>  a balance that is not loaded moved: how often (#), and when by which process
 *   {tag}:<epoch>:leases  holds by the end of their lease; `lapsed`: those that ended by themselves, by when
 *   {tag}:<epoch>:holds   what each holds, so that any process can end the holds of another that is gone
 *   {tag}:<epoch>:seqs    the last batch of adjustments of each process
 *   {tag}:<epoch>:a:<n>   change number n of the change feed has been counted
 *
 * Numbers are whole and below 2^53, which Lua's doubles hold exactly; they are written by HINCRBY or '%.0f'.
 * Every script takes the epoch (ARGV[1]) and the time (ARGV[2]; empty: Redis's own clock).
 */

/** Counters at rest are forgotten after this; balances come back from the ledger. */
const FORGET_MS = 3_600_000;
const DAY_MS = 86_400_000;

const CLOCK = `
local function clock(given)
  if given ~= '' then return tonumber(given) end
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end
-- Adding 0 makes 0 of -0, which no command takes.
local function whole(n) return string.format('%.0f', n + 0) end
`;

const START = `${CLOCK}
local e = redis.call('HMGET', KEYS[1], 'id', 'open', 'seen', 'quiet')
if e[1] ~= ARGV[1] then return {'epoch'} end
local root = string.sub(KEYS[1], 1, -6) .. ARGV[1] .. ':'
local now = clock(ARGV[2])
`;

/** A balance that nobody has loaded moved: whoever is loading it has to look again. */
const MOVED = `
local function moved(id, who)
  local key = root .. 'm:' .. id
  redis.call('HINCRBY', key, '#', 1)
  redis.call('HSET', key, who, whole(now))
  redis.call('PEXPIRE', key, 60000)
end
local function spend(id, amount, who)
  local key = root .. 'c:' .. id
  if redis.call('HEXISTS', key, 'u') == 1 then redis.call('HINCRBY', key, 'u', whole(amount)) else moved(id, who) end
end
`;

/** Ends leases that have run out. Not when Redis was out of everybody's reach: their processes could not renew. */
const EXPIRE_DUE = `
local function expireDue(most, quietMs)
  if quietMs > 0 and ((e[3] and now - tonumber(e[3]) > quietMs) or (e[4] and now < tonumber(e[4]))) then return 0 end
  local due = redis.call('ZRANGEBYSCORE', root .. 'leases', '-inf', whole(now), 'LIMIT', 0, most)
  for _, hold in ipairs(due) do
    local packed = redis.call('HGET', root .. 'holds', hold)
    if packed then
      local parts = cmsgpack.unpack(packed)
      for i = 1, #parts, 3 do
        local key = root .. 'c:' .. parts[i]
        local c = redis.call('HMGET', key, 'h', 's')
        if c[1] and tonumber(c[2] or '0') == parts[i + 2] then
          redis.call('HINCRBY', key, 'h', whole(-parts[i + 1]))
        end
      end
      redis.call('HDEL', root .. 'holds', hold)
    end
    redis.call('ZREM', root .. 'leases', hold)
    redis.call('ZADD', root .. 'lapsed', whole(now), hold)
  end
  return #due
end
`;

/** ARGV: 3 lease, 4 hold, 5 process, 6 lag of others' bills, 7 balances read at, 8 quiet; then 8 for each counter. */
const RESERVE = `${START}${EXPIRE_DUE}
if e[2] ~= '1' then return {'closed'} end
expireDue(20, tonumber(ARGV[8]))
local count = (#ARGV - 8) / 8
local states, byKey, missing, wait = {}, {}, {}, 0
for i = 1, count do
  local at = 8 + (i - 1) * 8
  local key = KEYS[i + 1]
  local state = byKey[key]
  if not state then
    local c = redis.call('HMGET', key, 'u', 'h', 's')
    local used = c[1]
    if ARGV[at + 2] == 'nano_usd' and not used then
      local seq, late = '0', 0
      local marks = redis.call('HGETALL', root .. 'm:' .. ARGV[at + 1])
      for j = 1, #marks, 2 do
        if marks[j] == '#' then seq = marks[j + 1]
        elseif marks[j] ~= ARGV[5] and marks[j] ~= 'ledger' then
          late = math.max(late, tonumber(marks[j + 1]) + tonumber(ARGV[6]))
        end
      end
      if ARGV[at + 7] ~= '' and ARGV[at + 8] == seq and tonumber(ARGV[7]) >= late then
        used = ARGV[at + 7]
        redis.call('HSET', key, 'u', used)
        redis.call('PEXPIRE', key, ${FORGET_MS})
      else
        missing[#missing + 1] = i
        missing[#missing + 1] = tonumber(seq)
        wait = math.max(wait, late - now)
      end
    end
    state = {tonumber(used or '0'), tonumber(c[2] or '0'), tonumber(c[3] or '0')}
    local window = tonumber(ARGV[at + 6])
    if window > 0 and state[3] > 0 and now >= state[3] + window then state = {0, 0, 0} end
    byKey[key] = state
  end
  states[i] = state
end
if #missing > 0 then return {'missing', now, wait, unpack(missing)} end
for i = 1, count do
  local at = 8 + (i - 1) * 8
  local s = states[i]
  if s[1] + s[2] + tonumber(ARGV[at + 4]) > tonumber(ARGV[at + 5]) then return {'short', now, i, s[1], s[2], s[3]} end
end
local answer, packed = {'held', now}, {}
for i = 1, count do
  local at = 8 + (i - 1) * 8
  local key, s, window = KEYS[i + 1], states[i], tonumber(ARGV[at + 6])
  local granted = math.min(tonumber(ARGV[at + 3]), tonumber(ARGV[at + 5]) - s[1] - s[2])
  if window > 0 and s[3] == 0 then s[3] = now end
  for _, value in ipairs({s[1], s[2], granted, s[3]}) do answer[#answer + 1] = value end
  s[2] = s[2] + granted
  redis.call('HSET', key, 'u', whole(s[1]), 'h', whole(s[2]), 's', whole(s[3]))
  redis.call('PEXPIRE', key, math.max(${FORGET_MS}, 2 * window))
  packed[#packed + 1] = ARGV[at + 1]
  packed[#packed + 1] = granted
  packed[#packed + 1] = s[3]
end
redis.call('HSET', root .. 'holds', ARGV[4], cmsgpack.pack(packed))
redis.call('ZADD', root .. 'leases', whole(now + tonumber(ARGV[3])), ARGV[4])
return answer
`;

/** ARGV: 3 hold, 4 'settle' or 'release', 5 process; then id, unit, granted, window start, used for each counter. */
const FINISH = `${START}${MOVED}
local held = redis.call('ZREM', root .. 'leases', ARGV[3]) == 1
local settling = ARGV[4] == 'settle'
if held then redis.call('HDEL', root .. 'holds', ARGV[3])
elseif redis.call('ZREM', root .. 'lapsed', ARGV[3]) == 0 then return {'ended'} end
for at = 5, #ARGV - 5, 5 do
  local id, money, used = ARGV[at + 1], ARGV[at + 2] == 'nano_usd', tonumber(ARGV[at + 5])
  if held then
    local key = root .. 'c:' .. id
    local c = redis.call('HMGET', key, 'h', 's')
    if c[1] and tonumber(c[2] or '0') == tonumber(ARGV[at + 4]) then
      redis.call('HINCRBY', key, 'h', whole(-tonumber(ARGV[at + 3])))
      if settling and not money and used ~= 0 then redis.call('HINCRBY', key, 'u', whole(used)) end
    end
  end
  if settling and money and used ~= 0 then spend(id, used, ARGV[5]) end
end
return {held and 'held' or 'lapsed'}
`;

/** ARGV: 3 lease, 4 hold. */
const RENEW = `${START}
if not redis.call('ZSCORE', root .. 'leases', ARGV[4]) then return {'ended'} end
redis.call('ZADD', root .. 'leases', whole(now + tonumber(ARGV[3])), ARGV[4])
for i = 2, #KEYS do
  if redis.call('PTTL', KEYS[i]) < ${FORGET_MS} then redis.call('PEXPIRE', KEYS[i], ${FORGET_MS}) end
end
return {'held'}
`;

/**
 * A hold that Redis does not know (any more) of a call that lives: it takes its place whatever the ceilings say.
 * ARGV: 3 lease, 4 hold; then id, granted, window, window start for each counter. Answers with the window starts.
 */
const RESTORE = `${START}
local known = redis.call('ZSCORE', root .. 'leases', ARGV[4])
redis.call('ZADD', root .. 'leases', whole(now + tonumber(ARGV[3])), ARGV[4])
if known then return {'held'} end
redis.call('ZREM', root .. 'lapsed', ARGV[4])
local answer, packed = {'restored'}, {}
for at = 4, #ARGV - 4, 4 do
  local id, granted, window, start = ARGV[at + 1], tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
  local key = root .. 'c:' .. id
  if window == 0 or now < start + window then
    local open = tonumber(redis.call('HGET', key, 's') or '0')
    if window > 0 and (open == 0 or now >= open + window) then
      redis.call('HSET', key, 'u', 0, 'h', 0, 's', whole(start))
    else
      start = open
    end
    redis.call('HINCRBY', key, 'h', whole(granted))
    redis.call('PEXPIRE', key, math.max(${FORGET_MS}, 2 * window))
    packed[#packed + 1] = id
    packed[#packed + 1] = granted
    packed[#packed + 1] = start
  end
  answer[#answer + 1] = start
end
redis.call('HSET', root .. 'holds', ARGV[4], cmsgpack.pack(packed))
return answer
`;

/** ARGV: 3 who is to be waited for; then the counters whose balances are to be read anew. */
const REREAD = `${START}${MOVED}
for at = 4, #ARGV do
  local key = root .. 'c:' .. ARGV[at]
  if redis.call('HDEL', key, 'u') == 1 then moved(ARGV[at], ARGV[3]) end
end
return {'ok'}
`;

/** u (empty: not loaded), h and s of each key. */
const READ = `${START}
local answer = {'ok', now}
for i = 2, #KEYS do
  local c = redis.call('HMGET', KEYS[i], 'u', 'h', 's')
  answer[#answer + 1] = c[1] and tonumber(c[1]) or ''
  answer[#answer + 1] = tonumber(c[2] or '0')
  answer[#answer + 1] = tonumber(c[3] or '0')
end
return answer
`;

/** ARGV: 3 process, 4 number of the batch; then id, amount and change for each. */
const ADJUST = `${START}${MOVED}
local last = redis.call('HGET', root .. 'seqs', ARGV[3])
if last and tonumber(last) >= tonumber(ARGV[4]) then return {'known'} end
redis.call('HSET', root .. 'seqs', ARGV[3], ARGV[4])
for at = 4, #ARGV - 3, 3 do
  local change = ARGV[at + 3]
  if change == '' then spend(ARGV[at + 1], tonumber(ARGV[at + 2]), ARGV[3])
  elseif redis.call('SET', root .. 'a:' .. change, 1, 'NX', 'PX', ${DAY_MS}) then
    spend(ARGV[at + 1], tonumber(ARGV[at + 2]), 'ledger')
  end
end
return {'ok'}
`;

/** ARGV: 3 quiet. */
const EXPIRE = `${START}${EXPIRE_DUE}
local freed = expireDue(1000, tonumber(ARGV[3]))
if freed > 0 then redis.call('ZREMRANGEBYSCORE', root .. 'lapsed', '-inf', whole(now - ${DAY_MS})) end
return {'ok', freed}
`;

const COUNT_HOLDS = `${START}
return {'ok', redis.call('ZCARD', root .. 'leases')}
`;

/**
 * A sign of life, and the way into an epoch: the present one, or a new one where there is none or where it is another
 * server's. ARGV: 1 own candidate, 2 run of the server, 3 processes there are, 4 quiet, 5 epoch to end.
 */
const JOIN = `${CLOCK}
local now = clock('')
local prefix = string.sub(KEYS[1], 1, -6)
local e = redis.call('HMGET', KEYS[1], 'id', 'open', 'need', 'run', 'seen')
local id, open = e[1], e[2]
if not id or (ARGV[2] ~= '' and e[4] ~= ARGV[2]) or id == ARGV[5] then
  id, open = ARGV[1], '0'
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'id', id, 'open', open, 'since', whole(now), 'need', ARGV[3], 'run', ARGV[2])
else
  if open == '0' and tonumber(ARGV[3]) > tonumber(e[3]) then redis.call('HSET', KEYS[1], 'need', ARGV[3]) end
  local quietMs = tonumber(ARGV[4])
  if quietMs > 0 and e[5] and now - tonumber(e[5]) > quietMs then redis.call('HSET', KEYS[1], 'quiet', whole(now + 5000)) end
end
redis.call('HSET', KEYS[1], 'seen', whole(now))
for _, name in ipairs({'leases', 'holds', 'lapsed', 'seqs', 'acks'}) do
  redis.call('PEXPIRE', prefix .. id .. ':' .. name, ${DAY_MS})
end
return {id}
`;

/**
 * This process has shipped its bills and put its live holds back. The epoch opens once all have that are known of, not
 * before the fence, by which even those have come that nobody knew of, and after the patience in any case.
 * ARGV: 1 epoch, 2 process, 3 fence, 4 patience.
 */
const ACKNOWLEDGE = `${CLOCK}
local e = redis.call('HMGET', KEYS[1], 'id', 'open', 'since', 'need')
if e[1] ~= ARGV[1] then return {'epoch'} end
if e[2] == '1' then return {'open'} end
local acks = string.sub(KEYS[1], 1, -6) .. ARGV[1] .. ':acks'
redis.call('SADD', acks, ARGV[2])
local age = clock('') - tonumber(e[3])
local all = redis.call('SCARD', acks) >= tonumber(e[4])
if age >= tonumber(ARGV[4]) or (all and age >= tonumber(ARGV[3])) then
  redis.call('HSET', KEYS[1], 'open', '1')
  return {'open'}
end
return {'closed'}
`;

/** By the name under which the client sends them. */
export const REDIS_SCRIPTS = {
  reserve: RESERVE,
  finish: FINISH,
  renew: RENEW,
  restore: RESTORE,
  read: READ,
  adjust: ADJUST,
  reread: REREAD,
  expire: EXPIRE,
  countHolds: COUNT_HOLDS,
  join: JOIN,
  acknowledge: ACKNOWLEDGE,
} as const;

export type RedisScript = keyof typeof REDIS_SCRIPTS;
