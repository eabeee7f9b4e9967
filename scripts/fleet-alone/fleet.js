import { startSimulator } from '@harbor/simulator'
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'

const REQUESTS = 40
const children = []

try {
  const port = await freePort()
  const redis = `redis://127.0.0.1:${port}`
  start('redis-server', ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'])
  await using simulator = await startSimulator()
  const { baseURL } = simulator.provider()

  writeFileSync('in.jsonl', Array.from({ length: REQUESTS }, (_, line) => `"Say ${line}."\n`).join(''))
  const queue = ['--queue', 'answers']
  const workers = [1, 2].map(() =>
    command('harbor-bullmq', ['worker', '--redis', redis, ...queue], { OPENAI_BASE_URL: baseURL }),
  )
  const bulk = command('harbor', [
    'bulk',
    'in.jsonl',
    '--model',
    'gpt-4',
    '--out',
    'out.jsonl',
    '--fleet',
    redis,
    ...queue,
  ])
  assert.equal(await bulk.ended, 0, bulk.printed())

  const answers = readFileSync('out.jsonl', 'utf8').trimEnd().split('\n')
  assert.equal(new Set(answers).size, REQUESTS)
  assert.equal(simulator.provider().counts().calls, REQUESTS)
  for (const worker of workers) worker.child.kill('SIGTERM')
  for (const worker of workers) assert.equal(await worker.ended, 0, worker.printed())
  console.log(`${REQUESTS} answers by two workers`)
} finally {
  for (const child of children) child.kill('SIGKILL')
}

function start(program, args, env = {}) {
  const child = spawn(program, args, { env: { PATH: process.env.PATH, OPENAI_API_KEY: 'key', ...env } })
  children.push(child)
  return child
}

function command(name, args, env) {
  const child = start(process.execPath, [join('node_modules', '.bin', name), ...args], env)
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (printed += chunk))
  return { child, printed: () => printed, ended: once(child, 'close').then(([code]) => code) }
}

/** Below the ports that the system gives to connections. */
async function freePort() {
  for (;;) {
    const port = 25_000 + Math.floor(Math.random() * 7_000)
    const server = createServer().listen(port, '127.0.0.1')
    try {
      await once(server, 'listening')
    } catch {
      continue
    }
    server.close()
    await once(server, 'close')
    return port
  }
}
