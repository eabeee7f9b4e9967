import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { startSimulator } from './simulator.ts'

const cli = fileURLToPath(new URL('cli.ts', import.meta.url))
const outage = fileURLToPath(new URL('../../../examples/outage.json', import.meta.url))

function run(...args: string[]) {
  const child = spawn(process.execPath, [cli, ...args])
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()))
  const ended = once(child, 'close').then(([code]: number[]) => ({ code, ...output }))
  return { child, output, ended }
}

it.concurrent.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  'prints the base URLs of each provider, serves, and ends cleanly on %s',
  async (signal) => {
    const { child, output, ended } = run('--port', '0', '--script', outage)
    while (output.stdout.split('\n').length < 7) await once(child.stdout, 'data')
    const [primary, anthropic, gemini, backup] = output.stdout.split('\n')
    const port = /:(\d+)\/v1$/.exec(primary ?? '')?.[1] ?? ''
    expect(primary).toBe(`primary  OpenAI     http://127.0.0.1:${port}/v1`)
    expect(anthropic).toBe(`         Anthropic  http://127.0.0.1:${port}`)
    expect(gemini).toBe(`         Gemini     http://127.0.0.1:${port}`)
    expect(backup).toMatch(/^backup {3}OpenAI {5}http:\/\/127\.0\.0\.1:\d+\/v1$/)
    const models = await fetch(`${backup?.slice(20) ?? ''}/models`)
    expect(models.status).toBe(200)
    await models.text()
    child.kill(signal)
    const { code, stdout } = await ended
    expect(code).toBe(0)
    expect(stdout.split('\n').slice(6)).toEqual([
      'primary  0 calls, 0 aborted by the client',
      'backup   1 calls, 0 aborted by the client',
      '',
    ])
  },
)

it.concurrent('records, and replays what it recorded', async () => {
  await using upstream = await startSimulator()
  const file = join(mkdtempSync(join(tmpdir(), 'simulator-')), 'traffic.jsonl')
  const serve = async (...args: string[]) => {
    const { child, output, ended } = run('--port', '0', ...args)
    while (!output.stdout.includes('/v1\n')) await once(child.stdout, 'data')
    const url = /http\S+\/v1$/m.exec(output.stdout.slice(output.stdout.indexOf('\n')))?.[0] ?? ''
    const answers = []
    for (const path of ['/models', '/models/gpt-5', '/models']) {
      const response = await fetch(url + path)
      answers.push(response.status, (await response.text()).length)
    }
    child.kill('SIGINT')
    return { answers, ...(await ended) }
  }
  const recorded = await serve('--record', upstream.provider().baseURL, '--to', file)
  expect(recorded.stdout).toContain('3 recorded, 0 unfinished, 0 not stored')
  const played = await serve('--replay', file)
  expect(played).toMatchObject({ answers: recorded.answers, code: 0 })
  expect(played.stdout).toContain('3 of 3 recordings played, 0 requests without one')
  rmSync(dirname(file), { recursive: true })
})

it.concurrent('explains itself', async () => {
  const { code, stdout } = await run('--help').ended
  expect(code).toBe(0)
  expect(stdout).toContain('--script')
})

it.concurrent('ends cleanly when nothing reads its output any more', async () => {
  const { child, output, ended } = run('--port', '0')
  while (!output.stdout.includes('Gemini')) await once(child.stdout, 'data')
  child.stdout.destroy()
  child.kill('SIGHUP')
  expect(await ended).toMatchObject({ code: 0, stderr: '' })
})

it.concurrent('reports a mistake in words, without a stack', async () => {
  const { code, stderr } = await run('--prot', '1').ended
  expect([code, stderr]).toEqual([1, "simulator: Unknown option '--prot'\nTry --help.\n"])
})
