import {
  type Check,
  checkObject,
  checkTagged,
  fail,
  type Fields,
  flag,
  headers,
  headerValue,
  list,
  number,
  oneOf,
  rawHeaders,
  required,
  text,
  texts,
  wholeNumber,
} from './check-fields.ts'
import { checkBatches } from '../batches/check-batches.ts'
import { latency, positions, range } from './check-ranges.ts'
import type { BackgroundScript, LateResponses, WindowScript } from '../responses/background-script.ts'
import type { FaultOf, FaultType } from './fault.ts'
import { checkLimits } from '../limits/check-limits.ts'
import { requestOperations } from '../route.ts'
import type { Condition, ProviderScript, Rule } from './script.ts'
import type { TierScript } from './tier-script.ts'
import type { TimeWindow } from './time-window.ts'

/** Throws if a script has a wrong value or an unknown field. TypeScript does not check scripts that come from files. */
export function checkScript(script: unknown, where: string): asserts script is ProviderScript {
  checkObject(script, scriptFields, where)
}

/** Rejects a value that is neither a fault nor 'ok'. */
export const checkFault: Check = (fault, where) => {
  if (fault !== 'ok') checkTagged(fault, faultFields, faultTypes, where)
}

const conditionFields: Fields<Condition> = {
  call: positions,
  every: wholeNumber(1),
  probability: number(0, 1),
  windowMs: range<TimeWindow>({ from: number(), to: number(), everyMs: number(1) }),
  operation: (value, where) =>
    (Array.isArray(value) ? list(oneOf(requestOperations)) : oneOf(requestOperations))(value, where),
  stream: flag,
  model: text,
  tier: text,
  says: text,
  method: text,
  path: text,
}

const ruleFields: Fields<Rule> = {
  when: (value, where) => checkObject(value, conditionFields, where),
  fault: required(checkFault),
}

const lateFields: Fields<LateResponses> = { share: required(number(0, 1)), byMs: required(latency) }

const windowFields: Fields<WindowScript> = {
  queuedMs: latency,
  runMs: latency,
  late: (value, where) => checkObject(value, lateFields, where),
  failedShare: number(0, 1),
}

const windowScript: Check = (value, where) => checkObject(value, windowFields, where)

const backgroundFields: Fields<BackgroundScript> = {
  queuedMs: latency,
  runMs: latency,
  streamableMs: number(),
  windows: (value, where) => checkObject(value, { '2h': windowScript, '8h': windowScript }, where),
}

const timeWindow = range<TimeWindow>({ from: number(), to: number(), everyMs: number(1) })

const tierFields: Fields<TierScript> = {
  latency,
  firstTokenMs: latency,
  tokenMs: latency,
  refusedShare: number(0, 1),
  refusedIn: list(timeWindow),
  retryAfter: (value, where) => retryAfter(value, where),
}

const scriptFields: Fields<ProviderScript> = {
  rules: list((rule, where) => checkObject(rule, ruleFields, where)),
  latency,
  firstTokenMs: latency,
  tokenMs: latency,
  apiKeys: texts,
  models: texts,
  servedTier: text,
  tiers: (tiers, where) => {
    if (typeof tiers !== 'object' || tiers === null || Array.isArray(tiers))
      fail(where, 'an object of tiers', tiers)
    for (const [name, tier] of Object.entries(tiers)) checkObject(tier, tierFields, `${where}.${name}`)
  },
  cachedShare: number(0, 1),
  reply: (value, where) => {
    if (typeof value !== 'string' && typeof value !== 'function') fail(where, 'a string or a function', value)
  },
  limits: checkLimits,
  batches: checkBatches,
  background: (value, where) => checkObject(value, backgroundFields, where),
}

const count = wholeNumber()
const atLeastOne = wholeNumber(1)
const status = required(wholeNumber(200, 599))
const afterEvents = required(count)

const simple: Check = (fault, where) => checkTagged(fault, faultFields, simpleTypes, where)
const shape: Check = (fault, where) => checkTagged(fault, faultFields, shapeTypes, where)

const retryAfter: Check = (value, where) => {
  if (typeof value === 'number') number()(value, where)
  else if (typeof value === 'string') headerValue(value, where)
  else checkObject(value, { dateInMs: required(number(-Infinity)) }, where)
}

const faultFields: { [Type in FaultType]: Fields<Omit<FaultOf<Type>, 'type'>> } = {
  sequence: {
    faults: required(list((fault, where) => (fault === 'ok' ? undefined : simple(fault, where)))),
  },
  status: {
    status,
    code: text,
    errorType: text,
    message: text,
    headers,
    retryAfter,
    body: text,
    html: flag,
  },
  overloaded: { retryAfter },
  quota: { per: required(oneOf(['minute', 'day'])), retryAfter, limit: count },
  'spend-limit': { code: text },
  'tier-unavailable': { retryAfter },
  'context-length': {},
  reset: { when: oneOf(['connect', 'before-headers', 'after-headers']) },
  'reset-reused': {},
  refuse: {},
  delay: { ms: required(number()), then: simple },
  hang: {},
  'stream-cut': { afterEvents, inside: flag, reset: flag },
  'stream-stall': { afterEvents, inside: flag },
  'stream-end': { afterEvents },
  'stream-garbage': { afterEvents },
  'stream-error': {
    afterEvents,
    code: text,
    errorType: text,
    message: text,
    event: flag,
    httpStatus: wholeNumber(200, 599),
  },
  'stream-duplicate': { event: required(count) },
  'stream-drip': { ms: required(number()), bytes: required(atLeastOne) },
  'stream-comments': { count: required(count), everyMs: number() },
  'stream-slow-first': { ms: required(number()) },
  'json-for-stream': {},
  'error-200': { code: text, errorType: text, message: text },
  'html-200': {},
  'empty-body': {},
  'broken-json': {},
  'huge-body': { bytes: required(wholeNumber(0, 256 * 1024 * 1024)) },
  'wrong-content-type': { contentType: headerValue },
  'content-filter': {},
  length: {},
  finish: { reason: required(text), pieces: count },
  refusal: { pieces: count, category: text },
  'blocked-prompt': { reason: text },
  'no-end': {},
  gzip: { encoding: oneOf(['gzip', 'br', 'deflate', 'zstd']) },
  split: { bytes: required(atLeastOne), crlf: flag },
  crlf: {},
  'no-done': {},
  play: {
    events: required(texts),
    named: flag,
    done: flag,
    status: wholeNumber(200, 599),
    headers,
    then: shape,
  },
  raw: {
    status: wholeNumber(200, 599),
    headers: rawHeaders,
    body: (value, where) => (Array.isArray(value) ? texts : text)(value, where),
    encoding: oneOf(['utf8', 'base64']),
    ending: oneOf(['end', 'close', 'reset', 'stall']),
  },
  'play-json': { body: required(text), status: wholeNumber(200, 599), headers, then: shape },
}

/** All types of faults. */
export const faultTypes: readonly string[] = Object.keys(faultFields)

const simpleTypes = faultTypes.filter((type) => type !== 'sequence')
const shapeTypes = [
  ...simpleTypes.filter((type) => type.startsWith('stream-')),
  'gzip',
  'split',
  'crlf',
  'no-done',
]
