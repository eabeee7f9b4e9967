/** A member (process) that called a target within this time takes part in its votes, in milliseconds. */
const WINDOW_MS = 10_000
/** A member that has reported within this time is present, in milliseconds. The vote of another one does not count. */
const PRESENCE_MS = 10_000
/** The maximum time that a vote counts, in milliseconds. */
const MAX_VOTE_MS = 60_000
/** A member that may probe and does not, or does not report, loses the right after this time, in milliseconds. */
const LEASE_MS = 2_000
/** After a failed probe, other members may probe this much earlier than the one that failed, in milliseconds. */
const HEAD_START_MS = 1_000
/** An opening that no member has probed for this time after its open time is void, in milliseconds: no member has called the target. */
const STALE_MS = 60_000
/** The maximum number of members of a fleet, and of the callers of a target. */
const MAX_MEMBERS = 1_000
/** The maximum number of targets and cooldowns of a fleet. */
const MAX_ENTRIES = 2_000
/** The maximum number of changes in one reply. */
const MAX_NEWS = 200

/**
 * What members share of their circuits and cooldowns. One run of the script takes what a member reports, and returns what has changed since its last
 * report.
 *
 * The opening of a target has a generation, which is the version of the board at which it opened, so no two openings have the same. A member reports
 * the generation that it knows: a late success or failure of an older probe changes nothing. The probe of an opening is a lease: `holder`, until
 * `lease`. Votes and callers of a target are sets with the time of each member.
 *
 * KEYS: state, changes, members, cooldowns, then for each target: callers, votes
 * ARGV: member, epoch, version, whether the member leaves, number of targets, then for each target: digest, whether it was called, what has happened
 * (open, close, withdraw or ""), open time in ms, number of openings in a row, whether it is about the account, known generation, request (probe, early,
 * renew, release or ""), then for each cooldown: digest, ms
 * Returns: epoch, version, number of members, 1 if there are more changes, then for each change: kind (t or c), digest, whether it is open, generation,
 * remaining ms, number of openings in a row, ms until the lease of this member ends
 *
 * `ahead`: where the clock was set back, time goes on from its latest value.
 *
 * The first write is that of the member: if Redis refuses it, because its memory is full, nothing has changed.
 */
