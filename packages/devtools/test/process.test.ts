import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { useClients } from './page.ts'

const { providers } = useClients()
const ROOT = join(import.meta.dirname, '..')

/** Starts a program from its sources. */
function start(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, ['--conditions=@harbor/source', ...args], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], ...env },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const printed = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => (printed.stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (printed.stderr += chunk.toString()))
  const ended = once(child, 'close').then(([code]) => code as number | null)
  return { child, printed, ended }
}

it('an open page does not keep a process alive, also while a browser is connected', async () => {
  const { child, printed, ended } = start([join(import.meta.dirname, 'fixtures', 'short-program.ts')])
  await expect.poll(() => printed.stdout).toMatch(/^http\S+\n$/)
  const events = await fetch(`${printed.stdout.trim()}events`)
  expect(events.status).toBe(200)
  child.stdin.write('\n')
  expect(await ended).toBe(0)
  expect(printed.stderr).toBe('')
  await expect(events.text()).rejects.toThrow()
})

it('harbor bulk --page shows the run, until its end', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'harbor-page-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const requests = join(folder, 'prompts.jsonl')
  writeFileSync(requests, Array.from({ length: 12 }, (_, index) => `"Question ${index}?"\n`).join(''))
  providers.primary.script({
    latency: 150,
    rules: [{ when: { call: 3 }, fault: { type: 'status', status: 400 } }],
  })
  const bin = join(ROOT, '..', 'core', 'src', 'cli', 'bin.ts')
  const options = ['--out', join(folder, 'answers.jsonl'), '--model', 'gpt-5', '--concurrency', '2', '--page']
  const env = { OPENAI_API_KEY: 'key', OPENAI_BASE_URL: providers.primary.baseURL }
  const { printed, ended } = start([bin, 'bulk', requests, ...options], env)
  await expect.poll(() => printed.stderr).toMatch(/shown at http\S+\n/)
  const url = /shown at (http\S+)\n/.exec(printed.stderr)?.[1] ?? ''
  const events = await (await fetch(`${url}events`)).text()
  expect(await ended).toBe(1)
  const messages = [...events.matchAll(/^data: (\{"instance".*)$/gm)].map(
    ([, json]) => JSON.parse(json ?? '') as Message,
  )
  expect(messages.length).toBeGreaterThan(1)
  expect(messages.at(-1)).toMatchObject({
    name: 'harbor bulk prompts.jsonl',
    runs: [{ via: 'direct', total: 12, ok: 11, failed: 1, inFlight: 0 }],
  })
  expect(messages.flatMap(({ ended: rows }) => rows)).toHaveLength(12)
  expect(events).toMatch(/event: closed\ndata: \{\}\n\n$/)
})

interface Message {
  readonly ended: readonly unknown[]
}
