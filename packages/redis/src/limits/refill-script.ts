/**
 * The bucket of each limit, shared by all members (processes), and the leases that members hold from it. One run of the script settles what a member
 * has used, returns what it does not need, and grants what it asks for: for all limits or for none.
 *
 * The state of a limit is one number, as in GCRA: `used`, the amount that has been granted and is not refilled yet. It falls with the time of the
 * server at the rate of the limit. If there is no room now, the grant is made for the time at which there is room: requests of members then start in
 * the order of their demands, and a large one does not starve.
 *
 * A member is known by what it holds (`o`), the total that it had used at its last report (`c`), and the time at which its latest grant begins
 * (`ready`). Since it reports totals, a report whose reply was lost is made good by the next one. What a member held when its lease expired returns to
 * the bucket.
 *
 * KEYS: state, members, expiry, seen
 * ARGV: member, lease in ms, presence in ms, pause in ms, epoch, then for each limit: kind, amount per ms, capacity, total used, total used at the last
 * acknowledged report, minimum to hold, amount to hold, maximum to hold, amount left as reported by the provider or "", amount used if the state was lost
 * Returns: epoch, number of members, ms until the grant begins, remaining pause in ms, then for each limit: amount held, `used`, total used by all
 *
 * `ahead`: where the clock was set back, time goes on from its latest value. `left`: what members hold is spent after what the provider has reported.
 * `atOnce`: the grant begins at once if there is room for the minimum, with as much of the rest as there is room for; otherwise it is all of it, as soon
 * as there is room. Only the minimum may be larger than the capacity, for one large request.
 *
 * The first write is that of the state: if Redis refuses it, because its memory is full, nothing has changed.
 */
