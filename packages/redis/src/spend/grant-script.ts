/**
 * The money of spend limits, shared by all members (processes). A pot is the money of one limit, for one value of its label, in one period. One run of
 * the script counts what a member has spent of several pots, and decides how much of each the member holds: what it has reserved for calls in flight
 * (`r`), and beyond that a lease, which it may reserve without asking.
 *
 * What is held in a pot (`o`) and what is spent (`base + sum`) never exceed the limit together. Leases become smaller with what is left, and the last 5 %
 * is granted only for calls that wait. If too little is left for such a call, the pot is short: from then on there are no leases, and `stale` says
 * whether some member may still have one, or has not reported since, so that it is too early to refuse the call.
 *
 * Since a member reports totals, a report whose reply was lost is made good by the next one. When a lease expires, what the member had reserved counts as
 * spent, and so does the lease itself if the member had calls that used it (`busy`), because it is not known how much of it they used. Otherwise the lease
 * returns to the pot. A member that reports again nevertheless is corrected by `dead`.
 *
 * If the pot was lost, members restore it: `base` is the highest amount that one of them knew as spent, `sum` is what was spent since. Until they have all
 * reported, `ghost` keeps what others held.
 *
 * KEYS: seen, then one for each pot
 * ARGV: member, lease in ms, presence in ms, then for each pot: length of the period in ms or 0, limit, period as known or "", epoch as known or "",
 * total spent, total spent at the last acknowledged report, reserved, minimum lease to keep, amount needed for waiting calls, amount wanted as a lease,
 * 1 if calls use the lease or else 0, total spent by all as known, amount held by others as known, amount needed for the smallest waiting call
 * Returns: time in ms, number of members, then for each pot: epoch, period, end of the period or 0, lease, spent by all, held by others, reserved by
 * others, stale, short
 *
 * `ahead`: where the clock was set back, time goes on from its latest value. What a member reports of a period that is over counts as nothing. An amount
 * that is too small for any call is not held (`least`): two members with halves of it would wait for each other.
 *
 * The first write is that of a pot: if Redis refuses it, because its memory is full, nothing has changed.
 */
export const GRANT_SCRIPT = `
local HOUR, DAY = 3600000, 86400000
local FIELDS, SYNC_SHARE, CALM_MS = 14, 0.05, 1000
local time = redis.call('TIME')
local clock = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local member, leaseMs, presenceMs = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])

local since = clock - presenceMs
local members = redis.call('ZCOUNT', KEYS[1], '(' .. since, '+inf')
local seen = redis.call('ZSCORE', KEYS[1], member)
if not seen or tonumber(seen) <= since then members = members + 1 end

local function text(number) return string.format('%.17g', number) end
local reply = { text(clock), text(members) }
local writes = {}

for i = 2, #KEYS do
  local at = 4 + (i - 2) * FIELDS
  local length, limit = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
  local knownPeriod, knownEpoch = tonumber(ARGV[at + 2]), ARGV[at + 3]
  local total, acknowledged, reserved = tonumber(ARGV[at + 4]), tonumber(ARGV[at + 5]), tonumber(ARGV[at + 6])
  local floor, need, want = tonumber(ARGV[at + 7]), tonumber(ARGV[at + 8]), tonumber(ARGV[at + 9])
  local busy, seed, others = tonumber(ARGV[at + 10]), tonumber(ARGV[at + 11]), tonumber(ARGV[at + 12])
  local least = tonumber(ARGV[at + 13])

  local period = length > 0 and math.floor(clock / length) or 0
  local packed = redis.call('GET', KEYS[i])
  local pot = packed and cmsgpack.unpack(packed)
  if pot and period > pot.period then pot = nil end
  local isNew = not pot
  if isNew then
    pot = { epoch = time[1] .. '.' .. time[2] .. '.' .. member, period = period, base = 0, sum = 0, at = clock, ahead = 0, members = {} }
  end
  if knownPeriod and knownPeriod ~= pot.period then
    total, acknowledged, reserved, floor, seed, others, knownEpoch = 0, 0, 0, 0, 0, 0, ''
  end
  pot.ahead = math.max(pot.ahead, pot.at - clock)
  local now = clock + pot.ahead
  pot.at = now

  for id, each in pairs(pot.members) do
    if each.till <= now and not each.dead then
      each.dead = each.busy and each.o or each.r
      pot.sum = pot.sum + each.dead
      each.o, each.r = 0, 0
    elseif each.dead and each.till <= now - HOUR then
      pot.members[id] = nil
    end
  end
  if pot.ghost and pot.ghost.till <= now then pot.ghost = nil end

  local own = pot.members[member]
  if not own and knownEpoch ~= '' and knownEpoch ~= pot.epoch then
    pot.base = math.max(pot.base, seed)
    if isNew then
      if others > 0 then pot.ghost = { o = others, till = now + leaseMs } end
    elseif pot.ghost then
      pot.ghost.o = math.max(0, pot.ghost.o - reserved - floor)
    end
  end
  pot.sum = math.max(0, pot.sum + math.max(0, total - (own and own.c or acknowledged)) - (own and own.dead or 0))

  local held, inFlight, isStale = 0, 0, false
  for id, each in pairs(pot.members) do
    if id ~= member and not each.dead then
      held = held + each.o
      inFlight = inFlight + each.r
      if each.o > 0 and (each.at < (pot.short or now) or each.o > each.r + limit * 1e-9) then isStale = true end
    end
  end
  if pot.ghost then
    held = held + pot.ghost.o
    isStale = true
  end

  local spent = pot.base + pot.sum
  local room = math.max(0, limit - spent - held - reserved)
  local ample = limit - spent - inFlight - reserved - SYNC_SHARE * limit
  if room < need - limit * 1e-9 then pot.lack = now end
  if ample <= 0 or (pot.lack and pot.lack > now - CALM_MS) then
    pot.short = pot.short or now
  else
    pot.short, pot.lack = nil, nil
  end
  local free = room < least - limit * 1e-9 and 0 or math.min(room, need)
  if not pot.short then free = math.max(free, math.min(room, want, ample / (4 * members))) end
  free = math.max(floor, free)

  pot.members[member] = { o = reserved + free, r = reserved, busy = busy > 0, c = total, at = now, till = now + leaseMs }
  local ends = length > 0 and (pot.period + 1) * length or 0
  local ttl = length > 0 and math.max(ends - clock, 0) + HOUR or 400 * DAY
  writes[#writes + 1] = { KEYS[i], cmsgpack.pack(pot), ttl }
  for _, each in ipairs({ pot.epoch, text(pot.period), text(ends), text(free), text(spent), text(held), text(inFlight),
    isStale and '1' or '0', pot.short and '1' or '0' }) do
    reply[#reply + 1] = each
  end
end

for _, each in ipairs(writes) do redis.call('SET', each[1], each[2], 'PX', each[3]) end
redis.call('ZADD', KEYS[1], clock, member)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', since)
redis.call('PEXPIRE', KEYS[1], presenceMs + 60000)
return reply
`
