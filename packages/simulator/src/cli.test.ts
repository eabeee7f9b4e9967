import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

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

it.concurrent.each(['SIGINT', 'SIGTERM'] as const)(
  'prints a line per provider, serves, and ends cleanly on %s',
  async (signal) => {
    const { child, output, ended } = run('--port', '0', '--script', outage)
    while (output.stdout.split('\n').length < 3) await once(child.stdout, 'data')
    const [primary, backup] = output.stdout.split('\n')
    expect(primary).toMatch(/^primary {2}http:\/\/127\.0\.0\.1:\d+\/v1$/)
    expect(backup).toMatch(/^backup {3}http:\/\/127\.0\.0\.1:\d+\/v1$/)
    const models = await fetch(`${backup?.slice(9) ?? ''}/models`)
    expect(models.status).toBe(200)
    await models.text()
    child.kill(signal)
    const { code, stdout } = await ended
    expect(code).toBe(0)
    expect(stdout.split('\n').slice(2)).toEqual([
      'primary  0 calls, 0 aborted by the client',
      'backup   1 calls, 0 aborted by the client',
      '',
    ])
  },
)

it.concurrent('explains itself', async () => {
  const { code, stdout } = await run('--help').ended
  expect(code).toBe(0)
  expect(stdout).toContain('--script')
})

it.concurrent('reports a mistake in words, without a stack', async () => {
  const { code, stderr } = await run('--prot', '1').ended
  expect([code, stderr]).toEqual([1, "simulator: Unknown option '--prot'\nTry --help.\n"])
})