export const REFILL_SCRIPT = `
local DAY = 86400000
local time = redis.call('TIME')
local clock = tonumber(time[1]) * 1000 + tonumber(time[2]) / 1000
local member, leaseMs, presenceMs = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local pauseMs, epoch = math.min(tonumber(ARGV[4]), DAY), ARGV[5]

local packed = redis.call('GET', KEYS[1])
local state = packed and cmsgpack.unpack(packed) 
  or { epoch = time[1] .. '.' .. time[2] .. '.' .. member, at = clock, ahead = 0, paused = 0, limits = {} }
state.ahead = math.max(state.ahead, state.at - clock)
local now = clock + state.ahead
state.at = now
local limits = state.limits
local function giveBack(kind, amount)
  local limit = limits[kind]
  if not limit then return end
  limit.used = math.max(0, limit.used - math.max(0, amount))
  limit.out = limit.out - amount
end

local longest = 0
for _, limit in pairs(limits) do
  limit.used = math.max(0, limit.used - math.max(0, now - limit.at) * limit.rate)
  limit.at = now
end

local expired = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', now, 'LIMIT', 0, 100)
local lease = redis.call('ZSCORE', KEYS[3], member)
local isExpired = not lease or tonumber(lease) <= now
local isListed = false
for _, id in ipairs(expired) do isListed = isListed or id == member end
if lease and isExpired and not isListed then expired[#expired + 1] = member end
for _, id in ipairs(expired) do
  local held = redis.call('HGET', KEYS[2], id)
  if held then
    for kind, each in pairs(cmsgpack.unpack(held).limits) do giveBack(kind, each.o) end
  end
end
local saved = not isExpired and redis.call('HGET', KEYS[2], member)
local record = saved and cmsgpack.unpack(saved) or { ready = 0, limits = {} }

local asks, known = {}, {}
for i = 6, #ARGV, 10 do
  local ask = {
    kind = ARGV[i], rate = tonumber(ARGV[i + 1]), capacity = tonumber(ARGV[i + 2]), total = tonumber(ARGV[i + 3]),
    acknowledged = tonumber(ARGV[i + 4]), need = tonumber(ARGV[i + 5]), want = tonumber(ARGV[i + 6]),
    keep = tonumber(ARGV[i + 7]), left = tonumber(ARGV[i + 8]), seed = tonumber(ARGV[i + 9])
  }
  local limit = limits[ask.kind]
  if not limit then
    limit = { used = ask.seed, at = now, out = 0, total = 0 }
    limits[ask.kind] = limit
  elseif epoch ~= '' and epoch ~= state.epoch then
    limit.used = math.max(limit.used, ask.seed)
  end
  limit.rate = ask.rate
  local before = record.limits[ask.kind]
  local spent = ask.total - (before and before.c or ask.acknowledged)
  ask.held = (before and before.o or 0) - spent
  limit.total = limit.total + spent
  limit.out = limit.out - spent
  if ask.left then
    limit.used = math.max(limit.used, math.min(ask.capacity - (ask.left - math.max(0, limit.out)), ask.capacity + ask.rate * 60000))
  end
  if ask.held > ask.keep then
    giveBack(ask.kind, ask.held - ask.keep)
    ask.held = ask.keep
  end
  known[ask.kind] = true
  asks[#asks + 1] = ask
end
for kind, each in pairs(record.limits) do
  if not known[kind] then giveBack(kind, each.o) end
end

if pauseMs > 0 and now + pauseMs > state.paused then
  state.paused = now + pauseMs
  for _, ask in ipairs(asks) do
    if ask.kind ~= 'requestsPerDay' then
      local limit = limits[ask.kind]
      limit.used = math.max(limit.used, ask.capacity - (ask.kind == 'requests' and 1 or 0) + pauseMs * ask.rate)
    end
  end
end
local paused = math.max(0, math.min(state.paused - now, DAY))
state.paused = now + paused
local atOnce, share, delay = paused == 0, 1, paused
for _, ask in ipairs(asks) do
  local limit = limits[ask.kind]
  local need = math.max(0, ask.need - ask.held)
  local want = math.max(0, math.max(ask.need, math.min(ask.want, ask.capacity)) - ask.held)
  local room = ask.capacity - limit.used
  local tolerance = 1e-9 * (ask.capacity + ask.rate * 60000)
  if need > 0 and math.min(need, ask.capacity) > room + tolerance then atOnce = false end
  if want > need then share = math.min(share, math.max(0, (room - need) / (want - need))) end
  if want > 0 then
    delay = math.max(delay, (math.min(want, ask.capacity) - room) / ask.rate)
  end
  ask.grant, ask.least = want, need
end
local granted = false
for _, ask in ipairs(asks) do
  if atOnce then ask.grant = ask.least + share * (ask.grant - ask.least) end
  if ask.grant > 0 then granted = true end
end
if granted and not atOnce then record.ready = math.max(record.ready, now + delay) end

record.limits = {}
for _, ask in ipairs(asks) do
  local limit = limits[ask.kind]
  limit.used = limit.used + ask.grant
  limit.out = limit.out + ask.grant
  ask.held = ask.held + ask.grant
  record.limits[ask.kind] = { o = ask.held, c = ask.total }
end
for kind, limit in pairs(limits) do
  longest = math.max(longest, limit.used / limit.rate)
  if limit.used == 0 and limit.out < 1e-6 and not known[kind] then limits[kind] = nil end
end

local ttl = math.ceil(math.min(3 * DAY, math.max(600000, paused + 60000, longest + 60000)))
redis.call('SET', KEYS[1], cmsgpack.pack(state), 'PX', ttl)
for _, id in ipairs(expired) do
  redis.call('HDEL', KEYS[2], id)
  redis.call('ZREM', KEYS[3], id)
end
redis.call('HSET', KEYS[2], member, cmsgpack.pack(record))
redis.call('ZADD', KEYS[3], now + leaseMs, member)
redis.call('ZADD', KEYS[4], now, member)
redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', now - presenceMs)
for i = 2, 4 do redis.call('PEXPIRE', KEYS[i], ttl) end

local function text(number) return string.format('%.17g', number) end
local reply = { state.epoch, text(redis.call('ZCARD', KEYS[4])), text(math.max(0, record.ready - now)), text(paused) }
for _, ask in ipairs(asks) do
  local limit = limits[ask.kind]
  reply[#reply + 1] = text(ask.held)
  reply[#reply + 1] = text(limit.used)
  reply[#reply + 1] = text(limit.total)
end
return reply
`
