import { describe, expect, it } from 'vitest'
import { findNamed, listNamed, runSource } from '../src/named-file.ts'

/** These programs also run the SDK without Harbor, on the same faults. */
const BESIDE_THE_BARE_SDK = ['anthropic', 'gemini']
const RETRIES_AND_FAILOVER = [
  'ai-sdk',
  'instructor',
  'langchain',
  'llamaindex',
  'mistral',
  'openai-agents',
  'plain-fetch',
]
/** An error in a stream of Instructor ends the process. */
const STREAMS = RETRIES_AND_FAILOVER.filter((name) => name !== 'instructor')
/** LlamaIndex takes no signal. */
const ABORTS = RETRIES_AND_FAILOVER.filter((name) => name !== 'llamaindex')
/** Instructor asks once for an answer that fits a schema; a plain fetch has no loop. */
const TOOLS = STREAMS.filter((name) => name !== 'plain-fetch')

const runs = new Map<string, ReturnType<typeof runSource>>()

function outputOf(name: string): ReturnType<typeof runSource> {
  const run = runs.get(name) ?? runSource(findNamed('examples', '.ts', `sdks/${name}`, ['sdks']), [], 'keep')
  runs.set(name, run)
  return run
}

describe('the examples of other SDKs', () => {
  it('are one for each SDK', () => {
    const names = listNamed('examples/sdks', '.ts')
    expect(names).toEqual([...BESIDE_THE_BARE_SDK, ...RETRIES_AND_FAILOVER].toSorted())
  })

  it.each(BESIDE_THE_BARE_SDK)(
    'show that %s takes half an answer for a whole one, and that over Harbor it throws',
    async (name) => {
      const { code, output } = await outputOf(name)
      expect(output).toMatch(/bare SDK: “[^”]*”\n/)
      expect(output).toMatch(/Harbor: {3}“[^”]*…” and /)
      expect(output).toMatch(/spent \$0\.00\d*[1-9]\d*; 0 answers without a known price/)
      expect(code).toBe(0)
    },
  )

  it.each(RETRIES_AND_FAILOVER)(
    'show that %s gets a retry, then the answer of another provider, with their cost',
    async (name) => {
      const { code, output } = await outputOf(name)
      const price = String.raw`success, \$0\.0000\d*[1-9]\d*\n`
      expect(output).toMatch(new RegExp(String.raw`^ {3}openai/(\S+) server → openai/\1 ok: ${price}`, 'm'))
      expect(output).toMatch(new RegExp(String.raw`^ {3}openai/\S+ server → .*backup/\S+ ok: ${price}`, 'm'))
      expect(output).not.toContain('already imported')
      expect(code).toBe(0)
    },
  )

  it.each(TOOLS)('show that a loop of tools of %s goes on at another provider', async (name) => {
    const { output } = await outputOf(name)
    expect(output).toMatch(/ backup\/\S+ ok: success.*\n {3}[23] (?:steps|messages), then “[^”]+/)
  })

  it.each(STREAMS)('show that %s reports a stream that ends too early', async (name) => {
    const { output } = await outputOf(name)
    expect(output).toMatch(/ stream: failure, /)
    expect(output).toMatch(
      /“[^”]*…” and (?:Error: The stream ended|ZodError|the finish reason “error”|.*stream_incomplete)/,
    )
  })

  it.each(ABORTS)('show that an abort of %s reaches the provider', async (name) => {
    const { output } = await outputOf(name)
    expect(output).toMatch(/ aborted: aborted, [^]*\n {3}\w*Error: .*\n {3}the provider saw 1 abort\n/)
  })
})
