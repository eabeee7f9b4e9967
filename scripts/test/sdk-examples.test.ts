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
/** These programs lead from one vendor to another. */
const ACROSS_VENDORS = ['ai-sdk-fallback', 'model-fetch']
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
    expect(names).toEqual([...BESIDE_THE_BARE_SDK, ...RETRIES_AND_FAILOVER, ...ACROSS_VENDORS].toSorted())
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
    expect(output).toMatch(/ aborted: aborted, [^]*\n {3}\w*Error: .*\n[^]* {3}the provider saw 1 abort\n/)
  })
})

describe('the example of a fallback model of the AI SDK', () => {
  const OPENAI = String.raw`openai\.responses/\S+`
  const ANTHROPIC = String.raw`anthropic\.messages/\S+`
  const GOOGLE = String.raw`google\.generative-ai/\S+`
  const example = 'ai-sdk-fallback'

  it('shows that a rate limit is not asked again while another vendor answers', async () => {
    const { code, output } = await outputOf(example)
    expect(output).toMatch(new RegExp(`^ {3}${OPENAI} rate-limit → ${ANTHROPIC} answered: success$`, 'm'))
    expect(output).toMatch(/came from anthropic\S+; OpenAI saw 1 request\n/)
    expect(code).toBe(0)
  })

  it('shows that a loop of tools goes on at another vendor', async () => {
    const { output } = await outputOf(example)
    expect(output).toMatch(new RegExp(`${ANTHROPIC} server → ${GOOGLE} answered: success`))
    expect(output).toMatch(
      /2 steps, then “[^”]+.*”; answered by anthropic\.messages, then google\.generative-ai\n/,
    )
  })

  it('shows that a stream which is cut is replaced before its first content, and an error after it', async () => {
    const { output } = await outputOf(example)
    expect(output).toMatch(/ {3}“.+…” from google\./)
    expect(output).toMatch(
      /onError: StreamIncompleteError: .*\n {3}text rejects: StreamIncompleteError: .* \(failure\)\n/,
    )
    expect(output).not.toContain('whole: ')
  })

  it('shows that an abort reaches the provider', async () => {
    const { output } = await outputOf(example)
    expect(output).toMatch(/ abandoned: aborted\n {3}AbortError: .*\n {3}the provider saw 1 abort\n/)
  })
})

describe('the example of modelFetch', () => {
  const example = 'model-fetch'
  const OPENAI_DOWN = String.raw`^ {3}(?:openai/\S+ server → ){2}`
  const PRICE = String.raw`success, \$0\.0000?\d*[1-9]\d*$`

  it('shows that models of other vendors answer an OpenAI client, with their cost', async () => {
    const { code, output } = await outputOf(example)
    expect(output).toMatch(new RegExp(`${OPENAI_DOWN}anthropic/\\S+ ok: ${PRICE}`, 'm'))
    expect(output).toMatch(/ {3}weather\(\{"city":"[^"]+"\}\)\n/)
    expect(output).toMatch(
      new RegExp(`${OPENAI_DOWN}(?:anthropic/\\S+ overloaded → )+google/\\S+ ok: ${PRICE}`, 'm'),
    )
    expect(code).toBe(0)
  })

  it('shows that what cannot be expressed is refused without a request', async () => {
    const { output } = await outputOf(example)
    expect(output).toMatch(/anthropic\S+: unsupported_by_model\n {3}google\S+: unsupported_by_model\n/)
    expect(output).toContain('Anthropic saw 0 requests, Google 0\n')
  })

  it('shows that a stream which ends too early is an error, and that an abort reaches the provider', async () => {
    const { output } = await outputOf(example)
    expect(output).toMatch(/ stream: failure, .*\n {3}“[^”]+…” and \w*Error: .* not be whole/)
    expect(output).toMatch(/ aborted: aborted, .*\n {3}Error: .*\n {3}the provider saw 1 abort\n/)
  })
})
