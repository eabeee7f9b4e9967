import type { Script } from './script.ts'

/**
 * Stores the result of a job, unless it has one: the first one wins.
 * Keys: state, results, done, wake, trials. Arguments: job, result, TTL. Reply: the state of the run; empty if there is no such run.
 */
export const FINISH: Script = {
  name: 'harborFinish:bulk1',
  numberOfKeys: 5,
  lua: `
local state = redis.call('GET', KEYS[1])
if not state then return '' end
if state == 'abort' then return state end
if redis.call('HSETNX', KEYS[2], ARGV[1], ARGV[2]) == 1 then
  redis.call('RPUSH', KEYS[3], ARGV[1])
  redis.call('ZADD', KEYS[4], 0, '1')
  redis.call('PEXPIRE', KEYS[2], ARGV[3])
  redis.call('PEXPIRE', KEYS[3], ARGV[3])
  redis.call('PEXPIRE', KEYS[4], ARGV[3])
end
redis.call('HDEL', KEYS[5], ARGV[1])
return state`,
}

/**
 * Notes that a job which was in a killed worker begins again, unless it has killed enough.
 * Keys: trials. Arguments: job, maximum, TTL. Reply: how often it was begun before, without an end.
 */
export const TRY: Script = {
  name: 'harborTry:bulk1',
  numberOfKeys: 1,
  lua: `
local before = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0')
if before < tonumber(ARGV[2]) then
  redis.call('HINCRBY', KEYS[1], ARGV[1], 1)
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
return before`,
}

/**
 * Takes back what TRY has noted, for a job that a worker gives back without a result.
 * Keys: trials. Arguments: job.
 */
export const UNTRY: Script = {
  name: 'harborUntry:bulk1',
  numberOfKeys: 1,
  lua: `
local before = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0')
if before > 1 then return redis.call('HINCRBY', KEYS[1], ARGV[1], -1) end
return redis.call('HDEL', KEYS[1], ARGV[1])`,
}

/**
 * Returns 1 if workers have jobs, or jobs are marked as perhaps lost.
 * Keys: BullMQ's list of the jobs that workers have, and its set of marked jobs.
 */
export const IS_BUSY: Script = {
  name: 'harborIsBusy:bulk1',
  numberOfKeys: 2,
  lua: `return redis.call('EXISTS', KEYS[1]) + redis.call('EXISTS', KEYS[2]) > 0 and 1 or 0`,
}

/**
 * Gives a key a TTL.
 * Keys: the key. Arguments: TTL.
 */
export const EXPIRE: Script = {
  name: 'harborExpire:bulk1',
  numberOfKeys: 1,
  lua: `return redis.call('PEXPIRE', KEYS[1], ARGV[1])`,
}
