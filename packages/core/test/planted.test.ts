import { afterEach, beforeEach, describe, expect, it, vi, type Mock } from 'vitest'
import {
  pagerDuty,
  slack,
  toCsv,
  webhook,
  type AlertOptions,
  type CallObserver,
  type Harbor,
  type HarborEvents,
  type HarborFetch,
  type HarborFetchOptions,
} from '../src/index.ts'
import { ANTHROPIC } from './failover/anthropic.ts'
import { GEMINI } from './failover/gemini.ts'
import { harborFor, HELLO, simulate } from './helpers/harbor-for.ts'
import { Leaks, PLANTED } from './helpers/planted.ts'
import { plantedChat, plantedRows, plantedVendor } from './helpers/planted-calls.ts'
import { timeInTurns } from './helpers/time-in-turns.ts'

const EVENTS = ['call', 'attempt', 'retry', 'fallback', 'breaker', 'alert', 'end'] as const

let emitWarning: Mock

beforeEach(() => {
  emitWarning = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
  return timeInTurns()
})
afterEach(() => {
  vi.restoreAllMocks()
})

/** Options with which everything that Harbor reports of its calls is searched. */
function searched(leaks: Leaks): HarborFetchOptions {
  const post: typeof fetch = async (url, init = {}) => {
    leaks.search('a notice', [url, init.body, ...new Headers(init.headers)])
    return new Response()
  }
  // The SDK itself logs requests and answers at this level.
  const log = (...words: unknown[]): void => {
    if (String(words[0]).startsWith('[harbor]')) leaks.search('the log', words)
  }
  const observer: CallObserver = {
    start: ({ receipt, request, role }) => {
      leaks.search('the start of an observation', [receipt, request, role])
      return {
        attempt: (attempt, send) => {
          leaks.search('an observed attempt', attempt)
          return send()
        },
        attemptEnded: (attempt) => leaks.search('the end of an attempt', attempt),
        waited: (wait) => leaks.search('a wait', wait),
        end: (ended) => leaks.search('the end of an observation', ended),
      }
    },
  }
  const alert = (name: string, notify: AlertOptions['notify']): AlertOptions => ({
    name,
    when: ({ calls }) => calls > 0,
    forMs: 2,
    notify,
  })
  return {
    logger: { debug: log, info: log, warn: log, error: log },
    logLevel: 'debug',
    telemetry: observer,
    labels: { tenant: 'acme' },
    alerts: [
      alert('own', (notice) => leaks.search('an alert', notice)),
      alert('webhook', webhook('http://localhost/hook', { fetch: post })),
      alert('slack', slack('http://localhost/slack', { fetch: post })),
      alert('pagerDuty', pagerDuty('routing-key', { fetch: post })),
    ],
    spendLimit: { usd: 1_000_000, per: 'day', unpriced: 'allow' },
    captureContent: { to: () => undefined },
  }
}

/** Makes a call, and searches the reports that remain. */
async function search(client: Harbor | HarborFetch, call: () => Promise<void>, leaks: Leaks): Promise<void> {
  for (const name of EVENTS)
    client.on(name, (event: HarborEvents[typeof name]) => leaks.search(`the event ${name}`, event))
  await call()
  leaks.search('stats()', client.stats())
  const rows = client.costReport({ by: ['target', 'tenant'] })
  leaks.search('the report', [rows, toCsv(rows)])
  leaks.search('a warning', emitWarning.mock.calls)
}

describe.each(['JSON', 'stream'] as const)('keys, prompts and answers (%s)', (form) => {
  it.each(plantedRows(form))('are in no report of a chat call: $what', async (row) => {
    const leaks = new Leaks()
    const { client, call } = await plantedChat(row, form, searched(leaks))
    let alerts = 0
    client.on('alert', () => alerts++)
    await search(client, call, leaks)
    await expect.poll(() => alerts, { interval: 1 }).toBe(4)
    leaks.search('explain()', client.explain({ model: 'gpt-4', messages: HELLO.messages }))
    expect(leaks.found).toEqual([])
    expect(leaks.searched).toBeGreaterThan(10)
  })

  it.each(
    [ANTHROPIC, GEMINI].flatMap((vendor) =>
      plantedRows(form).map((row) => ({ vendor, row, name: vendor.name, what: row.what })),
    ),
  )("are in no report of a call of $name's SDK: $what", async ({ vendor, row }) => {
    const leaks = new Leaks()
    const { client, call } = await plantedVendor(vendor, row, form, searched(leaks))
    await search(client, call, leaks)
    expect(leaks.found).toEqual([])
    expect(leaks.searched).toBeGreaterThan(10)
  })
})

describe('the search for planted texts', () => {
  it('finds a whole text and a part of it, wherever it is, and nothing else', async () => {
    const leaks = new Leaks()
    leaks.search('nothing', { a: ['planted', 'sk-', 'quokka'] })
    expect(leaks.found).toEqual([])
    leaks.search('a nested text', {
      a: new Map([['b', new Error('c', { cause: `x${PLANTED.prompt.slice(3, 18)}` })]]),
    })
    leaks.search('base64', Buffer.from(`name:${PLANTED.system}`).toString('base64'))
    leaks.search(
      'a hidden field',
      Object.defineProperty({}, 'x', { value: PLANTED.answer, enumerable: false }),
    )
    expect(leaks.found).toEqual([
      'a nested text contains prompt',
      'base64 contains system',
      'a hidden field contains answer',
    ])
  })

  it('finds what is passed to captureContent', async () => {
    const leaks = new Leaks()
    const harbor = harborFor(await simulate({ providers: { openai: { reply: PLANTED.answer } } }), {
      captureContent: { to: (call) => leaks.search('a captured call', call) },
    })
    await harbor.chat.completions.create({ ...HELLO, messages: [{ role: 'user', content: PLANTED.prompt }] })
    await expect.poll(() => leaks.searched).toBe(1)
    expect(leaks.found).toEqual(['a captured call contains prompt', 'a captured call contains answer'])
  })
})
