import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseBulk } from './arguments.ts'
import { helpText, workerHelpText } from './help.ts'
import { EXIT, OPTIONS } from './options.ts'
import { parseWorker } from './worker-arguments.ts'
import { WORKER_OPTIONS } from './worker-options.ts'

const ENV = { OPENAI_API_KEY: 'key' }
const parse = (...more: string[]): unknown => parseBulk(['in.jsonl', '--out', 'out.jsonl', ...more], ENV)

describe('parseBulk', () => {
  it('sets defaults for options that are not given', () => {
    expect(parse()).toMatchObject({
      input: 'in.jsonl',
      out: 'out.jsonl',
      resume: false,
      via: 'direct',
      concurrency: 64,
      client: { apiKey: 'key', fallback: [], cache: false },
    })
    expect(parseBulk(['-', '--out', 'o'], ENV)).toMatchObject({ input: undefined })
  })

  it('lets no more calls wait for a rate than can start within a minute', () => {
    expect(parse('--rpm', '10')).toMatchObject({ concurrency: 10 })
    expect(parse('--rpm', '0.5')).toMatchObject({ concurrency: 1 })
    expect(parse('--rpm', '6000')).toMatchObject({ concurrency: 64 })
    expect(parse('--rpm', '10', '--concurrency', '20')).toMatchObject({ concurrency: 20 })
  })

  it('plans by the deadline as soon as one of its options is given, and needs no --out for a dry run', () => {
    expect(parse('--deadline', '90m')).toMatchObject({ via: 'auto', deadlineMs: 5_400_000, dryRun: false })
    expect(parse('--max-cost', '2.5')).toMatchObject({ via: 'auto', maxUsd: 2.5 })
    expect(parseBulk(['in.jsonl', '--dry-run'], ENV)).toMatchObject({
      via: 'auto',
      dryRun: true,
      out: undefined,
    })
    expect(parse('--via', 'auto')).toMatchObject({ via: 'auto', deadlineMs: undefined, maxUsd: undefined })
  })

  it('prefers options to the environment', () => {
    const env = { ...ENV, HARBOR_MODEL: 'a', OPENAI_BASE_URL: 'http://a/v1' }
    const args = ['i', '--out', 'o']
    expect(parseBulk(args, env)).toMatchObject({ lines: { model: 'a' }, client: { baseURL: 'http://a/v1' } })
    expect(parseBulk([...args, '--model', 'b', '--base-url', 'http://b/v1'], env)).toMatchObject({
      lines: { model: 'b' },
      client: { baseURL: 'http://b/v1' },
    })
  })

  it.each<[string[], string]>([
    [['--concurency', '3'], 'unknown option --concurency. Did you mean --concurrency?'],
    [['-x'], 'unknown option -x.'],
    [['--model', '--json'], '--model needs a value'],
    [['--model'], '--model needs a value'],
    [['--json=yes'], '--json takes no value'],
    [['--model', ''], '--model is empty'],
    [['--rpm', '0'], '--rpm must be a number above 0, got 0'],
    [['--tpm', '-1'], '--tpm needs a value'],
    [['--tpm=-1'], '--tpm must be a number above 0, got -1'],
    [['--spend-limit', '0'], '--spend-limit must be a number above 0, got 0'],
    [['--spend-limit', 'much'], '--spend-limit must be a number above 0, got much'],
    [['--concurrency', '0'], '--concurrency must be a whole number of at least 1, got 0'],
    [['--concurrency', '1.5'], '--concurrency must be a whole number of at least 1, got 1.5'],
    [['--max-tokens', '0'], '--max-tokens must be a whole number of at least 1, got 0'],
    [['--deadline', '6'], '--deadline must be a number with s, m, h or d, such as 90m or 6h, got 6'],
    [['--deadline', '0h'], '--deadline must be a number with s, m, h or d'],
    [['--deadline', '99999999999d'], '--deadline must be at most 36500d, a hundred years, got 99999999999d'],
    [['--deadline', `${'9'.repeat(400)}s`], '--deadline must be at most 36500d'],
    [['--dry-run', '--report'], '--report does nothing with --dry-run'],
    [['--dry-run', '--report-csv', 'costs.csv'], '--report-csv does nothing with --dry-run'],
    [['--dry-run', '--page'], '--page does nothing with --dry-run'],
    [['--max-cost', '0'], '--max-cost must be a number above 0, got 0'],
    [['--via', 'direct', '--dry-run'], '--dry-run does nothing with --via direct'],
    [['--via', 'provider', '--deadline', '6h'], '--deadline does nothing with --via provider'],
    [['--via', 'pigeon'], '--via must be one of direct, provider, auto, got pigeon'],
    [['--url', '/v1/images'], '--url must be one of /v1/chat/completions'],
    [['--base-url', 'localhost'], '--base-url must be the root of the endpoints'],
    [['--fallback', 'a,,b'], '--fallback must be names with commas between them'],
    [['--price', '1,2'], '--price is that of --model, which is missing'],
    [['--price', '1', '--model', 'm'], '--price must be US dollars'],
    [['--price', '1,2,3', '--model', 'm'], '--price must be US dollars'],
    [['--price', 'in=1', '--model', 'm'], '--price must be US dollars'],
    [['--price', '1,NaN', '--model', 'm'], '--price must be US dollars'],
    [['--via', 'provider', '--rpm', '3'], '--rpm does nothing with --via provider'],
    [['--via', 'provider', '--spend-limit', '3'], '--spend-limit does nothing with --via provider'],
    [['more.jsonl'], 'one file of requests at a time'],
  ])('rejects %j', (more, message) => {
    expect(() => parse(...more)).toThrow(message)
  })

  it.each(['2.5,10', 'in=2.5,out=10', ' input=2.5 , output=10 ', 'in=2.5,out=1e1'])(
    'accepts a price such as %j',
    (price) => {
      expect(parse('--model', 'm', '--price', price)).toMatchObject({
        client: { price: { model: 'm', input: 2.5, output: 10 } },
      })
    },
  )

  it.each(['key\n', 'key\r', 'key\n# second line of a secret file', 'two words', '“key”', 'k\u0000'])(
    'rejects a key that no header can carry, and does not repeat it: %j',
    (key) => {
      expect(() => parseBulk(['i', '--out', 'o'], { OPENAI_API_KEY: key })).toThrow(
        /^OPENAI_API_KEY contains a line break, a space or another character that no key has\. Set it to the key alone\.$/,
      )
    },
  )

  it('writes to standard output with --out -, where nothing else may be written', () => {
    expect(parseBulk(['i', '--out', '-'], ENV)).toMatchObject({ out: undefined })
    expect(() => parseBulk(['i', '--out', '-', '--json'], ENV)).toThrow(
      '--json writes progress to standard output',
    )
    expect(() => parseBulk(['i', '--out', '-', '--resume'], ENV)).toThrow('keeps no journal to resume from')
    expect(() => parseBulk(['i', '--dry-run', '--resume'], ENV)).toThrow('keeps no journal to resume from')
  })

  it('names what is missing', () => {
    expect(() => parseBulk(['--out', 'o'], ENV)).toThrow('the requests are missing')
    expect(() => parseBulk(['i'], ENV)).toThrow('--out is missing')
    expect(() => parseBulk(['i', '--out', 'o'], {})).toThrow('OPENAI_API_KEY is not set')
  })
})

