import { describe, expect, it } from 'vitest'
import { receiptOf, type Harbor, type Receipt } from '../src/index.ts'
import { rejection } from './helpers/sdk-versions.ts'
import { harborFor, HELLO, simulate } from './helpers/harbor-for.ts'
import { sendJson, serve } from './helpers/http-server.ts'

interface Helper {
  on(event: 'connect', listener: () => void): unknown
  done(): Promise<void>
  abort(): void
}

const ASK = { model: 'gpt-4', input: 'Say hello.' }

const HELPERS: [what: string, begin: (harbor: Harbor) => Helper, facts: object][] = [
  [
    'chat.completions.stream()',
    (harbor) => harbor.chat.completions.stream(HELLO),
    { operation: 'chat', streaming: true, finishReasons: ['stop'] },
  ],
  [
    'responses.stream()',
    (harbor) => harbor.responses.stream(ASK),
    { operation: 'responses', streaming: true, finishReasons: ['completed'] },
  ],
  [
    'chat.completions.runTools()',
    (harbor) => harbor.chat.completions.runTools({ ...HELLO, tools: [] }),
    { operation: 'chat', streaming: false, finishReasons: ['stop'] },
  ],
  [
    'chat.completions.runTools() as a stream',
    (harbor) => harbor.chat.completions.runTools({ ...HELLO, tools: [], stream: true }),
    { operation: 'chat', streaming: true, finishReasons: ['stop'] },
  ],
]
const CLIENTS: [whose: string, of: (harbor: Harbor) => Harbor][] = [
  ['a client', (harbor) => harbor],
  ['a copy', (harbor) => harbor.withOptions({ timeout: 5_000 })],
]
const CASES = HELPERS.flatMap(([what, ...rest]) =>
  CLIENTS.map(([whose, of]) => [`${what} of ${whose}`, of, ...rest] as const),
)

describe('the receipt of a helper', () => {
  it.each(CASES)(
    'exists while the helper runs, and is closed at its end: %s',
    async (_, of, begin, facts) => {
      const provider = await simulate()
      provider.fail({ type: 'status', status: 503, code: 'overloaded' })
      const helper = begin(of(harborFor(provider)))
      expect(receiptOf(helper)).toBeUndefined()
      const begun = new Promise<Receipt | undefined>((resolve) => {
        helper.on('connect', () => resolve(receiptOf(helper)))
      })
      await helper.done()
      const receipt = receiptOf(helper)
      expect(receipt).toMatchObject({
        ...facts,
        outcome: 'success',
        attempts: [{ failure: { kind: 'overloaded' } }, { status: 200 }],
      })
      expect(await begun).toBe(receipt)
    },
  )

  it.each(CASES)('is the receipt of its error: %s', async (_, of, begin) => {
    const provider = await simulate()
    provider.fail({ type: 'status', status: 401 })
    const helper = begin(of(harborFor(provider)))
    const error = await rejection(helper.done())
    expect(receiptOf(helper)).toMatchObject({ outcome: 'failure', attempts: [{ status: 401 }] })
    expect(receiptOf(error)).toBe(receiptOf(helper))
  })

  it.each(CASES)('is aborted when its caller aborts: %s', async (_, of, begin) => {
    const upstream = await serve(() => helper.abort())
    const helper = begin(of(harborFor(upstream)))
    await rejection(helper.done())
    await expect
      .poll(() => receiptOf(helper))
      .toMatchObject({ outcome: 'aborted', attempts: [{ number: 1 }] })
  })

  it('is that of the latest call', async () => {
    const upstream = await serve((_, response) => {
      const isFirst = upstream.requests.length === 1
      const call = { id: 'c1', type: 'function', function: { name: 'add', arguments: '{}' } }
      const message = isFirst ? { content: null, tool_calls: [call] } : { content: 'Done.' }
      const finish_reason = isFirst ? 'tool_calls' : 'stop'
      sendJson(response, {
        choices: [{ index: 0, finish_reason, message: { role: 'assistant', ...message } }],
      })
    })
    const harbor = harborFor(upstream)
    const receipts: Receipt[] = []
    harbor.on('end', ({ receipt }) => receipts.push(receipt))
    const during: unknown[] = []
    const add = () => {
      during.push(receiptOf(runner))
      return '2'
    }
    const runner = harbor.chat.completions.runTools({
      ...HELLO,
      tools: [
        { type: 'function', function: { name: 'add', function: add, parameters: {}, description: '' } },
      ],
    })
    expect(await runner.finalContent()).toBe('Done.')
    expect(during).toEqual([receipts[0]])
    expect(receipts).toHaveLength(2)
    expect(receiptOf(runner)).toBe(receipts[1])
  })

  it('belongs to one helper when two share a signal, and is not found through other controllers', async () => {
    const harbor = harborFor(await simulate())
    const controller = new AbortController()
    const options = { signal: controller.signal }
    const helpers = [
      harbor.chat.completions.stream(HELLO, options),
      harbor.responses.stream(ASK, options),
    ] as const
    await Promise.all(helpers.map((helper) => helper.done()))
    await harbor.chat.completions.create(HELLO, options)
    expect(helpers.map((helper) => receiptOf(helper)?.operation)).toEqual(['chat', 'responses'])
    expect(receiptOf({ controller })).toBeUndefined()
  })
})
