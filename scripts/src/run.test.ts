import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { mustRun, run } from './run.ts'
import { temporaryFolder } from './temporary-folder.ts'

const node = process.execPath
const cwd = import.meta.dirname

it('returns the code and everything that was printed', async () => {
  const result = await run(node, ['-e', 'console.log("out"); console.error("err"); process.exit(3)'], { cwd })
  expect(result).toMatchObject({ code: 3, output: expect.stringMatching(/out[^]*err|err[^]*out/) as string })
})

it('answers with a code when there is no such command', async () => {
  const result = await run('harbor-no-such-command', [], { cwd })
  expect(result).toMatchObject({ code: 1, output: expect.stringContaining('ENOENT') as string })
})

it('ends a command that takes too long', async () => {
  expect((await run(node, ['-e', 'setInterval(() => {}, 1000)'], { cwd, timeoutMs: 200 })).code).toBe(1)
})

it('ends what the command has started when it is stopped', async () => {
  const folder = temporaryFolder('harbor-run-')
  onTestFinished(() => {
    folder[Symbol.dispose]()
  })
  const file = join(folder.path, 'pid')
  const child = `require('node:fs').writeFileSync(${JSON.stringify(file)}, String(process.pid)); setInterval(() => {}, 1000)`
  const parent = `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(child)}]); setInterval(() => {}, 1000)`
  const controller = new AbortController()
  const running = run(node, ['-e', parent], { cwd, signal: controller.signal })
  await vi.waitFor(() => {
    expect(existsSync(file) && readFileSync(file, 'utf8')).toMatch(/^\d+$/)
  }, 100_000)
  controller.abort(new Error('enough'))
  expect((await running).code).toBe(1)
  const pid = Number(readFileSync(file, 'utf8'))
  await vi.waitFor(() => {
    expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  }, 100_000)
})

it('throws with the whole output when the command must succeed', async () => {
  await expect(mustRun(node, ['-e', 'console.log("why"); process.exit(2)'], { cwd })).rejects.toThrow(
    /code 2[^]*why/,
  )
})
