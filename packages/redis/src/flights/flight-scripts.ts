import { scriptOf } from '../client/timed-script.ts'

/*
 * What Redis holds of a flight, which is a call that one process, the leader, sends for all:
 *
 * - the lock: a hash with the token of the leader (t), the epoch of its beginning (e), its state (s: `full` or `done`), and whether a process
 *   follows (f);
 * - the stream: the events of one leader, each with its number (n), kind (k) and data (d);
 * - the life key, which the leader renews together with the lock.
 *
 * The epoch changes when cached answers are invalidated. A call never joins a flight of an earlier epoch. A flight whose lock another process has
 * taken goes on for those that follow it.
 */

/**
 * Takes the lead, or finds the leader.
 *
 * KEYS lock, epoch, the stream and the life key of this token. ARGV token, time to live of the lock, a new epoch or an empty text, how long an
 * epoch is remembered, time to live of the stream.
 * Returns `lead`, `alone`, or `follow` with the token of the leader and how long its lock is valid.
 */
export const ENTER = scriptOf(`
if ARGV[3] ~= '' then redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[4]) end
local epoch = redis.call('GET', KEYS[2]) or ''
local flight = redis.call('HMGET', KEYS[1], 't', 'e', 's')
if flight[1] and flight[2] == epoch then
  if flight[3] == 'full' then return {'alone'} end
  redis.call('HSET', KEYS[1], 'f', '1')
  return {'follow', flight[1], tostring(redis.call('PTTL', KEYS[1]))}
end
redis.call('HMSET', KEYS[1], 't', ARGV[1], 'e', epoch)
redis.call('HDEL', KEYS[1], 's', 'f')
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('SET', KEYS[4], '1', 'PX', ARGV[2])
redis.call('XADD', KEYS[3], '*', 'n', '0', 'k', 'begin', 'd', '')
redis.call('PEXPIRE', KEYS[3], ARGV[5])
return {'lead'}
`)

/**
 * Passes on events of the leader. If Redis has lost the earlier ones, those that have read them follow on, and no other process joins.
 *
 * KEYS lock, stream, life key. ARGV token, time to live of the lock and the life key, of the lock at the end of the flight (empty before, 0 deletes
 * it), of the stream, the state of the flight, the maximum number of events in the stream, then number, kind and data of each event.
 * Returns `lost` if Redis has lost the flight; else `followed` or `alone`.
 */
export const PUBLISH = scriptOf(`
local isOwn = redis.call('HGET', KEYS[1], 't') == ARGV[1]
local isLost = redis.call('EXISTS', KEYS[2]) == 0
for i = 7, #ARGV, 3 do
  redis.call('XADD', KEYS[2], 'MAXLEN', ARGV[6], '*', 'n', ARGV[i], 'k', ARGV[i + 1], 'd', ARGV[i + 2])
end
redis.call('PEXPIRE', KEYS[2], ARGV[4])
redis.call('SET', KEYS[3], '1', 'PX', ARGV[2])
if isLost then
  if isOwn then redis.call('DEL', KEYS[1]) end
  return {'lost'}
end
if not isOwn then return {'followed'} end
local followed = redis.call('HGET', KEYS[1], 'f')
if ARGV[3] == '0' then
  redis.call('DEL', KEYS[1])
else
  if ARGV[5] ~= '' then redis.call('HSET', KEYS[1], 's', ARGV[5]) end
  redis.call('PEXPIRE', KEYS[1], ARGV[3] == '' and ARGV[2] or ARGV[3])
end
return {followed and 'followed' or 'alone'}
`)

/**
 * Renews several flights.
 *
 * KEYS lock, stream and life key of each flight. ARGV time to live of locks and life keys, of streams, then the token of each flight. Returns the
 * same as PUBLISH for each flight.
 */
export const RENEW = scriptOf(`
local states = {}
for i = 1, #KEYS / 3 do
  local lock, stream, life = KEYS[3 * i - 2], KEYS[3 * i - 1], KEYS[3 * i]
  local isOwn = redis.call('HGET', lock, 't') == ARGV[i + 2]
  redis.call('SET', life, '1', 'PX', ARGV[1])
  if redis.call('PEXPIRE', stream, ARGV[2]) == 0 then
    if isOwn then redis.call('DEL', lock) end
    states[i] = 'lost'
  elseif isOwn then
    redis.call('PEXPIRE', lock, ARGV[1])
    states[i] = redis.call('HGET', lock, 'f') and 'followed' or 'alone'
  else
    states[i] = 'followed'
  end
end
return states
`)

/** Ends the blocking read of a process, so that it also reads the stream of a further flight. KEYS wake-up stream. */
export const WAKE = scriptOf(`
redis.call('XADD', KEYS[1], 'MAXLEN', '1', '*', 'w', '1')
redis.call('PEXPIRE', KEYS[1], '60000')
return {}
`)