export const BOARD_SCRIPT = `
local DAY = 86400000
local time = redis.call('TIME')
local clock = tonumber(time[1]) * 1000 + tonumber(time[2]) / 1000
local member, since, count = ARGV[1], tonumber(ARGV[3]), tonumber(ARGV[5])
local meta = redis.call('HMGET', KEYS[1], '#epoch', '#version', '#at', '#ahead')
local epoch = meta[1] or (time[1] .. '.' .. time[2] .. '.' .. member)
local newest = redis.call('ZREVRANGE', KEYS[2], 0, 0, 'WITHSCORES')
local version = math.max(tonumber(meta[2] or 0), tonumber(newest[2] or 0))
local ahead = math.max(tonumber(meta[4] or 0), tonumber(meta[3] or 0) - clock)
local now = clock + ahead
local isKnown = ARGV[2] == epoch
if not isKnown or since > version then since = 0 end

redis.call('ZADD', KEYS[3], now, member)
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now - ${PRESENCE_MS})
redis.call('ZREMRANGEBYRANK', KEYS[3], 0, -${MAX_MEMBERS + 1})

local function changed(id)
  version = version + 1
  redis.call('ZADD', KEYS[2], version, id)
end

local function isFollowed(callers, votes)
  local present, voted = redis.call('ZCARD', callers), 0
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', votes, now, '+inf', 'LIMIT', 0, ${MAX_MEMBERS})) do
    if redis.call('ZSCORE', KEYS[3], id) then
      voted = voted + 1
      if not redis.call('ZSCORE', callers, id) then present = present + 1 end
    end
  end
  return voted >= math.max(2, math.ceil(present * 0.3 - 1e-9))
end

local function read(digest)
  local packed = redis.call('HGET', KEYS[1], digest)
  local target = packed and cmsgpack.unpack(packed)
  if target and target.lease <= now and target.till + ${STALE_MS} < now then target.open = false end
  return target or { g = 0, open = false, till = 0, opens = 0, holder = '', lease = 0, failed = '' }
end

local reply, listed = {}, {}
local function text(number) return string.format('%.17g', number) end
local function line(...)
  for _, each in ipairs({ ... }) do reply[#reply + 1] = each end
end
local function lineOfTarget(digest, target)
  if listed[digest] then return end
  listed[digest] = true
  local lease = target.open and target.holder == member and math.max(0, target.lease - now) or 0
  line('t', digest, target.open and '1' or '0', text(target.g), text(math.max(0, target.till - now)), text(target.opens), text(lease))
end

for i = 1, count do
  local at = 5 + (i - 1) * 8
  local digest, event, ask = ARGV[at + 1], ARGV[at + 3], ARGV[at + 8]
  local forMs, opens = math.min(tonumber(ARGV[at + 4]), DAY), tonumber(ARGV[at + 5])
  local generation = isKnown and tonumber(ARGV[at + 7]) or 0
  local callers, votes = KEYS[3 + 2 * i], KEYS[4 + 2 * i]
  redis.call('ZREMRANGEBYSCORE', callers, '-inf', now - ${WINDOW_MS})
  if ARGV[at + 2] == '1' then
    redis.call('ZADD', callers, now, member)
    redis.call('ZREMRANGEBYRANK', callers, 0, -${MAX_MEMBERS + 1})
    redis.call('PEXPIRE', callers, ${2 * WINDOW_MS})
  end
  local target = event ~= '' and read(digest) or ask ~= '' and read(digest)
  if target then
    local isMine, isHeld = target.holder == member, target.lease > now
    local isSame = target.open and generation == target.g
    if event == 'open' and (not target.open or isSame and isMine) then
      local isProbe = target.open
      if not isProbe then
        redis.call('ZADD', votes, now + math.min(forMs, ${MAX_VOTE_MS}), member)
        redis.call('ZREMRANGEBYRANK', votes, 0, -${MAX_MEMBERS + 1})
        redis.call('PEXPIRE', votes, ${MAX_VOTE_MS})
      end
      if isProbe or ARGV[at + 6] == '1' or isFollowed(callers, votes) then
        changed('t' .. digest)
        redis.call('DEL', votes)
        target = {
          g = version, open = true, till = now + forMs, opens = opens, holder = '', lease = 0, failed = isProbe and member or ''
        }
      end
    elseif event == 'close' or event == 'withdraw' then
      redis.call('ZREM', votes, member)
      if event == 'close' and isSame and (isMine or not isHeld) then
        changed('t' .. digest)
        target.open, target.holder, target.lease = false, '', 0
      end
    end
    isMine, isHeld = target.holder == member, target.lease > now
    if target.open and (ask == 'probe' or ask == 'early') and (isMine or not isHeld) then
      local isDue = ask == 'early' or now >= target.till
      if isDue and (target.failed ~= member or now >= target.till + ${HEAD_START_MS}) then
        target.holder, target.lease = member, now + ${LEASE_MS}
      end
    elseif target.open and ask == 'renew' and isMine then
      target.lease = now + ${LEASE_MS}
    elseif ask == 'release' and isMine then
      target.holder, target.lease = '', 0
    end
    if target.g > 0 then redis.call('HSET', KEYS[1], digest, cmsgpack.pack(target)) end
    lineOfTarget(digest, target)
  end
end

for i = 6 + 8 * count, #ARGV, 2 do
  local till = now + math.min(tonumber(ARGV[i + 1]), DAY)
  local known = redis.call('ZSCORE', KEYS[4], ARGV[i])
  if not known or tonumber(known) < till then
    redis.call('ZADD', KEYS[4], till, ARGV[i])
    changed('c' .. ARGV[i])
  end
end

local function drop(ids)
  for _, id in ipairs(ids) do
    redis.call('ZREM', KEYS[2], id)
    if string.sub(id, 1, 1) == 't' then redis.call('HDEL', KEYS[1], string.sub(id, 2))
    else redis.call('ZREM', KEYS[4], string.sub(id, 2)) end
  end
end
for _, digest in ipairs(redis.call('ZRANGEBYSCORE', KEYS[4], '-inf', now, 'LIMIT', 0, 100)) do drop({ 'c' .. digest }) end
local excess = redis.call('ZCARD', KEYS[2]) - ${MAX_ENTRIES}
if excess > 0 then drop(redis.call('ZRANGE', KEYS[2], 0, excess - 1)) end

local news = redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. text(since), '+inf', 'WITHSCORES', 'LIMIT', 0, ${MAX_NEWS})
local isPart = #news == ${2 * MAX_NEWS}
for i = 1, #news, 2 do
  local kind, digest = string.sub(news[i], 1, 1), string.sub(news[i], 2)
  if kind == 't' then lineOfTarget(digest, read(digest))
  else line('c', digest, '1', '0', text(math.max(0, tonumber(redis.call('ZSCORE', KEYS[4], digest) or 0) - now)), '0', '0') end
end

redis.call('HSET', KEYS[1], '#epoch', epoch, '#version', text(version), '#at', text(now), '#ahead', text(ahead))
if ARGV[4] == '1' then
  redis.call('ZREM', KEYS[3], member)
  for i = 1, count do redis.call('ZREM', KEYS[3 + 2 * i], member) end
end
for i = 1, 4 do redis.call('PEXPIRE', KEYS[i], DAY + 3600000) end
return { epoch, isPart and news[#news] or text(version), text(redis.call('ZCARD', KEYS[3])), isPart and '1' or '0', unpack(reply) }
`
