import { scriptOf } from '../client/timed-script.ts'

/*
 * What Redis holds of a flight, which is a call that one process, the leader, sends for all:
 *
 * - the lock: a hash with the token of the leader (t), the epoch of its beginning (e), its state (s: `full` or `done`), and whether a process
 *   follows (f);
 * - the stream: the events of one leader, each with its number (n), kind (k) and data (d). Its time to live is a sign of life of the leader.
 *
 * The epoch changes when cached answers are invalidated. A call never joins a flight of an earlier epoch.
 */

/**
 * Takes the lead, or finds the leader.
 *
 * KEYS lock, epoch, the stream of this token. ARGV token, time to live, a new epoch or an empty text, how long an epoch is remembered.
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
redis.call('XADD', KEYS[3], '*', 'n', '0', 'k', 'begin', 'd', '')
redis.call('PEXPIRE', KEYS[3], ARGV[2])
return {'lead'}
`)

/**
 * Passes on events of the leader.
 *
 * KEYS lock, stream. ARGV token, time to live of the lock (0 deletes it) and of the stream, the state of the flight, the maximum number of
 * events in the stream, then number, kind and data of each event.
 * Returns `lost` if the stream does not exist any more, so that the process is no leader; else `followed` or `alone`.
 */
export const PUBLISH = scriptOf(`
local isOwn = redis.call('HGET', KEYS[1], 't') == ARGV[1]
if redis.call('EXISTS', KEYS[2]) == 0 then
  if isOwn then redis.call('DEL', KEYS[1]) end
  return {'lost'}
end
for i = 6, #ARGV, 3 do
  redis.call('XADD', KEYS[2], 'MAXLEN', ARGV[5], '*', 'n', ARGV[i], 'k', ARGV[i + 1], 'd', ARGV[i + 2])
end
redis.call('PEXPIRE', KEYS[2], ARGV[3])
if not isOwn then return {'followed'} end
local followed = redis.call('HGET', KEYS[1], 'f')
if ARGV[2] == '0' then
  redis.call('DEL', KEYS[1])
else
  if ARGV[4] ~= '' then redis.call('HSET', KEYS[1], 's', ARGV[4]) end
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return {followed and 'followed' or 'alone'}
`)

/**
 * Renews the locks and streams of several flights.
 *
 * KEYS lock and stream of each flight. ARGV time to live, then the token of each flight. Returns the same as PUBLISH for each flight.
 */
export const RENEW = scriptOf(`
local states = {}
for i = 1, #KEYS / 2 do
  local lock, stream = KEYS[2 * i - 1], KEYS[2 * i]
  local isOwn = redis.call('HGET', lock, 't') == ARGV[i + 1]
  if redis.call('PEXPIRE', stream, ARGV[1]) == 0 then
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
