import { startSimulator } from '@harbor/simulator'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { keysOf } from './fleet.ts'
import { hasRedis, RedisServer } from '../../redis/test/redis-server.ts'

const HARBOR = join(import.meta.dirname, '../../core/src/cli/bin.ts')
const OWN = join(import.meta.dirname, '../src/bin.ts')
/** From here, the command finds this package, `@harbor/redis` and `ioredis`. */
const HERE = join(import.meta.dirname, '..')

interface Command {
  readonly child: ChildProcess
  readonly printed: { stdout: string; stderr: string }
  readonly ended: Promise<{ code: number | null; stdout: string; stderr: string }>
}

function start(bin: string, args: readonly string[], cwd = HERE, baseURL = ''): Command {
  const { PATH, NODE_COMPILE_CACHE } = process.env
  const env = { PATH, NODE_COMPILE_CACHE, OPENAI_API_KEY: 'key-of-worker', OPENAI_BASE_URL: baseURL }
  const child = spawn(process.execPath, ['--conditions=@harbor/source', bin, ...args], { cwd, env })
  onTestFinished(() => void child.kill('SIGKILL'))
  const printed = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => (printed.stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (printed.stderr += chunk.toString()))
  const ended = once(child, 'close').then(([code]: (number | null)[]) => ({ code: code ?? null, ...printed }))
  return { child, printed, ended }
}

function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'harbor-bullmq-')))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

// Each command is a process of its own, which takes long to start on a busy machine.
describe.skipIf(!hasRedis)(
  'harbor bulk --fleet with harbor worker (needs redis-server)',
  { timeout: 240_000 },
  () => {
    it('writes the answers of a run without workers, and its workers end with a signal', async () => {
      const server = await RedisServer.start()
      onTestFinished(() => server.close())
      const simulator = await startSimulator()
      onTestFinished(() => simulator.close())
      const { baseURL } = simulator.provider()
      const folder = temporaryFolder()
      const input = join(folder, 'in.jsonl')
      const lines = Array.from({ length: 60 }, (_, index) => ({ id: `q-${index}`, prompt: `Say ${index}.` }))
      writeFileSync(input, lines.map((line) => JSON.stringify(line)).join('\n'))
      const bulk = ['bulk', input, '--model', 'gpt-4', '--report', '--out']
      const alone = await start(HARBOR, [...bulk, join(folder, 'alone.jsonl')], HERE, baseURL).ended
      expect(alone.code).toBe(0)
      const workers = [1, 2].map(() =>
        start(HARBOR, ['worker', '--redis', server.url, '--queue', 'q', '--concurrency', '4'], HERE, baseURL),
      )
      const fleet = await start(HARBOR, [
        ...bulk,
        join(folder, 'fleet.jsonl'),
        '--fleet',
        server.url,
        '--queue',
        'q',
      ]).ended
      expect(fleet).toMatchObject({ code: 0 })
      const sorted = (name: string): unknown =>
        readFileSync(join(folder, `${name}.jsonl`), 'utf8')
          .split('\n')
          .toSorted()
      expect(sorted('fleet')).toEqual(sorted('alone'))
      // The cost is that of the answers, which the workers have priced.
      const costs = ({ stderr }: { stderr: string }): unknown => /^total .*$/m.exec(stderr)?.[0]
      expect(costs(fleet)).toBe(costs(alone))
      expect(costs(fleet)).toContain('$')
      for (const { child } of workers) child.kill('SIGTERM')
      for (const { code, stderr } of await Promise.all(workers.map(({ ended }) => ended))) {
        expect(code).toBe(0)
        expect(stderr).toContain('This worker takes requests from the queue q')
        expect(stderr).not.toContain('Limits hold for this worker alone')
      }
      expect((await keysOf(server.url)).filter((key) => key.includes('bulk1'))).toEqual([])
    })

    it('says that another run uses the queue', async () => {
      const server = await RedisServer.start()
      onTestFinished(() => server.close())
      const folder = temporaryFolder()
      const input = join(folder, 'in.jsonl')
      writeFileSync(input, '"Hello"\n')
      const bulk = (out: string): Command =>
        start(HARBOR, [
          'bulk',
          input,
          '--model',
          'gpt-4',
          '--out',
          join(folder, out),
          '--fleet',
          server.url,
          '--queue',
          'q',
        ])
      const first = bulk('first.jsonl')
      await expect.poll(() => keysOf(server.url)).toContain('{harbor:bulk1:q}:lease')
      const { code, stderr } = await bulk('second.jsonl').ended
      expect(stderr).toContain('harbor: the queue q is used by another run')
      expect(code).toBe(2)
      first.child.kill('SIGINT')
      expect((await first.ended).code).toBe(130)
    })
  },
)

describe('a command whose companion is not installed', { timeout: 240_000 }, () => {
  it.each([
    [
      ['worker', '--redis', 'redis://localhost', '--queue', 'q'],
      'harbor: harbor worker needs @harbor/bullmq, which is not installed here: npm install @harbor/bullmq bullmq ioredis\n',
    ],
  ])('says in one line what to install: %j', async (args, message) => {
    const { code, stderr } = await start(HARBOR, args, temporaryFolder()).ended
    expect({ code, stderr }).toEqual({ code: 2, stderr: message })
  })

  it('says the same for core, which the worker of npx @harbor/bullmq needs', async () => {
    const bin = join(temporaryFolder(), 'bin.ts')
    writeFileSync(bin, readFileSync(OWN, 'utf8'))
    const { code, stderr } = await start(bin, ['worker'], temporaryFolder()).ended
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr:
        'harbor-bullmq: the worker needs @harbor/core, which is not installed here: npm install @harbor/core openai\n',
    })
  })
})

describe('npx @harbor/bullmq worker', { timeout: 240_000 }, () => {
  it('starts the command of the core that is installed, with its arguments', async () => {
    const folder = temporaryFolder()
    const core = join(folder, 'node_modules/@harbor/core')
    mkdirSync(core, { recursive: true })
    writeFileSync(join(core, 'package.json'), JSON.stringify({ bin: { harbor: './command.js' } }))
    writeFileSync(join(core, 'command.js'), 'console.log(process.argv.slice(2).join(" "))')
    const { code, stdout } = await start(OWN, ['worker', '--queue', 'q'], folder).ended
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'worker --queue q\n' })
  })
})
