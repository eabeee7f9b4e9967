import { status } from '../helpers/expect-failure.ts'
import type { TwoProviders } from '../helpers/two-providers.ts'
import type { Fault, SimulatedProvider } from '@harbor/simulator'
import type { FailureKind, HarborFetchOptions } from '../../src/index.ts'
import type { Outcome } from './expect-outcome.ts'

export type Form = 'JSON' | 'stream'

/** The number of events of a stream before its first content, and before an event in the middle of its content. */
export interface Places {
  readonly beforeContent: number
  readonly midStream: number
}

/** One scenario: what the primary does every time, and what its user sees of it. */
export interface Row {
  readonly what: string
  readonly fault?: Fault | ((places: Places) => Fault)
  /** Only for answers of this form; both if left out. */
  readonly only?: Form
  /** What is done before the call, beyond the fault. */
  readonly prepare?: (pair: TwoProviders, call: () => Promise<unknown>) => Promise<unknown>
  /** Where the primary is looked for instead of where it is. */
  readonly address?: (primary: SimulatedProvider) => string
  readonly options?: HarborFetchOptions
  /** Whether the quota of the primary is that of the backup, too. */
  readonly sharedQuota?: true
  readonly outcome: Outcome
  /** Requests that reached the primary and the backup. */
  readonly calls: readonly [primary: number, backup: number]
  /** How the attempts went, in order, where a request may fail before it reaches anybody. */
  readonly attempts: readonly (FailureKind | 'fine')[]
}

const TIGHT: HarborFetchOptions = { timeouts: { attemptMs: 250, firstTokenMs: 250, idleMs: 250 } }
const FROM_PRIMARY = { from: 'primary' } as const
const FROM_BACKUP = { from: 'backup' } as const

