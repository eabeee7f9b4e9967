import { describe, expect, it, onTestFinished } from 'vitest'
import { Harbor, receiptOf, type HarborOptions } from '../src/index.ts'

const failing =
  (headers: Record<string, string> = {}) =>
  (): Response =>
    Response.json({ error: { message: 'no' } }, { status: 500, headers })
const fine = (): Response =>
  Response.json({
    choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
  })

/** The requests of one call: the host of each, and how long the call waited before it. */
async function callWith(
  answers: (() => Response)[],
  options: HarborOptions = {},
): Promise<[string, number][]> {
  const harbor = new Harbor({
    logLevel: 'off',
    providers: {
      openai: { apiKey: 'key', baseURL: 'https://a.test/v1' },
      b: { apiKey: 'key', baseURL: 'https://b.test/v1' },
    },
    fallback: { m: ['b/m'] },
    ...options,
    retry: { random: () => 0.999, ...options.retry },
    fetch: async (url) => (new Request(url).url.includes('b.test') ? fine() : (answers.shift() ?? fine)()),
  })
  onTestFinished(() => harbor.close())
  const answer = await harbor.chat.completions.create({ model: 'm', messages: [] })
  return (receiptOf(answer)?.attempts ?? []).map(({ target, waitedMs }) => [target, Math.round(waitedMs)])
}

describe('the first wait at a target', () => {
  it('is at most 100 ms while another target can take over, and the second failure goes on', async () => {
    expect(await callWith([failing(), failing()])).toEqual([
      ['openai/m', 0],
      ['openai/m', 100],
      ['b/m', 0],
    ])
  })

  it('is random', async () => {
    const waits = await callWith([failing()], { retry: { random: () => 0.25 } })
    expect(waits).toEqual([
      ['openai/m', 0],
      ['openai/m', 25],
    ])
  })

  it('is as the retry option says if that is shorter', async () => {
    const waits = await callWith([failing()], { retry: { baseDelayMs: 8, jitter: false } })
    expect(waits.at(-1)).toEqual(['openai/m', 8])
    const constant = await callWith([failing()], { retry: { backoff: () => 3 } })
    expect(constant.at(-1)).toEqual(['openai/m', 3])
  })

  it('follows a Retry-After of at most 100 ms; with a longer one the next target is called at once', async () => {
    expect(await callWith([failing({ 'retry-after-ms': '40' })])).toEqual([
      ['openai/m', 0],
      ['openai/m', 44],
    ])
    expect(await callWith([failing({ 'retry-after-ms': '101' })])).toEqual([
      ['openai/m', 0],
      ['b/m', 0],
    ])
  })

  it('is the delayMs that shouldRetry returns', async () => {
    const shouldRetry = () => ({ retry: true, delayMs: 7 })
    expect((await callWith([failing()], { retry: { shouldRetry } })).at(-1)).toEqual(['openai/m', 7])
    const never = () => false
    expect((await callWith([failing()], { retry: { shouldRetry: never } })).at(-1)).toEqual(['b/m', 0])
  })

  it('is up to a second if no other target can take over', async () => {
    const waits = await callWith([failing()], { fallback: {} })
    expect(waits.at(-1)).toEqual(['openai/m', 999])
  })
})
