import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { startFromArguments, UsageError } from './command.ts'
import { startSimulator } from './simulator.ts'

const folder = mkdtempSync(join(tmpdir(), 'simulator-'))
afterAll(() => rmSync(folder, { recursive: true }))

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

it('starts the providers of a script, also after --', async () => {
  const script = file('two.json', '{"providers":{"one":{},"two":{}}}')
  const simulator = await startFromArguments(['--', '--script', script, '--port', '0', '--seed', '3'])
  if (typeof simulator === 'string') expect.fail(simulator)
  expect(simulator.greeting.map((line) => line.slice(0, 3).trim())).toEqual(['one', '', '', 'two', '', ''])
  await simulator.close()
})

it.each(['--help', '-h'])('starts nothing for %s', async (option) => {
  expect(await startFromArguments([option])).toContain('--script')
})

it('starts nothing for --version', async () => {
  expect(await startFromArguments(['--version'])).toMatch(/^\d+\.\d+\.\d+\n$/)
})

it.each([
  [['--record', 'https://a.example/v1'], '--record needs --to with the file'],
  [['--record', 'api.openai.com', '--to', join(folder, 'a')], '--record must be the base URL of a provider'],
  [
    ['--record', 'https://a.example', '--to', join(folder, 'no', 'a')],
    `cannot open ${join(folder, 'no', 'a')}: ENOENT`,
  ],
  [
    ['--record', 'https://a.example', '--to', join(folder, 'a'), '--prompts', 'kept'],
    '--prompts must be one of redact, keep',
  ],
  [['--record', 'https://a.example', '--replay', 'a'], '--record and --replay exclude each other'],
  [['--to', 'a'], '--to needs --record'],
  [['--replay', 'a', '--seed', '1'], '--seed cannot be combined with --replay'],
  [['--replay', join(folder, 'none.jsonl')], 'none.jsonl: ENOENT'],
  [['--replay', file('other.jsonl', '{}\n')], 'other.jsonl:1 is not a recorded exchange'],
  [['--replay', file('empty.jsonl', ''), '--speed', 'fast'], '--speed must be a number'],
  [['--prot', '1'], "Unknown option '--prot'"],
  [['outage.json'], "Unexpected argument 'outage.json'"],
  [['--port', 'x'], "--port must be a whole number, got 'x'"],
  [['--seed', '-1'], '--seed'],
  [['--port', '70000'], '--port must be a whole number from 0 to 65535, got 70000'],
  [['--script', join(folder, 'none.json')], 'cannot read the script'],
  [['--script', file('broken.json', '{')], 'broken.json is not JSON'],
  [['--script', file('list.json', '[]')], 'list.json must hold an object'],
  [
    ['--script', file('key.json', '{"providers":{"a":{"rulez":[]}}}')],
    "key.json: options.providers.a has an unknown key 'rulez'; the nearest known one is 'rules'",
  ],
])('explains the mistake in %j', async (args, message) => {
  const failure = await startFromArguments(args).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(UsageError)
  expect((failure as UsageError).message).toContain(message)
})

it('explains that a port is taken', async () => {
  await using simulator = await startSimulator()
  const port = String(simulator.provider().port)
  await expect(startFromArguments(['--port', port])).rejects.toThrow('Choose another port with --port.')
})
