import type { Script } from './script.ts'

/**
 * Takes or renews the lease of a queue, and writes the state of the run. A lease of the same run is taken over at once: the lock of its journal has
 * decided already that no other process coordinates the run.
 * Keys: lease, state, list of waiting jobs, BullMQ's other keys of the queue, which get a TTL. Arguments: token of the run, owner, duration of the
 * lease, TTL, state.
 * Reply: `ours`, the number of waiting jobs, and whether the lease was there; or `theirs`, the holder, and the time that its lease has left.
 */
export const HOLD: Script = {
  name: 'harborHold:bulk1',
  numberOfKeys: 9,
  lua: `
local run = ARGV[1] .. ' '
local held = redis.call('GET', KEYS[1])
if held and string.sub(held, 1, #run) ~= run then
  return { 'theirs', held, tostring(redis.call('PTTL', KEYS[1])) }
end
redis.call('SET', KEYS[1], run .. ARGV[2], 'PX', ARGV[3])
redis.call('SET', KEYS[2], ARGV[5], 'PX', ARGV[4])
for at = 3, #KEYS do redis.call('PEXPIRE', KEYS[at], ARGV[4]) end
return { 'ours', tostring(redis.call('LLEN', KEYS[3])), held and 'yes' or 'no' }`,
}

/**
 * Removes the waiting jobs of other runs, whose coordinator is gone. The name of a job is the token of its run.
 * Keys: list of waiting jobs. Arguments: token of the run, prefix of jobs. Reply: the number of removed jobs.
 */
export const PURGE: Script = {
  name: 'harborPurge:bulk1',
  numberOfKeys: 1,
  lua: `
local ids = redis.call('LRANGE', KEYS[1], 0, -1)
local removed = 0
for _, id in ipairs(ids) do
  if redis.call('HGET', ARGV[2] .. id, 'name') ~= ARGV[1] then
    redis.call('LREM', KEYS[1], 1, id)
    redis.call('DEL', ARGV[2] .. id)
    removed = removed + 1
  end
end
return removed`,
}

/**
 * Returns what is there of a run, for a coordinator that takes it over. All at once: a job that ends leaves the queue and has its result.
 * Keys: results, list of waiting jobs, list of the jobs that workers have. Reply: the number of results, the jobs of the results, the other jobs.
 */
export const EARLIER: Script = {
  name: 'harborEarlier:bulk1',
  numberOfKeys: 3,
  lua: `
local reply = redis.call('HKEYS', KEYS[1])
table.insert(reply, 1, tostring(#reply))
for at = 2, 3 do
  for _, id in ipairs(redis.call('LRANGE', KEYS[at], 0, -1)) do reply[#reply + 1] = id end
end
return reply`,
}

/**
 * Removes half of the waiting jobs, but at least one; the last ones first. It only reads and removes, which Redis does when its memory is full.
 * Keys: list of waiting jobs. Arguments: prefix of jobs. Reply: the removed jobs.
 */
export const REMOVE_HALF: Script = {
  name: 'harborRemoveHalf:bulk1',
  numberOfKeys: 1,
  lua: `
local reply = {}
for at = 1, math.ceil(redis.call('LLEN', KEYS[1]) / 2) do
  reply[at] = redis.call('LPOP', KEYS[1])
  redis.call('DEL', ARGV[1] .. reply[at])
end
return reply`,
}

/**
 * Takes results from the list of new ones. They stay in the hash until the coordinator has stored them.
 * Keys: results, done. Arguments: maximum number, number of bytes after which no more are taken. Reply: job, result, job, result …
 */
export const TAKE: Script = {
  name: 'harborTake:bulk1',
  numberOfKeys: 2,
  lua: `
local reply, bytes = {}, 0
for _ = 1, tonumber(ARGV[1]) do
  local id = redis.call('LPOP', KEYS[2])
  if not id then break end
  local result = redis.call('HGET', KEYS[1], id)
  if result then
    reply[#reply + 1] = id
    reply[#reply + 1] = result
    bytes = bytes + #result
    if bytes >= tonumber(ARGV[2]) then break end
  end
end
return reply`,
}

/**
 * Looks for jobs. Those that exist expire later, and those that have a result are put into the list of new results again.
 * Keys: results, done, wake, list of waiting jobs. Arguments: prefix of jobs, TTL, jobs.
 * Reply: for each job `r` (it has a result), `a` (a worker has it), `j` (it exists, and no worker has it now), or `-` (it is lost).
 */
export const LOOK: Script = {
  name: 'harborLook:bulk1',
  numberOfKeys: 4,
  lua: `
local reply = {}
for at = 3, #ARGV do
  local id = ARGV[at]
  local job = ARGV[1] .. id
  if redis.call('HEXISTS', KEYS[1], id) == 1 then
    redis.call('RPUSH', KEYS[2], id)
    redis.call('ZADD', KEYS[3], 0, '1')
    reply[#reply + 1] = 'r'
  elseif redis.call('PEXPIRE', job, ARGV[2]) == 0 then
    reply[#reply + 1] = '-'
  else
    reply[#reply + 1] = redis.call('EXISTS', job .. ':lock') == 1 and 'a' or 'j'
  end
end
if redis.call('EXISTS', KEYS[2]) == 1 then
  redis.call('PEXPIRE', KEYS[2], ARGV[2])
  redis.call('PEXPIRE', KEYS[3], ARGV[2])
end
redis.call('PEXPIRE', KEYS[4], ARGV[2])
return table.concat(reply)`,
}

/**
 * Removes the keys of a run that has ended, and the lease if it is its own. After an abort the state stays for a minute, for the workers.
 * Keys: lease, state, results, done, wake, trials. Arguments: token of the run, owner, TTL of the state or 0.
 */
export const END: Script = {
  name: 'harborEnd:bulk1',
  numberOfKeys: 6,
  lua: `
if redis.call('GET', KEYS[1]) == ARGV[1] .. ' ' .. ARGV[2] then redis.call('DEL', KEYS[1]) end
redis.call('DEL', KEYS[3], KEYS[4], KEYS[5], KEYS[6])
if ARGV[3] == '0' then return redis.call('DEL', KEYS[2]) end
redis.call('SET', KEYS[2], 'abort', 'PX', ARGV[3])
return 1`,
}
