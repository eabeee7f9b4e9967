import { describe, expect, it, onTestFinished } from 'vitest'
import type { AttemptRecord, CallObserver, Harbor } from '../src/index.ts'
import { status } from './helpers/expect-failure.ts'
import { harborFor, HELLO, simulate } from './helpers/harbor-for.ts'
import { observing } from './helpers/observing.ts'

/** An observer that records the times of all contents, by attempt. */
function watchingChunks(): { readonly observer: CallObserver; readonly times: Map<AttemptRecord, number[]> } {
  const times = new Map<AttemptRecord, number[]>()
  const observer: CallObserver = {
    start: () => ({
      chunks: (attempt) => {
        expect(times.has(attempt)).toBe(false)
        const own: number[] = []
        times.set(attempt, own)
        return (at) => void own.push(at)
      },
    }),
  }
  return { observer, times }
}

/** Reads a stream. @returns the number of its events with content */
async function contentsOf(harbor: Harbor): Promise<number> {
  let contents = 0
  const stream = await harbor.chat.completions.create({ ...HELLO, stream: true })
  for await (const { choices } of stream) if (choices[0]?.delta.content) contents++
  return contents
}

describe('chunks() of an observer', () => {
  it('gets a stream once, and then the time of each event with content', async () => {
    const { observer, times } = watchingChunks()
    const harbor = harborFor(await simulate(), { telemetry: observer })
    const before = Date.now()
    const contents = await contentsOf(harbor)
    expect(contents).toBeGreaterThan(2)
    const [[attempt, seen] = []] = times
    expect(times.size).toBe(1)
    expect(seen).toHaveLength(contents)
    expect(seen).toEqual(seen?.toSorted((one, other) => one - other))
    expect(seen?.[0]).toBeGreaterThanOrEqual(before - 1_000)
    expect(attempt).toMatchObject({ number: 1, failure: undefined })
  })

  it('is called for each attempt that is answered by a stream, and not for JSON and failures', async () => {
    const { observer, times } = watchingChunks()
    const provider = await simulate()
    const harbor = harborFor(provider, { telemetry: observer })
    await harbor.chat.completions.create(HELLO)
    expect(times.size).toBe(0)
    provider.fail(status(503), { type: 'stream-cut', afterEvents: 0 })
    const contents = await contentsOf(harbor)
    expect([...times].map(([{ number }, seen]) => [number, seen.length])).toEqual([
      [2, 0],
      [3, contents],
    ])
  })

  it('is called at the upstream call of a cached answer, and not for the calls that it serves', async () => {
    const { observer, times } = watchingChunks()
    const harbor = harborFor(await simulate(), { telemetry: observer, cache: true })
    const ask = () => harbor.chat.completions.create({ ...HELLO, temperature: 0, stream: true })
    for await (const _chunk of await ask());
    for await (const _chunk of await ask());
    expect(times.size).toBe(1)
  })

  it('changes no call, whatever it throws and returns, and the other observers get their times', async () => {
    const warnings: Error[] = []
    const note = (warning: Error): void => void warnings.push(warning)
    process.on('warning', note)
    onTestFinished(() => void process.off('warning', note))
    const fail = (): never => {
      throw new Error('mine')
    }
    const { observer, times } = watchingChunks()
    const harbor = harborFor(await simulate(), {
      telemetry: [
        { start: () => ({ chunks: fail }) },
        { start: () => ({ chunks: () => fail }) },
        { start: () => ({ chunks: () => 'no function' as unknown as () => void }) },
        { start: () => ({ chunks: () => () => Promise.reject(new Error('late')) }) },
        observing().observer,
        observer,
      ],
    })
    const contents = await contentsOf(harbor)
    expect([...times.values()].map((seen) => seen.length)).toEqual([contents])
    await new Promise((resolve) => setImmediate(resolve))
    expect(warnings.map(({ message }) => message)).toEqual([expect.stringContaining('A call observer threw')])
  })
})