/** What a primary may do, and what its caller gets while a backup is there, in the protocol of any vendor. */
export const ROWS: readonly Row[] = [
  { what: 'no fault', ...fine({ type: 'sequence', faults: [] }) },
  {
    what: 'hard down: nothing listens',
    prepare: ({ primary }) => primary.down(),
    ...movedOn(0, 'network', 'network'),
  },
  { what: 'hard down: 503 for every request', fault: status(503), ...movedOn(2, 'server', 'server') },
  { what: 'hard down: 500 for every request', fault: status(500), ...movedOn(2, 'server', 'server') },
  ...(
    [
      ['in seconds', '1'],
      ['as a date', { dateInMs: 5_000 }],
      ['in milliseconds', 500],
      ['absent', undefined],
      ['too long to wait for', '3600'],
    ] as const
  ).map(([how, retryAfter]): Row => ({
    what: `429, Retry-After ${how}`,
    fault: status(429, { retryAfter }),
    ...movedOn(1, 'rate-limit'),
  })),
  {
    what: '429 once, with a quota that the backup shares',
    fault: { type: 'sequence', faults: [{ type: 'status', status: 429, retryAfter: 20 }] },
    sharedQuota: true,
    outcome: FROM_PRIMARY,
    calls: [2, 0],
    attempts: ['rate-limit', 'fine'],
  },
  {
    what: '429 for every request, with a quota that the backup shares',
    fault: status(429, { retryAfter: 100 }),
    sharedQuota: true,
    outcome: { status: 429 },
    calls: [3, 0],
    attempts: ['rate-limit', 'rate-limit', 'rate-limit'],
  },
  {
    what: 'a rate limit too long to wait for, with a quota that the backup shares',
    fault: status(429, { retryAfter: '3600' }),
    sharedQuota: true,
    outcome: { status: 429 },
    calls: [1, 0],
    attempts: ['rate-limit'],
  },
  {
    what: 'no answer at all',
    fault: { type: 'hang' },
    options: TIGHT,
    ...movedOn(2, 'timeout', 'timeout'),
  },
  {
    what: 'a slow first token',
    fault: { type: 'stream-slow-first', ms: 60_000 },
    options: TIGHT,
    ...movedOn(2, 'timeout', 'timeout'),
  },
  {
    what: 'comments instead of a first token',
    fault: { type: 'stream-comments', count: 1_000, everyMs: 20 },
    options: TIGHT,
    ...movedOn(2, 'timeout', 'timeout'),
  },
  {
    what: 'a stall in the middle of the body',
    fault: { type: 'stream-stall', afterEvents: 0, inside: true },
    options: TIGHT,
    ...movedOn(2, 'timeout', 'timeout'),
  },
  {
    what: 'a stall mid-stream',
    fault: ({ midStream }) => ({ type: 'stream-stall', afterEvents: midStream }),
    only: 'stream',
    options: TIGHT,
    ...brokenOff('stream_stalled'),
  },
  ...[false, true].flatMap((inside): Row[] => [
    {
      what: `a cut mid-stream, ${inside ? 'inside' : 'between'} events`,
      fault: ({ midStream }) => ({ type: 'stream-cut', afterEvents: midStream, inside }),
      only: 'stream',
      ...brokenOff('stream_incomplete'),
    },
    {
      what: `a stream cut before its first content, ${inside ? 'inside' : 'between'} events`,
      fault: ({ beforeContent }) => ({ type: 'stream-cut', afterEvents: beforeContent, inside }),
      only: 'stream',
      ...movedOn(2, 'stream', 'stream'),
    },
  ]),
  {
    what: 'a stream that ends in order and too early',
    fault: ({ midStream }) => ({ type: 'stream-end', afterEvents: midStream }),
    only: 'stream',
    ...brokenOff('stream_incomplete'),
  },
  {
    what: 'a body cut in the middle',
    fault: { type: 'stream-cut', afterEvents: 0, inside: true },
    only: 'JSON',
    ...movedOn(2, 'network', 'network'),
  },
  {
    what: 'a cut before the first byte',
    fault: { type: 'reset', when: 'before-headers' },
    ...movedOn(2, 'network', 'network'),
  },
  {
    what: 'a stream cut behind its headers',
    fault: { type: 'reset', when: 'after-headers' },
    only: 'stream',
    ...movedOn(2, 'stream', 'stream'),
  },
  { what: 'malformed JSON', fault: { type: 'broken-json' }, ...movedOn(2, 'malformed', 'malformed') },
  {
    what: 'a malformed event before the first content',
    fault: ({ beforeContent }) => ({ type: 'stream-garbage', afterEvents: beforeContent }),
    only: 'stream',
    ...movedOn(2, 'stream', 'stream'),
  },
  {
    what: 'JSON where events were asked for',
    fault: { type: 'json-for-stream' },
    only: 'stream',
    ...movedOn(2, 'malformed', 'malformed'),
  },
  {
    what: 'an error event before the first content',
    fault: ({ beforeContent }) => ({ type: 'stream-error', afterEvents: beforeContent }),
    only: 'stream',
    ...movedOn(2, 'server', 'server'),
  },
  { what: '200 with an error in its body', fault: { type: 'error-200' }, ...movedOn(2, 'server', 'server') },
  {
    what: '200 with a used-up quota in its body',
    fault: { type: 'error-200', code: 'insufficient_quota' },
    ...movedOn(1, 'quota'),
  },
  {
    what: 'an HTML error page',
    fault: { type: 'status', status: 502, html: true },
    ...movedOn(2, 'server', 'server'),
  },
  {
    what: 'an HTML page with status 200',
    fault: { type: 'html-200' },
    ...movedOn(2, 'malformed', 'malformed'),
  },
  { what: 'gzip', ...fine({ type: 'gzip' }) },
  {
    what: 'a duplicate chunk, which is as the provider sent it',
    fault: ({ midStream }) => ({ type: 'stream-duplicate', event: midStream - 1 }),
    only: 'stream',
    outcome: { from: 'primary', text: 'twice' },
    calls: [1, 0],
    attempts: ['fine'],
  },
  { what: 'a slow drip', ...fine({ type: 'stream-drip', ms: 1, bytes: 256 }) },
  {
    what: 'a connection that is reset when it is used again',
    fault: { type: 'reset-reused' },
    prepare: ({ primary }, call) => call().then(() => primary.reset()),
    outcome: FROM_PRIMARY,
    calls: [2, 0],
    attempts: ['network', 'fine'],
  },
  {
    what: 'a name that does not resolve',
    address: () => 'http://primary.invalid/v1',
    ...movedOn(0, 'network', 'network'),
  },
  {
    what: 'a TLS handshake that fails',
    address: ({ port }) => `https://127.0.0.1:${port}/v1`,
    ...movedOn(0, 'network', 'network'),
  },
  { what: 'a huge body', ...fine({ type: 'huge-body', bytes: 3_000_000 }) },
  { what: 'a huge event', ...fine({ type: 'huge-body', bytes: 17 * 2 ** 20 }), only: 'stream' },
  {
    what: 'an empty body',
    fault: { type: 'empty-body' },
    only: 'JSON',
    ...movedOn(2, 'malformed', 'malformed'),
  },
  {
    what: 'an empty stream',
    fault: { type: 'empty-body' },
    only: 'stream',
    ...movedOn(2, 'stream', 'stream'),
  },
  { what: 'a wrong content type', ...fine({ type: 'wrong-content-type' }) },
  {
    what: 'an answer that a content filter ended',
    fault: { type: 'content-filter' },
    outcome: { from: 'primary', text: 'half' },
    calls: [1, 0],
    attempts: ['fine'],
  },
  refused('a refused content', 400, 'content_filter', 'content-filter'),
  refused('a context that is too long', 400, 'context_length_exceeded', 'context-length'),
  refused('a wrong request', 400, 'invalid_value', 'bad-request'),
  {
    what: 'a used-up quota',
    fault: status(429, { code: 'insufficient_quota', retryAfter: 10 }),
    ...movedOn(1, 'quota'),
  },
  { what: 'an invalid key', fault: status(401), ...movedOn(1, 'auth') },
  { what: 'a key that may not', fault: status(403, { code: 'forbidden' }), ...movedOn(1, 'auth') },
  {
    what: 'a model that is not found',
    fault: status(404, { code: 'model_not_found' }),
    ...movedOn(1, 'not-found'),
  },
  {
    what: 'all down: nothing listens anywhere',
    prepare: ({ primary, backup }) => Promise.all([primary.down(), backup.down()]),
    outcome: { status: undefined, cause: 'ECONNREFUSED' },
    calls: [0, 0],
    attempts: ['network', 'network', 'network', 'network', 'network'],
  },
  {
    what: 'all down: 503 everywhere',
    fault: status(503, { message: 'The primary is down.' }),
    prepare: async ({ backup }) =>
      backup.script({ rules: [{ fault: status(503, { message: 'So am I.' }) }] }),
    outcome: { status: 503, says: 'So am I.', target: 'backup' },
    calls: [2, 3],
    attempts: ['server', 'server', 'server', 'server', 'server'],
  },
  {
    what: 'all down: the primary says so, the backup cannot be reached',
    fault: status(500, { message: 'The primary is down.' }),
    prepare: ({ backup }) => backup.down(),
    outcome: { status: 500, says: 'The primary is down.' },
    calls: [2, 0],
    attempts: ['server', 'server', 'network', 'network', 'network'],
  },
]

/** The fault of a row for a protocol whose content begins at its own place; none: a good answer. */
export function faultOf({ fault }: Row, places: Places): Fault | 'ok' {
  return typeof fault === 'function' ? fault(places) : (fault ?? 'ok')
}

function fine(fault: Fault): Omit<Row, 'what'> {
  return { fault, outcome: FROM_PRIMARY, calls: [1, 0], attempts: ['fine'] }
}

/** The backup answers after these failed requests to the primary. */
function movedOn(
  requests: number,
  ...failures: readonly FailureKind[]
): Pick<Row, 'outcome' | 'calls' | 'attempts'> {
  return { outcome: FROM_BACKUP, calls: [requests, 1], attempts: [...failures, 'fine'] }
}

/** A stream that broke after its first content is not started again. */
function brokenOff(code: string): Pick<Row, 'outcome' | 'calls' | 'attempts'> {
  return { outcome: { brokenOff: code }, calls: [1, 0], attempts: ['stream'] }
}

/** What is wrong with the request is wrong everywhere. */
function refused(what: string, code: number, name: string, kind: FailureKind): Row {
  return {
    what,
    fault: status(code, { code: name }),
    outcome: { status: code, code: name },
    calls: [1, 0],
    attempts: [kind],
  }
}