describe('the help of the command', () => {
  const page = readFileSync(new URL('../../../../docs/bulk.md', import.meta.url), 'utf8')

  it.each(Object.keys(OPTIONS))('explains --%s, as does docs/bulk.md', (name) => {
    expect(helpText()).toContain(`--${name}`)
    expect(page).toContain(`--${name}`)
  })

  it('lists the exit codes of docs/bulk.md', () => {
    for (const { code, help } of Object.values(EXIT)) {
      expect(helpText()).toMatch(new RegExp(`^ +${code} +${help}$`, 'm'))
      expect(page).toMatch(new RegExp(`^\\| \`${code}\` +\\| ${help} +\\|$`, 'm'))
    }
  })
})

describe('parseBulk with --fleet', () => {
  const FLEET = ['--fleet', 'redis://localhost', '--queue', 'q']

  it('needs no key, and puts more requests into the queue than one process would send', () => {
    expect(parseBulk(['i', '--out', 'o', ...FLEET], {})).toMatchObject({
      fleet: { url: 'redis://localhost', queue: 'q' },
      concurrency: 1_000,
    })
  })

  it.each<[string[], string]>([
    [['--fleet', 'redis://localhost'], '--queue is missing'],
    [['--queue', 'q'], '--queue is that of --fleet'],
    [['--fleet', 'http://localhost', '--queue', 'q'], 'must be the URL of a Redis server'],
    [[...FLEET, '--via', 'provider'], '--fleet does nothing with --via provider'],
    [[...FLEET, '--rpm', '5'], '--rpm does nothing with --fleet'],
    [[...FLEET, '--page'], '--page does nothing with --fleet'],
  ])('refuses %j', (args, message) => {
    expect(() => parse(...args)).toThrow(message)
  })

  it('refuses standard output, which has no journal', () => {
    expect(() => parseBulk(['i', '--out', '-', ...FLEET], ENV)).toThrow('--fleet needs a journal')
  })
})

describe('parseWorker', () => {
  const WORKER = ['--redis', 'redis://localhost:6379', '--queue', 'q']

  it('sets defaults for options that are not given', () => {
    expect(parseWorker(WORKER, ENV)).toMatchObject({
      redis: 'redis://localhost:6379',
      queue: 'q',
      concurrency: 64,
      client: { apiKey: 'key', fallback: [], cache: false },
    })
  })

  it.each<[string[], string]>([
    [['--queue', 'q'], '--redis is missing'],
    [['--redis', 'redis://localhost'], '--queue is missing'],
    [['--redis', 'localhost', '--queue', 'q'], 'must be the URL of a Redis server'],
    [[...WORKER, 'in.jsonl'], 'takes its requests from a queue'],
    [[...WORKER, '--out', 'o'], 'unknown option --out'],
    [[...WORKER, '--price', '1,2'], '--price is that of --model'],
  ])('refuses %j', (args, message) => {
    expect(() => parseWorker(args, ENV)).toThrow(message)
  })

  it.each(Object.keys(WORKER_OPTIONS))('explains --%s', (name) => {
    expect(workerHelpText()).toContain(`--${name}`)
  })
})
